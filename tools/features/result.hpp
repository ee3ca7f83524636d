#pragma once

#include <array>
#include <cstddef>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "../jobs.hpp"
#include "ptattn/cloud/point_cloud.hpp"
#include "ptattn/core/matrix.hpp"
#include "ptattn/io/cloud_shape.hpp"
#include "ptattn/tasks/features/pca.hpp"
#include "settings.hpp"

namespace ptattn::tools {

/// Endings of the outputs that the command writes.
inline constexpr std::array<std::string_view, 6> kTargets{".ply", ".pcd", ".las",
                                                          ".laz", ".npy", ".safetensors"};

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
/// The same of a cloud that is written piece by piece.
void check_pieces(const FeatureSettings& settings, const Job& job, const PointCloud& head,
                  const CloudShape& shape, std::span<const std::string> fields);

/// Writes the cloud with new fields, or the matrix of all its points, to the job's output. Points
/// without features have 0 in every channel and black as colour. What the fields mean goes into
/// the comments of a cloud, or the metadata `names` of a safetensors file.
void write_result(const FeatureSettings& settings, const std::string& path, PointCloud& cloud,
                  FeatureResult result);

/// Writes the same bytes piece by piece.
class ResultWriter {
 public:
  /// @param head    the cloud without points
  /// @param result  of no points: what is said about all of them
  /// @param colors  by which clouds are painted; null: not at all
  ResultWriter(const FeatureSettings& settings, const std::string& path, PointCloud head,
               const CloudShape& shape, const FeatureResult& result, const PcaColors* colors);
  ~ResultWriter();
  ResultWriter(const ResultWriter&) = delete;
  ResultWriter& operator=(const ResultWriter&) = delete;

  /// @param points  of the piece: those that have features
  void append(PointCloud& piece, std::span<const std::size_t> points, Matrix values);
  void commit();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

}  // namespace ptattn::tools
