#include "ptattn/tasks/segment/spread.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

#include "ptattn/cloud/bounds.hpp"
#include "ptattn/cloud/normalize.hpp"
#include "ptattn/cloud/rows.hpp"

namespace ptattn {
namespace {

using Indices = std::vector<std::size_t>;

template <class T>
std::vector<T> spread_values(const std::vector<T>& some, const Indices& places, std::size_t n) {
  std::vector<T> all(n, T{});
  for (std::size_t i = 0; i < some.size(); ++i) all[places[i]] = some[i];
  return all;
}

Matrix spread_rows(const Matrix& some, const Indices& places, std::size_t n) {
  if (some.size() == 0) return {};
  Matrix all(n, some.cols());
  std::ranges::fill(all.values(), 0.0F);
  for (std::size_t i = 0; i < some.rows(); ++i) {
    std::copy_n(some.row(i), some.cols(), all.row(places[i]));
  }
  return all;
}

void rename(std::vector<std::uint32_t>& points, const Indices& places) {
  for (std::uint32_t& point : points) point = static_cast<std::uint32_t>(places[point]);
}

/// The middle of the heights of the points that have labels.
double middle_height(const Segmentation& result, const RawVector<Position>& positions) {
  std::vector<Position> valid;
  for (std::size_t i = 0; i < positions.size(); ++i) {
    if (result.valid[i]) valid.push_back(positions[i]);
  }
  return bounds_of(valid).middle()[2];
}

}  // namespace

std::vector<std::size_t> all_but(std::size_t points, std::span<const std::uint32_t> left_out) {
  Indices kept;
  std::size_t next = 0;
  for (std::size_t i = 0; i < points; ++i) {
    if (next < left_out.size() && left_out[next] == i) {
      ++next;
    } else {
      kept.push_back(i);
    }
  }
  return kept;
}

Segmentation spread(Segmentation some, const PointCloud& cloud,
                    std::span<const std::uint32_t> left_out) {
  const std::size_t n = cloud.size();
  const Indices places = all_but(n, left_out);
  Segmentation all = std::move(some);
  all.labels = spread_values(all.labels, places, n);
  all.confidence = spread_values(all.confidence, places, n);
  all.entropy = spread_values(all.entropy, places, n);
  all.margin = spread_values(all.margin, places, n);
  all.valid = spread_values(all.valid, places, n);
  all.probabilities = spread_rows(all.probabilities, places, n);
  rename(all.strays, places);
  rename(all.high_strays, places);
  const RawVector<Position> positions = cloud.positions();
  const double middle = middle_height(all, positions);
  for (const std::uint32_t point : left_out) {
    all.strays.push_back(point);
    if (positions[point][2] > middle) all.high_strays.push_back(point);
  }
  std::ranges::sort(all.strays);
  std::ranges::sort(all.high_strays);
  return all;
}

}  // namespace ptattn
