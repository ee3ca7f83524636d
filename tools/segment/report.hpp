#pragma once

#include <cstddef>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "instance_field.hpp"
#include "ptattn/models/model_folder.hpp"
#include "ptattn/tasks/segment/segment.hpp"

namespace ptattn::tools {

/// What is said about one cloud on standard output.
struct SegmentRecord {
  std::string path;
  std::string output;
  std::size_t points = 0;
  std::size_t invalid = 0;                 ///< points without usable coordinates
  std::size_t stray = 0;                   ///< points far from all others
  std::string category{};                  ///< of the object, where the classes are parts
  std::optional<double> category_share{};  ///< of the probability, where it was guessed
  std::size_t voxels = 0;
  std::size_t tiles = 0;
  std::size_t votes = 1;
  std::vector<std::size_t> counts{};  ///< points of each class
  std::vector<double> confidence{};   ///< mean confidence of each class; 0 where it has no point
  double mean_confidence = 0.0;       ///< of all points
  double unsure_share = 0.0;          ///< of the points, those with a confidence below kUnsure
  std::optional<double> distance{};   ///< from the clouds of the model's validation
  bool unusual = false;               ///< see Segmentation
  std::vector<InstanceCount> instances{};      ///< where asked for
  std::optional<std::size_t> unsure_points{};  ///< that got no class, where that was asked for
};

/// Counts the points of each class and averages their confidences.
/// @param unsure_below  points of less confidence count as unsure and as no class; 0: none
[[nodiscard]] SegmentRecord make_record(std::string path, std::string output,
                                        const Segmentation& result,
                                        const SegmenterDescription& model,
                                        double unsure_below = 0.0);

/// Adds the points of a piece to a record of the whole: counts of `make_record`, and sums in place
/// of mean confidences.
void add_piece(const Segmentation& piece, double unsure_below, SegmentRecord& record);
/// Makes means of these sums.
void average_confidences(SegmentRecord& record);

/// Returns a line per class: number, name, points, share, mean confidence; classes that validation
/// has not found only where they have points, and marked. Then a line about all points.
[[nodiscard]] std::string as_table(const SegmentRecord& record, const SegmenterDescription& model);

/// The keys of a record: output, points, invalid, stray (where there are some), category and, where
/// it was guessed, category_share (of models that label parts), voxels, tiles, votes (where there
/// are several), classes {name: points}, confidence {name: mean}, unproven_classes (names, where
/// there are any), mean_confidence, unsure_share, distance (where the model knows), unusual,
/// unsure_points and instances {name: things} (where asked for).
[[nodiscard]] nlohmann::ordered_json as_json(const SegmentRecord& record,
                                             const SegmenterDescription& model);

}  // namespace ptattn::tools
