#pragma once

#include <array>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ptattn/cloud/point_cloud.hpp"

namespace ptattn::tools {

/// Endings of the clouds and pictures that commands write.
inline constexpr std::array<std::string_view, 4> kCloudExtensions{".ply", ".pcd", ".las", ".laz"};
inline constexpr std::array<std::string_view, 1> kPictureExtensions{".png"};

/// Checks before the work begins that a file can be made at `path`.
///
/// The name must end in one of `extensions` (any case, dot included; any name when there are none),
/// and its folder, or where that is missing the nearest above it, must be writable. An existing
/// file is left as it is, and no folder is made.
/// @throws Error(Fault::kUsage) for another ending; Error(Fault::kInput) when it cannot be written
void check_target(const std::filesystem::path& path, std::span<const std::string_view> extensions);

/// Makes the folders above a file that is about to be written.
/// @throws Error(Fault::kInput)
void make_parent_folders(const std::filesystem::path& path);

/// True when `path` ends in `extension` (lower case, dot included), in any case.
[[nodiscard]] bool has_extension(const std::filesystem::path& path, std::string_view extension);

/// ".ply, .pcd or .npy"
[[nodiscard]] std::string extension_list(std::span<const std::string_view> extensions);

/// New fields do not take the place of old ones.
/// @param option   the one that gives the new fields other names
/// @throws Error(Fault::kUsage) when the cloud has a field of one of `names`
void refuse_taken_fields(const PointCloud& cloud, std::span<const std::string> names,
                         std::string_view option);

/// Returns the names of a cloud's fields.
[[nodiscard]] std::vector<std::string> field_names_of(const PointCloud& cloud);

/// Finds a field that the user named: of that name, else the only one that another program would
/// spell so (classification: Classification, scalar_Classification; see find_alike).
/// @throws Error(Fault::kInput) with the fields that there are, and the nearest of them
[[nodiscard]] const Field& require_field(const PointCloud& cloud, const std::string& name);

}  // namespace ptattn::tools
