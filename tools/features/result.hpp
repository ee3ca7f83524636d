#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "../jobs.hpp"
#include "ptattn/cloud/point_cloud.hpp"
#include "ptattn/core/matrix.hpp"
#include "settings.hpp"

namespace ptattn::tools {

/// "f_000", "f_001", ...: as many digits as the last needs, three at least.
[[nodiscard]] std::vector<std::string> field_names(const std::string& prefix, std::size_t count);

/// The lines of --names: field, tabulator, meaning.
[[nodiscard]] std::string name_lines(std::span<const std::string> fields,
                                     std::span<const std::string> meanings);

/// Everything but the cloud that goes into the output.
struct FeatureResult {
  std::vector<std::string> meanings;    ///< of the channels
  std::vector<std::string> notes;       ///< what was chosen
  std::span<const std::size_t> points;  ///< of the cloud: those that have features
  Matrix values;                        ///< [points, channels]
};

/// Throws, before features are computed, what would stand in the way of writing them.
/// @throws Error(Fault::kUsage) when a field's name is taken; Error(Fault::kInput) when the format
///         cannot hold the cloud
void check_result(const FeatureSettings& settings, const Job& job, const PointCloud& cloud,
                  std::span<const std::string> fields);

/// Writes the cloud with new fields, or the matrix of all its points, to the job's output. Points
/// without features have 0 in every channel and black as colour. What the fields mean goes into
/// the comments of a cloud, or the metadata `names` of a safetensors file.
void write_result(const FeatureSettings& settings, const std::string& path, PointCloud& cloud,
                  FeatureResult result);

}  // namespace ptattn::tools
