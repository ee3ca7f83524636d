#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "ptattn/cloud/point_cloud.hpp"
#include "ptattn/io/byte_source.hpp"

namespace ptattn::io {

/// Returns whether a file of this name is taken for records of float32 when its content is no other
/// format: *.bin, in any case, also with .gz behind.
[[nodiscard]] bool has_bin_extension(const std::filesystem::path& path);

/// Throws unless `columns` can name the numbers of a record: x, y and z among them, all different
/// but for "-", which passes a number over.
/// @throws Error(Fault::kUsage)
void check_bin_columns(std::span<const std::string> columns);

/// Reads a sweep of a spinning laser scanner as KITTI, nuScenes and Waymo tools write it: records
/// of float32, little endian, without a header.
///
/// Without `columns` a record is x, y, z, intensity and a ring (nuScenes) where the fifth numbers
/// of all records looked at are whole ones from 0 to 255, else x, y, z and intensity (KITTI); in
/// both, intensities are not negative. metadata().notes says what was taken and how far intensities
/// go.
/// @param columns  names of a record's numbers, see check_bin_columns; empty: as above
/// @throws Error(Fault::kInput) when the size is no whole number of records, or nothing fits
/// Time O(bytes); parallel over points.
[[nodiscard]] PointCloud read_bin(const ByteSource& source, std::span<const std::string> columns);

}  // namespace ptattn::io
