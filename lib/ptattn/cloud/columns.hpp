#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ptattn/cloud/point_cloud.hpp"
#include "ptattn/core/matrix.hpp"

namespace ptattn {

/// Represents one number a point: a component of a field, or a byte of a packed colour. Refers to a
/// cloud that must outlive it.
class FieldColumn {
 public:
  FieldColumn(std::string name, const Field& field, std::uint32_t component, std::size_t group)
      : name_(std::move(name)), field_(&field), component_(component), group_(group) {}
  /// Returns bits `shift` ... `shift + 7` of a 4-byte field.
  [[nodiscard]] static FieldColumn byte_of(std::string name, const Field& field, int shift,
                                           std::size_t group);

  /// Returns "x", "red", "intensity"; "descriptor_3" for a component of a field of several values.
  [[nodiscard]] const std::string& name() const { return name_; }
  /// Returns which of the names given to `select_columns` it belongs to.
  [[nodiscard]] std::size_t group() const { return group_; }
  [[nodiscard]] double operator()(std::size_t point) const;
  /// Returns true for a byte of a packed colour, or a field of bytes.
  [[nodiscard]] bool is_byte() const {
    return shift_ >= 0 || size_of(field_->type()) == sizeof(std::uint8_t);
  }
  /// Returns true for a field of real numbers.
  [[nodiscard]] bool is_real() const {
    return shift_ < 0 &&
           (field_->type() == FieldType::kFloat32 || field_->type() == FieldType::kFloat64);
  }
  /// Returns what its values are stored as.
  [[nodiscard]] FieldType type() const { return shift_ < 0 ? field_->type() : FieldType::kUInt8; }

 private:
  std::string name_;
  const Field* field_;
  std::uint32_t component_;
  std::size_t group_;
  int shift_ = -1;  // -1: the value itself
};

/// Returns the columns that names stand for, in their order:
///
///   xyz      x, y, z
///   normals  normal_x, normal_y, normal_z
///   colors   red, green, blue, or the bytes of a packed rgb or rgba; 0 to 255 for 8-bit colours
///   NAME     the field of that name with all its values; a field wins over the three words
///
/// under any spelling that field_meaning.hpp knows (X, nx, diffuse_red, ...).
///
/// @throws Error(Fault::kInput) when the cloud has nothing of that name
[[nodiscard]] std::vector<FieldColumn> select_columns(const PointCloud& cloud,
                                                      std::span<const std::string> names);

/// Returns the columns of one name; empty when the cloud has nothing of that name.
[[nodiscard]] std::vector<FieldColumn> find_columns(const PointCloud& cloud, std::string_view name);

/// Holds what is subtracted from the values of each column and what they are divided by.
struct ColumnScaling {
  std::vector<double> offset;
  std::vector<double> scale;
};

/// Returns the mean and spread of the chosen points. Columns that were chosen by one name have one
/// spread, sqrt(mean of their variances), so that xyz, normals and colours keep their proportions.
/// Values that are not finite (or beyond kLargestCoordinate) do not count; without spread the scale
/// is 1. Two passes over the values, in float64; the same bits for any thread count.
[[nodiscard]] ColumnScaling standardizing(std::span<const FieldColumn> columns,
                                          std::span<const std::size_t> points);

/// Returns (value - offset) / scale of the chosen points, computed in float64 and rounded once. A
/// value that is not finite becomes 0, the mean.
/// @return [points, columns]
/// Time O(points columns); parallel.
[[nodiscard]] Matrix column_values(std::span<const FieldColumn> columns,
                                   std::span<const std::size_t> points,
                                   const ColumnScaling& scaling);
/// Writes the same values to `out` [points, columns].
void column_values(std::span<const FieldColumn> columns, std::span<const std::size_t> points,
                   const ColumnScaling& scaling, MutableMatrixView out);
/// Returns the values as they are, rounded to float32; NaN and infinity stay.
[[nodiscard]] Matrix column_values(std::span<const FieldColumn> columns,
                                   std::span<const std::size_t> points);

}  // namespace ptattn
