#include "ptattn/tasks/classify/object_sample.hpp"

#include <algorithm>
#include <numeric>
#include <string>
#include <utility>

#include "ptattn/cloud/orientation.hpp"
#include "ptattn/cloud/strays.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/random.hpp"
#include "ptattn/sampling/farthest_point.hpp"
#include "ptattn/tasks/geometry/object_views.hpp"

namespace ptattn {
namespace {

/// Where vote `vote` begins in a cloud of `n` points.
std::size_t first_point(std::size_t vote, std::size_t n) {
  return vote == 0 ? 0 : static_cast<std::size_t>(Random(vote).below(n));
}

std::vector<std::uint32_t> resample(MatrixView points, std::size_t count, std::size_t vote) {
  const std::size_t start = first_point(vote, points.rows);
  if (points.rows > count) return farthest_point_sample(points, count, start);
  std::vector<std::uint32_t> chosen(count);
  for (std::size_t i = 0; i < count; ++i) {
    chosen[i] = static_cast<std::uint32_t>((start + i) % points.rows);
  }
  return chosen;
}

Position position_of(const Matrix& points, std::size_t i) {
  return {points(i, 0), points(i, 1), points(i, 2)};
}

}  // namespace

UsablePoints usable_points(const PointCloud& cloud, const ObjectProfile& profile) {
  UsablePoints usable;
  RawVector<Position>& positions = usable.positions;
  positions = cloud.positions();
  usable.points = keep_finite(positions);
  Strays strays = find_strays(positions, Subject::kObject);
  usable.note = stray_note(strays, cloud.size());
  if (!strays.empty()) {
    drop_strays(positions, strays);
    drop_strays(usable.points, strays);
    usable.strays = std::move(strays.rows);
  }
  if (positions.size() < profile.min_points) {
    const bool all_finite = positions.size() == cloud.size();
    throw Error(
        Fault::kInput, cloud.name(),
        "has " + std::to_string(positions.size()) +
            (all_finite ? " points, at least " : " points with finite coordinates, at least ") +
            std::to_string(profile.min_points) + " are needed");
  }
  const auto same = [&](const Position& p) { return p == positions.front(); };
  if (std::ranges::all_of(positions, same)) {
    throw Error(Fault::kInput, cloud.name(),
                "all points coincide, a cloud with an extent is needed");
  }
  return usable;
}

void leave_out(UsablePoints& usable, std::span<const std::uint32_t> rows) {
  const Strays left{.rows = {rows.begin(), rows.end()}};
  std::vector<std::uint32_t> kept(usable.positions.size() + usable.strays.size());
  std::iota(kept.begin(), kept.end(), std::uint32_t{0});
  drop_strays(kept, {.rows = usable.strays});
  for (const std::uint32_t row : rows) usable.strays.push_back(kept[row]);
  std::ranges::sort(usable.strays);
  drop_strays(usable.positions, left);
  drop_strays(usable.points, left);
}

RawVector<Position> usable_positions(const PointCloud& cloud, const ObjectProfile& profile) {
  return usable_points(cloud, profile).positions;
}

Matrix prepare(std::span<const Position> positions, const ObjectProfile& profile, std::size_t vote,
               std::size_t votes) {
  return prepare_sample(positions, profile, vote, votes).points;
}

PreparedSample prepare_sample(std::span<const Position> positions, const ObjectProfile& profile,
                              std::size_t vote, std::size_t votes) {
  SampleTransform transform;
  transform.cloud = unit_sphere(positions);
  const Matrix points = normalized(positions, transform.cloud);
  std::vector<std::uint32_t> chosen = resample(points, profile.points, vote);
  std::vector<Position> sample(chosen.size());
  std::ranges::transform(chosen, sample.begin(),
                         [&](std::uint32_t i) { return position_of(points, i); });
  transform.sample = unit_sphere(sample);
  transform.degrees = view_angle(vote, votes, profile.vote_rotation_z_degrees);
  transform.up = profile.up;
  Matrix prepared = normalized(sample, transform.sample);
  turn(prepared, transform.degrees, transform.up);
  return {std::move(prepared), std::move(chosen), transform};
}

Matrix to_network(std::span<const Position> positions, const SampleTransform& transform) {
  const Matrix once = normalized(positions, transform.cloud);
  std::vector<Position> points(once.rows());
  for (std::size_t i = 0; i < points.size(); ++i) points[i] = position_of(once, i);
  Matrix framed = normalized(points, transform.sample);
  turn(framed, transform.degrees, transform.up);
  return framed;
}

}  // namespace ptattn
