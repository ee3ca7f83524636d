#pragma once

#include "ptattn/cloud/point_cloud.hpp"
#include "ptattn/tasks/scene/field_statistics.hpp"

namespace ptattn {

/// Represents the fields of an airborne laser scan under the names that tools give them.
struct ScanFields {
  const Field* intensity = nullptr;      ///< nullptr: not there, or the same everywhere
  const Field* return_number = nullptr;  ///< both or none
  const Field* number_of_returns = nullptr;
};

/// Finds the fields of a laser scan: `intensity`, `return_number` and `number_of_returns` under
/// any spelling that field_meaning.hpp knows.
/// A field whose values are all equal, or all NaN, says nothing and counts as not there. Time O(n).
[[nodiscard]] ScanFields find_scan_fields(const PointCloud& cloud);

/// Finds them in a part of a cloud, where the whole tells which of them say something.
[[nodiscard]] ScanFields find_scan_fields(const PointCloud& part, const FieldStatistics& whole);

}  // namespace ptattn
