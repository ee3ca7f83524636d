#pragma once

#include <array>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include "ptattn/cloud/point_cloud.hpp"

namespace ptattn::tools {

/// The endings of the clouds that commands write.
inline constexpr std::array<std::string_view, 4> kCloudExtensions{".ply", ".pcd", ".las", ".laz"};

/// Checks before the work begins that a file can be made at `path`.
///
/// Its folder must be writable and the name must end in one of `extensions` (any case, dot
/// included). An existing file is left as it is.
/// @throws Error(Fault::kUsage) for another ending; Error(Fault::kInput) when it cannot be written
void check_target(const std::filesystem::path& path, std::span<const std::string_view> extensions);

/// True when `path` ends in `extension` (lower case, dot included), in any case.
[[nodiscard]] bool has_extension(const std::filesystem::path& path, std::string_view extension);

/// New fields do not take the place of old ones.
/// @param subject  what error messages call the cloud
/// @param option   the one that gives the new fields other names
/// @throws Error(Fault::kUsage) when the cloud has a field of one of `names`
void refuse_taken_fields(const PointCloud& cloud, std::span<const std::string> names,
                         std::string_view subject, std::string_view option);

}  // namespace ptattn::tools
