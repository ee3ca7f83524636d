#include "transfer_source.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <map>
#include <type_traits>
#include <utility>

#include "../target.hpp"
#include "ptattn/cloud/field_meaning.hpp"
#include "ptattn/cloud/normalize.hpp"
#include "ptattn/cloud/orientation.hpp"
#include "ptattn/cloud/provenance.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/io/cloud_io.hpp"
#include "ptattn/tasks/geometry/scene_pose.hpp"

namespace ptattn::tools {
namespace {

constexpr std::size_t kUsualNeighbors = 16;

/// Integers, and labels stored as real numbers.
bool is_categorical(const Field& field) {
  const bool integer =
      visit_type(field.type(), [](auto value) { return std::is_integral_v<decltype(value)>; });
  return integer || holds_labels(field);
}

const Field& field_to_carry(const SmoothSettings& s, const PointCloud& labelled) {
  const Field& field = require_field(labelled, s.transfer);
  if (field.count() != 1) {
    throw Error(Fault::kInput, s.from,
                "\"" + s.transfer + "\" has " + std::to_string(field.count()) +
                    " values per point, expected one");
  }
  return field;
}

/// Those that have coordinates and a value.
Axis settle_axis(const SmoothSettings& s, const PointCloud& labelled) {
  if (s.up) return *s.up;
  const std::optional<ScenePose> pose = scene_pose(UsablePoints(labelled, Axis::kZ).positions);
  return pose && pose->is_flat() ? pose->up : Axis::kZ;
}

UsablePoints known_points(const SmoothSettings& s, const PointCloud& labelled, const Field& field,
                          Axis up) {
  UsablePoints known(labelled, up);
  known.keep_known(field);
  if (known.rows.empty()) {
    throw Error(Fault::kInput, s.from, "has no point with coordinates and a value to transfer");
  }
  return known;
}

}  // namespace

UsablePoints::UsablePoints(const PointCloud& cloud, Axis up) : positions(cloud.positions()) {
  rows = keep_finite(positions);
  for (Position& p : positions) p = upright(p, up);
}

void UsablePoints::keep_known(const Field& field) {
  std::vector<std::size_t> kept;
  RawVector<Position> kept_positions;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (!(std::abs(field.as_double(rows[i])) <= kLargestCoordinate)) continue;
    kept.push_back(rows[i]);
    kept_positions.push_back(positions[i]);
  }
  rows = std::move(kept);
  positions = std::move(kept_positions);
}

KnownValues::KnownValues(const Field& field, std::span<const std::size_t> rows, bool categorical) {
  std::map<std::uint64_t, std::uint32_t> numbers;
  const std::size_t size = size_of(field.type());
  for (const std::size_t row : rows) {
    if (!categorical) {
      values.push_back(field.as_double(row));
      continue;
    }
    std::uint64_t key = 0;
    std::memcpy(&key, field.bytes().data() + row * size, size);
    const auto next = static_cast<std::uint32_t>(numbers.size());
    classes.push_back(numbers.emplace(key, next).first->second);
  }
  class_count = numbers.size();
}

KnownFeatures::KnownFeatures(const SmoothSettings& s, const PointCloud& labelled,
                             const UsablePoints& known) {
  if (s.features.empty()) return;
  columns = select_columns(labelled, s.features);
  scaling = standardizing(columns, known.rows);
  values = column_values(columns, known.rows, scaling);
}

Matrix KnownFeatures::of(const SmoothSettings& s, const PointCloud& input,
                         const UsablePoints& points) const {
  if (columns.empty()) return {};
  const std::vector<FieldColumn> same = select_columns(input, s.features);
  if (!std::ranges::equal(columns, same, {}, &FieldColumn::name, &FieldColumn::name)) {
    throw Error(Fault::kInput, input.name(), "has other --features than " + s.from);
  }
  return column_values(same, points.rows, scaling);
}

TransferSource::TransferSource(const SmoothSettings& s)
    : cloud(read_cloud(s.from, s.clouds.read)),
      field(field_to_carry(s, cloud)),
      categorical(s.kind == FieldKind::kByType
                      ? is_categorical(field) ||
                            find_label_meaning(cloud.metadata().comments, s.transfer)
                      : s.kind == FieldKind::kCategorical),
      up(settle_axis(s, cloud)),
      known(known_points(s, cloud, field, up)),
      features(s, cloud, known),
      values(field, known.rows, categorical),
      options{.kernel = s.kernel,
              .neighborhood = s.neighborhood(kUsualNeighbors),
              .bandwidth = s.bandwidth,
              .vertical = s.vertical} {}

void TransferSource::learn(const SmoothSettings& s) {
  if (learnt) return;
  learnt = learn_metric(keys(), values.view(), options);
  reach = s.radius.value_or(transfer_reach(known.positions));
  TransferOptions within = options;
  within.neighborhood.radius = reach;
  carrier.emplace(keys(), values.view(), learnt->metric, within);
}

}  // namespace ptattn::tools
