#include "ptattn/tasks/scene/scan_fields.hpp"

#include <cmath>

#include "ptattn/cloud/field_meaning.hpp"

namespace ptattn {
namespace {

bool varies(const Field& field, std::size_t points) {
  const double first = points > 0 ? field.as_double(0) : 0.0;
  for (std::size_t i = 1; i < points; ++i) {
    const double value = field.as_double(i);
    if (value != first && !(std::isnan(value) && std::isnan(first))) return true;
  }
  return false;
}

}  // namespace

ScanFields find_scan_fields(const PointCloud& cloud) {
  const Field* const intensity = find_field(cloud, Meaning::kIntensity);
  const Field* const number = find_field(cloud, Meaning::kReturnNumber);
  const Field* const total = find_field(cloud, Meaning::kNumberOfReturns);
  ScanFields fields;
  if (intensity != nullptr && varies(*intensity, cloud.size())) fields.intensity = intensity;
  if (number != nullptr && total != nullptr && varies(*total, cloud.size())) {
    fields.return_number = number;
    fields.number_of_returns = total;
  }
  return fields;
}

ScanFields find_scan_fields(const PointCloud& part, const FieldStatistics& whole) {
  ScanFields fields;
  if (whole.has_intensity) fields.intensity = find_field(part, Meaning::kIntensity);
  if (whole.has_returns) {
    fields.return_number = find_field(part, Meaning::kReturnNumber);
    fields.number_of_returns = find_field(part, Meaning::kNumberOfReturns);
  }
  return fields;
}

}  // namespace ptattn
