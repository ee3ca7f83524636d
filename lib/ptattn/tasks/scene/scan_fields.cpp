#include "ptattn/tasks/scene/scan_fields.hpp"

#include <cctype>
#include <string>
#include <string_view>

namespace ptattn {
namespace {

/// "scalar_Return Number" -> "returnnumber"
std::string plain(std::string_view name) {
  constexpr std::string_view kCloudCompare = "scalar_";
  if (name.starts_with(kCloudCompare)) name.remove_prefix(kCloudCompare.size());
  std::string letters;
  for (const char c : name) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0) {
      letters.push_back(static_cast<char>(std::tolower(static_cast<unsigned char>(c))));
    }
  }
  return letters;
}

bool varies(const Field& field, std::size_t points) {
  for (std::size_t i = 1; i < points; ++i) {
    if (field.as_double(i) != field.as_double(0)) return true;
  }
  return false;
}

const Field* find(const PointCloud& cloud, std::string_view wanted) {
  for (const Field& field : cloud.fields()) {
    if (field.count() == 1 && plain(field.name()) == wanted) return &field;
  }
  return nullptr;
}

}  // namespace

ScanFields find_scan_fields(const PointCloud& cloud) {
  const Field* const intensity = find(cloud, "intensity");
  const Field* const number = find(cloud, "returnnumber");
  const Field* const total = find(cloud, "numberofreturns");
  ScanFields fields;
  if (intensity != nullptr && varies(*intensity, cloud.size())) fields.intensity = intensity;
  if (number != nullptr && total != nullptr && varies(*total, cloud.size())) {
    fields.return_number = number;
    fields.number_of_returns = total;
  }
  return fields;
}

}  // namespace ptattn
