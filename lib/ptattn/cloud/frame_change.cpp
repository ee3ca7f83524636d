#include "ptattn/cloud/frame_change.hpp"

#include <array>
#include <cstddef>
#include <span>
#include <utility>

#include "ptattn/cloud/field_meaning.hpp"
#include "ptattn/cloud/orientation.hpp"
#include "ptattn/core/parallel.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kPointsPerTask = 16384;

/// Three new fields of the same names, of float64.
std::vector<Field> turned(const FieldTriple& old, std::size_t points, const CloudFrame& frame,
                          double scale) {
  std::vector<Field> fields;
  for (const Field* const field : old) {
    fields.emplace_back(field->name(), FieldType::kFloat64, points);
  }
  const std::array<std::span<double>, 3> values{
      fields[0].values<double>(), fields[1].values<double>(), fields[2].values<double>()};
  parallel_each(points, kPointsPerTask, [&](std::size_t i) {
    const Position p =
        upright({old[0]->as_double(i), old[1]->as_double(i), old[2]->as_double(i)}, frame.up);
    for (std::size_t axis = 0; axis < 3; ++axis) values[axis][i] = scale * p[axis];
  });
  return fields;
}

}  // namespace

FrameChange::FrameChange(PointCloud& cloud, const CloudFrame& frame) : cloud_(cloud) {
  if (frame.is_usual()) return;
  std::vector<Field> fields = turned(require_coordinates(cloud), cloud.size(), frame, frame.metres);
  if (const auto normals = find_normals(cloud)) {
    for (Field& field : turned(*normals, cloud.size(), frame, 1.0)) {
      fields.push_back(std::move(field));
    }
  }
  for (Field& field : fields) {
    Field* const place = cloud_.find(field.name());
    std::swap(*place, field);
  }
  old_ = std::move(fields);
  if (frame.metres != 1.0) std::swap(cloud.metadata().las, las_);
}

FrameChange::~FrameChange() {
  if (las_ != nullptr) std::swap(cloud_.metadata().las, las_);
  for (Field& field : old_) {
    Field* const place = cloud_.find(field.name());
    if (place != nullptr) std::swap(*place, field);
  }
}

}  // namespace ptattn
