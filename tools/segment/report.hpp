#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "ptattn/models/model_folder.hpp"
#include "ptattn/tasks/segment/segment.hpp"

namespace ptattn::tools {

/// What is said about one cloud on standard output.
struct SegmentRecord {
  std::string path;
  std::string output;
  std::size_t points = 0;
  std::size_t invalid = 0;  ///< points without usable coordinates
  std::size_t stray = 0;    ///< points far from all others
  std::string category{};   ///< of the object, where the classes are parts
  std::size_t voxels = 0;
  std::size_t tiles = 0;
  std::size_t votes = 1;
  std::vector<std::size_t> counts{};  ///< points of each class
  std::vector<double> confidence{};   ///< mean confidence of each class; 0 where it has no point
};

/// Counts the points of each class and averages their confidences.
[[nodiscard]] SegmentRecord make_record(std::string path, std::string output,
                                        const Segmentation& result,
                                        const SegmenterDescription& model);

/// Returns a line per class: number, name, points, share, mean confidence.
[[nodiscard]] std::string as_table(const SegmentRecord& record, const SegmenterDescription& model);

/// The keys of a record: output, points, invalid, stray (where there are some), category (of models
/// that label parts), voxels, tiles, votes (where there are several), classes {name: points} and
/// confidence {name: mean}.
[[nodiscard]] nlohmann::ordered_json as_json(const SegmentRecord& record,
                                             const SegmenterDescription& model);

}  // namespace ptattn::tools
