#include "ptattn/survey/stray_rule.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>

#include "ptattn/cloud/strays.hpp"
#include "ptattn/core/parallel.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kBlock = 65536;  // points

bool is_zero(const Position& p) {
  return p[0] == 0.0 && p[1] == 0.0 && p[2] == 0.0;
}

/// Distances from the middle: across, and in height.
std::array<double, 2> distances(const Position& p, const Position& middle) {
  return {std::hypot(p[0] - middle[0], p[1] - middle[1]), std::abs(p[2] - middle[2])};
}

double quantile(std::vector<double> values, double share) {
  if (values.empty()) return 0.0;
  const auto at = static_cast<std::ptrdiff_t>(share * static_cast<double>(values.size() - 1));
  std::ranges::nth_element(values, values.begin() + at);
  return values[static_cast<std::size_t>(at)];
}

std::vector<double> column(std::span<const Position> positions, std::size_t axis) {
  std::vector<double> values;
  for (const Position& p : positions) values.push_back(p[axis]);
  return values;
}

/// Whether points at (0, 0, 0) are no measurements.
bool zeros_are_stray(const StraySample& sample) {
  if (sample.zeros < 2 || sample.finite - sample.zeros < kFewestForStrays) return false;
  std::vector<Position> others;
  std::ranges::copy_if(sample.positions, std::back_inserter(others),
                       [](const Position& p) { return !is_zero(p); });
  double diagonal = 0.0;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const std::vector<double> values = column(others, axis);
    diagonal =
        std::hypot(diagonal, quantile(values, kStrayInner) - quantile(values, 1.0 - kStrayInner));
  }
  return sample.nearest > kStrayZeroGap * diagonal;
}

}  // namespace

bool StrayRule::is_stray(const Position& p) const {
  if (zeros && is_zero(p)) return true;
  const auto [plan, up] = distances(p, middle);
  return plan >= across || up >= height;
}

void StrayCensus::Group::add(const Group& other) {
  if (other.count == 0) return;
  if (count == 0) {
    *this = other;
    return;
  }
  count += other.count;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    bounds.low[axis] = std::min(bounds.low[axis], other.bounds.low[axis]);
    bounds.high[axis] = std::max(bounds.high[axis], other.bounds.high[axis]);
  }
  for (std::size_t axis = 0; axis < 2; ++axis) {
    least[axis] = std::min(least[axis], other.least[axis]);
    largest[axis] = std::max(largest[axis], other.largest[axis]);
  }
}

StrayCensus::StrayCensus(StraySample sample) : sample_(std::move(sample)) {
  rule_.zeros = zeros_are_stray(sample_);
  std::vector<Position>& positions = sample_.positions;
  if (rule_.zeros) std::erase_if(positions, is_zero);
  for (std::size_t axis = 0; axis < 3; ++axis) {
    rule_.middle[axis] = quantile(column(positions, axis), 0.5);
  }
  std::array<std::vector<double>, 2> away;
  for (const Position& p : positions) {
    const auto d = distances(p, rule_.middle);
    for (std::size_t axis = 0; axis < 2; ++axis) away[axis].push_back(d[axis]);
  }
  inner_ = {quantile(std::move(away[0]), kStrayInner),
            std::max(quantile(std::move(away[1]), kStrayInner), kStrayUsualHeight)};
}

StrayCensus::Groups StrayCensus::groups_of(std::span<const Position> positions) const {
  const auto octave = [&](double distance, std::size_t axis) {
    const double limit = kStraySearched * inner_[axis];
    if (distance <= limit) return 0;
    return limit > 0.0 ? 1 + std::ilogb(distance / limit) : 1;
  };
  Groups groups;
  Group usual;
  for (const Position& p : positions) {
    if (rule_.zeros && is_zero(p)) continue;
    const auto d = distances(p, rule_.middle);
    const Key key{octave(d[0], 0), octave(d[1], 1)};
    const Group one{1, {p, p}, d, d};
    (key == Key{0, 0} ? usual : groups[key]).add(one);
  }
  if (usual.count > 0) groups[{0, 0}] = usual;
  return groups;
}

void StrayCensus::add(std::span<const Position> positions) {
  const std::size_t blocks = (positions.size() + kBlock - 1) / kBlock;
  std::vector<Groups> of_block(blocks);
  parallel_each(blocks, 1, [&](std::size_t b) {
    const std::size_t begin = b * kBlock;
    of_block[b] = groups_of(positions.subspan(begin, std::min(kBlock, positions.size() - begin)));
  });
  std::size_t others = 0;
  for (const Groups& groups : of_block) {
    for (const auto& [key, group] : groups) {
      groups_[key].add(group);
      others += group.count;
    }
  }
  zeros_ += positions.size() - others;
}

/// The distance from which on points are stray: behind the first gap, if they are few.
double StrayCensus::first_gap(std::size_t axis, double factor) const {
  constexpr double kNone = std::numeric_limits<double>::infinity();
  std::map<int, Group> octaves;
  std::size_t all = 0;
  for (const auto& [key, group] : groups_) {
    octaves[axis == 0 ? key.first : key.second].add(group);
    all += group.count;
  }
  if (all + zeros_ < kFewestForStrays) return kNone;
  double before = inner_[axis];
  if (octaves.contains(0)) before = std::max(before, octaves.at(0).largest[axis]);
  std::size_t behind = all - (octaves.contains(0) ? octaves.at(0).count : 0);
  for (const auto& [octave, group] : octaves) {
    if (octave == 0) continue;
    if (group.least[axis] > factor * before) {
      const double most = std::max(1.0, kStrayShare * static_cast<double>(all));
      return static_cast<double>(behind) > most ? kNone : group.least[axis];
    }
    before = group.largest[axis];
    behind -= group.count;
  }
  return kNone;
}

StrayRule StrayCensus::rule() const {
  StrayRule rule = rule_;
  rule.across = first_gap(0, kStrayGapAcross);
  rule.height = first_gap(1, kStrayGapInHeight);
  return rule;
}

PositionBounds StrayCensus::bounds() const {
  const StrayRule found = rule();
  Group all;
  for (const auto& [key, group] : groups_) {
    if (group.least[0] < found.across && group.least[1] < found.height) all.add(group);
  }
  return all.bounds;
}

std::pair<std::size_t, std::size_t> StrayCensus::strays() const {
  const StrayRule found = rule();
  std::size_t far = 0;
  for (const auto& [key, group] : groups_) {
    if (group.least[0] >= found.across || group.least[1] >= found.height) far += group.count;
  }
  return {far, zeros_};
}

}  // namespace ptattn
