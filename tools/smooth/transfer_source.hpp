#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "ptattn/cloud/columns.hpp"
#include "ptattn/cloud/point_cloud.hpp"
#include "ptattn/cloud/types.hpp"
#include "ptattn/core/matrix.hpp"
#include "ptattn/tasks/transfer/transfer.hpp"
#include "settings.hpp"

namespace ptattn::tools {

/// Those of a cloud's points that have usable coordinates.
struct UsablePoints {
  std::vector<std::size_t> rows;
  RawVector<Position> positions;  ///< of these

  /// @param up  the axis that becomes z in `positions`
  explicit UsablePoints(const PointCloud& cloud, Axis up);
  /// Keeps the points whose `field` is a finite number.
  void keep_known(const Field& field);
};

/// What the labelled points know: classes, equal numbers for equal bytes, or values.
struct KnownValues {
  std::vector<std::uint32_t> classes;
  std::vector<double> values;
  std::size_t class_count = 0;

  KnownValues(const Field& field, std::span<const std::size_t> rows, bool categorical);
  [[nodiscard]] TransferTargets view() const { return {.classes = classes, .values = values}; }
};

/// The fields of --features in the labelled cloud, on the scale that they have there.
struct KnownFeatures {
  std::vector<FieldColumn> columns;
  ColumnScaling scaling{};
  Matrix values;

  KnownFeatures(const SmoothSettings& s, const PointCloud& labelled, const UsablePoints& known);
  /// Returns the same of another cloud.
  /// @throws Error(Fault::kInput) when it does not have them
  [[nodiscard]] Matrix of(const SmoothSettings& s, const PointCloud& input,
                          const UsablePoints& points) const;
};

/// The cloud that has the field, and what it teaches.
struct TransferSource {
  PointCloud cloud;
  const Field& field;
  bool categorical;
  Axis up;  ///< that heights are counted along, in all clouds
  UsablePoints known;
  KnownFeatures features;
  KnownValues values;
  TransferOptions options;                // without a radius
  std::optional<LearntMetric> learnt{};   // see learn()
  double reach = 0.0;                     // of a known point
  std::optional<FieldCarrier> carrier{};  // by what was learnt

  /// Reads it.
  /// @throws Error(Fault::kInput) when it cannot be read or has no such field of one value
  explicit TransferSource(const SmoothSettings& s);

  /// Learns from it, unless that has been done. By the first cloud that is fit for it, so that
  /// what is wrong with all of them is said early.
  void learn(const SmoothSettings& s);

 private:
  [[nodiscard]] TransferPoints keys() const { return {known.positions, features.values}; }
};

}  // namespace ptattn::tools
