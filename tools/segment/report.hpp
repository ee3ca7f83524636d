#pragma once

#include <cstddef>
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
  std::string category{};   ///< of the object, where the classes are parts
  std::size_t voxels = 0;
  std::size_t tiles = 0;
  std::size_t votes = 1;
  std::vector<std::size_t> counts{};  ///< points of each class
  std::string error{};                ///< why it failed; empty on success
};

/// Counts the points of each class.
[[nodiscard]] SegmentRecord make_record(std::string path, std::string output,
                                        const Segmentation& result,
                                        const SegmenterDescription& model);

/// The classes with the numbers and shares of their points, a line each.
[[nodiscard]] std::string as_table(const SegmentRecord& record, const SegmenterDescription& model);

/// One line of JSON: path, output, points, invalid, category (of
/// models that label parts), voxels, tiles, votes (where there are several),
/// classes {name: points}, model;
/// or path, error, model.
[[nodiscard]] std::string as_json_line(const SegmentRecord& record,
                                       const SegmenterDescription& model);

}  // namespace ptattn::tools
