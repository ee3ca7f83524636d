#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

namespace ptattn::tools {

/// Reads the least limit that the control groups of this process set to its memory: those that
/// Slurm, Docker, Kubernetes and systemd make, version 1 and 2.
///
///   version 2   memory.max, memory.high
///   version 1   memory.limit_in_bytes
///
/// The group itself counts and every group above it that is visible here.
/// @param root  what /proc and the mount points are looked for in; tests pass a tree of their own
/// @return      bytes; nullopt where no group sets a limit, or none can be read
[[nodiscard]] std::optional<std::uint64_t> control_group_limit(
    const std::filesystem::path& root = "/");

/// Returns the bytes that a tool may take when its user does not say: half of the machine's memory,
/// or of the limit of the control groups where that is less.
[[nodiscard]] std::size_t default_memory(const std::filesystem::path& root = "/");

}  // namespace ptattn::tools
