#include "ptattn/tasks/geometry/match_points.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "ptattn/cloud/bounds.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/index.hpp"
#include "ptattn/neighbors/kd_tree.hpp"
#include "ptattn/tasks/geometry/spacing.hpp"

namespace ptattn {
namespace {

constexpr double kShareOfSpacing = 0.25;
constexpr double kMovedSpacings = 3.0;
constexpr double kMovedShare = 0.95;

/// The points with finite coordinates and where they stand in their file.
struct FinitePoints {
  std::vector<std::size_t> rows;
  RawVector<Position> positions;

  explicit FinitePoints(std::span<const Position> all) : positions(all.size()) {
    std::ranges::copy(all, positions.begin());
    rows = keep_finite(positions);
  }
};

double distance(const Position& a, const Position& b, const Position& offset) {
  return std::hypot(a[0] - b[0] - offset[0], a[1] - b[1] - offset[1], a[2] - b[2] - offset[2]);
}

/// Where the boxes' lower corners lie from each other; nullopt when their sides differ.
std::optional<Position> offset_between(const FinitePoints& a, const FinitePoints& b,
                                       double tolerance) {
  const PositionBounds box_a = bounds_of(a.positions);
  const PositionBounds box_b = bounds_of(b.positions);
  Position offset{};
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const double low = box_a.low[axis] - box_b.low[axis];
    const double high = box_a.high[axis] - box_b.high[axis];
    if (!(std::abs(low - high) <= 2.0 * tolerance)) return std::nullopt;
    if (std::abs(low) > tolerance) offset[axis] = low;
  }
  return offset;
}

bool in_order(const FinitePoints& a, const FinitePoints& b, const Position& offset,
              double tolerance) {
  if (a.rows != b.rows) return false;
  for (std::size_t i = 0; i < a.rows.size(); ++i) {
    if (!(distance(a.positions[i], b.positions[i], offset) <= tolerance)) return false;
  }
  return true;
}

/// True for points of the same order that were moved a little.
bool in_order_but_moved(const FinitePoints& a, const FinitePoints& b) {
  if (a.rows != b.rows || a.rows.empty()) return false;
  const double far = kMovedSpacings * median_spacing(b.positions, 1);
  std::size_t near = 0;
  for (std::size_t i = 0; i < a.rows.size(); ++i) {
    near += distance(a.positions[i], b.positions[i], {}) <= far ? 1 : 0;
  }
  return static_cast<double>(near) >= kMovedShare * static_cast<double>(a.rows.size());
}

/// Hands out the points of one cloud that coincide, one after the other.
class Groups {
 public:
  /// @param heads  for each point the first of those that coincide with it
  explicit Groups(const IndexTable& heads)
      : heads_(heads), next_(heads.rows, kNoIndex), first_(heads.rows, kNoIndex) {
    for (std::size_t i = heads.rows; i-- > 0;) {
      const std::uint32_t head = heads.row(i)[0];
      next_[i] = std::exchange(first_[head], static_cast<std::uint32_t>(i));
    }
  }
  /// The next point of the group, kNoIndex when all are taken.
  [[nodiscard]] std::uint32_t take(std::uint32_t member) {
    std::uint32_t& first = first_[heads_.row(member)[0]];
    const std::uint32_t taken = first;
    if (taken != kNoIndex) first = next_[taken];
    return taken;
  }

 private:
  const IndexTable& heads_;
  std::vector<std::uint32_t> next_;
  std::vector<std::uint32_t> first_;  // of each head
};

/// Pairs every point of `a` with its own of `b`; empty when some have none.
std::vector<std::uint32_t> nearest_partners(const FinitePoints& a, const FinitePoints& b,
                                            const Position& offset, double tolerance) {
  const UnitSphere frame = unit_sphere(b.positions);
  const Matrix points = normalized(b.positions, frame);
  RawVector<Position> shifted(a.positions.size());
  for (std::size_t i = 0; i < shifted.size(); ++i) {
    for (std::size_t axis = 0; axis < 3; ++axis) {
      shifted[i][axis] = a.positions[i][axis] - offset[axis];
    }
  }
  const KdTree tree(points);
  const IndexTable heads = tree.k_nearest(points, 1);
  const IndexTable nearest = tree.k_nearest(normalized(shifted, frame), 1);
  Groups groups(heads);
  std::vector<std::uint32_t> partner(a.rows.size());
  for (std::size_t i = 0; i < partner.size(); ++i) {
    const std::uint32_t found = groups.take(nearest.row(i)[0]);
    if (found == kNoIndex || !(distance(shifted[i], b.positions[found], {}) <= tolerance)) {
      return {};
    }
    partner[i] = found;
  }
  return partner;
}

/// Partners by place in the files; points without coordinates are paired in their order.
std::vector<std::uint32_t> in_files(const std::vector<std::uint32_t>& partner,
                                    const FinitePoints& a, const FinitePoints& b,
                                    std::size_t points) {
  std::vector<std::uint32_t> all(points, kNoIndex);
  std::vector<bool> taken(points, false);
  for (std::size_t i = 0; i < partner.size(); ++i) {
    all[a.rows[i]] = static_cast<std::uint32_t>(b.rows[partner[i]]);
    taken[b.rows[partner[i]]] = true;
  }
  std::size_t next = 0;
  for (std::uint32_t& one : all) {
    if (one != kNoIndex) continue;
    while (taken[next]) ++next;
    one = static_cast<std::uint32_t>(next++);
  }
  return all;
}

}  // namespace

std::optional<PointMatch> match_points(std::span<const Position> a, std::span<const Position> b,
                                       double tolerance) {
  if (a.size() != b.size() || a.size() >= kNoIndex) {
    throw Error(Fault::kUsage, "match_points", "expected as many points, below 2^32");
  }
  const FinitePoints in_a(a);
  const FinitePoints in_b(b);
  if (in_a.rows.size() != in_b.rows.size()) return std::nullopt;
  if (in_a.rows.empty()) return PointMatch{};
  if (const auto offset = offset_between(in_a, in_b, tolerance)) {
    PointMatch match{.partner = {}, .offset = *offset};
    if (in_order(in_a, in_b, *offset, tolerance)) return match;
    const auto partner = nearest_partners(in_a, in_b, *offset, tolerance);
    if (!partner.empty()) {
      match.partner = in_files(partner, in_a, in_b, a.size());
      return match;
    }
  }
  if (in_order_but_moved(in_a, in_b)) return PointMatch{.partner = {}, .offset = {}, .moved = true};
  return std::nullopt;
}

double match_tolerance(std::span<const Position> positions, double step) {
  const FinitePoints points(positions);
  return std::max(kShareOfSpacing * median_spacing(points.positions, 1), 2.0 * step);
}

}  // namespace ptattn
