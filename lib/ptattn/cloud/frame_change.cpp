#include "ptattn/cloud/frame_change.hpp"

#include <array>
#include <cstddef>
#include <utility>

#include "ptattn/cloud/orientation.hpp"
#include "ptattn/core/parallel.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kPointsPerTask = 16384;
using Names = std::array<const char*, 3>;
constexpr std::array<Names, 2> kNormals{Names{"normal_x", "normal_y", "normal_z"},
                                        Names{"nx", "ny", "nz"}};

/// Three new fields of the cloud's names, of float64.
std::vector<Field> turned(const PointCloud& cloud, const Names& names, const CloudFrame& frame,
                          double scale) {
  std::vector<Field> fields;
  for (const char* const name : names) fields.emplace_back(name, FieldType::kFloat64, cloud.size());
  const std::array<const Field*, 3> old{cloud.find(names[0]), cloud.find(names[1]),
                                        cloud.find(names[2])};
  const std::array<std::span<double>, 3> values{
      fields[0].values<double>(), fields[1].values<double>(), fields[2].values<double>()};
  parallel_each(cloud.size(), kPointsPerTask, [&](std::size_t i) {
    const Position p =
        upright({old[0]->as_double(i), old[1]->as_double(i), old[2]->as_double(i)}, frame.up);
    for (std::size_t axis = 0; axis < 3; ++axis) values[axis][i] = scale * p[axis];
  });
  return fields;
}

bool has_numbers(const PointCloud& cloud, const Names& names) {
  for (const char* const name : names) {
    const Field* const field = cloud.find(name);
    if (field == nullptr || field->count() != 1) return false;
  }
  return true;
}

}  // namespace

FrameChange::FrameChange(PointCloud& cloud, const CloudFrame& frame) : cloud_(cloud) {
  if (frame.is_usual()) return;
  (void)cloud.positions();  // refuses what has none
  std::vector<Field> fields = turned(cloud, {"x", "y", "z"}, frame, frame.metres);
  for (const Names& names : kNormals) {
    if (!has_numbers(cloud, names)) continue;
    for (Field& field : turned(cloud, names, frame, 1.0)) fields.push_back(std::move(field));
  }
  for (Field& field : fields) {
    Field* const place = cloud_.find(field.name());
    std::swap(*place, field);
  }
  old_ = std::move(fields);
}

FrameChange::~FrameChange() {
  for (Field& field : old_) {
    Field* const place = cloud_.find(field.name());
    if (place != nullptr) std::swap(*place, field);
  }
}

}  // namespace ptattn
