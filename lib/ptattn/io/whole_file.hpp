#pragma once

#include <filesystem>
#include <string>

namespace ptattn::io {

/// Reads a file to its end. (A stream takes a lack of memory, or an error on the way, for the end.)
/// @throws Error(Fault::kInput) when it cannot be opened or read
[[nodiscard]] std::string read_whole_file(const std::filesystem::path& path);

}  // namespace ptattn::io
