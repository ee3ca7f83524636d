#include "ptattn/cloud/strays.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>

#include "ptattn/cloud/bounds.hpp"
#include "ptattn/core/listed_indices.hpp"
#include "ptattn/core/parallel.hpp"

namespace ptattn {
namespace {

constexpr double kGapOfObjects = 2.0;

using Distance = std::function<double(const Position&)>;

/// Returns the value that a share of some values does not exceed, from every s-th of them.
double quantile(std::size_t n, double share, const std::function<double(std::size_t)>& value) {
  const std::size_t step = (n + kStraySample - 1) / kStraySample;
  std::vector<double> some;
  for (std::size_t i = 0; i < n; i += step) some.push_back(value(i));
  const auto at = static_cast<std::ptrdiff_t>(share * static_cast<double>(some.size() - 1));
  std::ranges::nth_element(some, some.begin() + at);
  return some[static_cast<std::size_t>(at)];
}

Position medians(std::span<const Position> positions) {
  Position middle{};
  for (std::size_t axis = 0; axis < 3; ++axis) {
    middle[axis] =
        quantile(positions.size(), 0.5, [&](std::size_t i) { return positions[i][axis]; });
  }
  return middle;
}

/// What a gap is.
struct Gap {
  double ratio;                ///< of the distances behind and before it, more
  double least = 0.0;          ///< distances below it count as it
  double inner = kStrayInner;  ///< share that is surely before it
  double share = kStrayShare;  ///< most that can be behind it, or one point
};

/// Rows of the points behind the first gap.
std::vector<std::uint32_t> behind_gap(std::span<const Position> positions, const Distance& distance,
                                      const Gap& gap) {
  const std::size_t n = positions.size();
  const double inner = std::max(
      quantile(n, gap.inner, [&](std::size_t i) { return distance(positions[i]); }), gap.least);
  const double limit = kStraySearched * inner;
  ScratchMemory scratch;
  const auto outer = listed_indices(
      n, [&](std::size_t i) { return distance(positions[i]) > limit; }, scratch);
  if (outer.empty()) return {};
  std::vector<std::uint32_t> rows(outer.begin(), outer.end());
  std::ranges::stable_sort(rows, {}, [&](std::uint32_t i) { return distance(positions[i]); });
  double before = largest_of(n, inner, [&](std::size_t i) {
    const double d = distance(positions[i]);
    return d > limit ? 0.0 : d;
  });
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const double d = distance(positions[rows[i]]);
    if (d > gap.ratio * before) {
      rows.erase(rows.begin(), rows.begin() + static_cast<std::ptrdiff_t>(i));
      const double most = std::max(1.0, gap.share * static_cast<double>(n));
      if (static_cast<double>(rows.size()) > most) rows.clear();
      return rows;
    }
    before = d;
  }
  return {};
}

std::vector<std::uint32_t> far_points(std::span<const Position> positions, Subject subject) {
  const Position m = medians(positions);
  if (subject == Subject::kObject) {
    return behind_gap(
        positions,
        [&](const Position& p) { return std::hypot(p[0] - m[0], p[1] - m[1], p[2] - m[2]); },
        {.ratio = kGapOfObjects});
  }
  std::vector<std::uint32_t> rows =
      behind_gap(positions, [&](const Position& p) { return std::hypot(p[0] - m[0], p[1] - m[1]); },
                 {.ratio = kStrayGapAcross});
  const auto in_height =
      behind_gap(positions, [&](const Position& p) { return std::abs(p[2] - m[2]); },
                 {.ratio = kStrayGapInHeight, .least = kStrayUsualHeight});
  rows.insert(rows.end(), in_height.begin(), in_height.end());
  return rows;
}

bool is_zero(const Position& p) {
  return p[0] == 0.0 && p[1] == 0.0 && p[2] == 0.0;
}

/// Rows of the points at (0, 0, 0) where nothing else is near.
std::vector<std::uint32_t> zero_points(std::span<const Position> positions) {
  const std::size_t n = positions.size();
  ScratchMemory scratch;
  const auto zeros = listed_indices(
      n, [&](std::size_t i) { return is_zero(positions[i]); }, scratch);
  if (zeros.size() < 2 || n - zeros.size() < kFewestForStrays) return {};
  Position low{};
  Position high{};
  std::vector<Position> others;
  std::ranges::copy_if(positions, std::back_inserter(others),
                       [](const Position& p) { return !is_zero(p); });
  double diagonal = 0.0;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const auto value = [&](std::size_t i) { return others[i][axis]; };
    low[axis] = quantile(others.size(), 1.0 - kStrayInner, value);
    high[axis] = quantile(others.size(), kStrayInner, value);
    diagonal = std::hypot(diagonal, high[axis] - low[axis]);
  }
  const double nearest = -largest_of(others.size(), -1e300, [&](std::size_t i) {
    return -std::hypot(others[i][0], others[i][1], others[i][2]);
  });
  if (!(nearest > kStrayZeroGap * diagonal)) return {};
  return {zeros.begin(), zeros.end()};
}

}  // namespace

Strays find_strays(std::span<const Position> positions, Subject subject) {
  Strays strays;
  if (positions.size() < kFewestForStrays) return strays;
  strays.rows = zero_points(positions);
  strays.zeros = strays.rows.size();
  if (strays.zeros == 0) {
    strays.rows = far_points(positions, subject);
  } else {
    std::vector<std::uint32_t> row_of(positions.size());
    for (std::uint32_t i = 0; i < row_of.size(); ++i) row_of[i] = i;
    std::vector<Position> others(positions.begin(), positions.end());
    drop_strays(row_of, strays);
    drop_strays(others, strays);
    for (const std::uint32_t i : far_points(others, subject)) strays.rows.push_back(row_of[i]);
  }
  std::ranges::sort(strays.rows);
  strays.rows.erase(std::unique(strays.rows.begin(), strays.rows.end()), strays.rows.end());
  strays.far = strays.rows.size() - strays.zeros;
  return strays;
}

std::vector<std::uint32_t> far_group(std::span<const Position> positions) {
  constexpr double kInner = 0.9;
  constexpr double kShare = 0.06;
  if (positions.size() < kFewestForStrays) return {};
  const Position m = medians(positions);
  std::vector<std::uint32_t> rows = behind_gap(
      positions,
      [&](const Position& p) { return std::hypot(p[0] - m[0], p[1] - m[1], p[2] - m[2]); },
      {.ratio = kGapOfObjects, .inner = kInner, .share = kShare});
  std::ranges::sort(rows);
  return rows;
}

std::string stray_note(const Strays& strays, std::size_t points, const std::string& one,
                       const std::string& many) {
  if (strays.empty()) return "";
  const std::string of = " of " + std::to_string(points) + " points ";
  const auto some = [&](std::size_t n, const std::string& single, const std::string& several) {
    return std::to_string(n) + of + (n == 1 ? single : several);
  };
  std::string note;
  if (strays.far > 0) note = some(strays.far, "lies", "lie") + " far from all others";
  if (strays.zeros > 0) {
    note += (note.empty() ? "" : ", ") + some(strays.zeros, "is", "are") +
            " at (0, 0, 0), where nothing was measured,";
  }
  return note + " and " + (strays.rows.size() == 1 ? one : many);
}

}  // namespace ptattn
