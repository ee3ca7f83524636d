#include "ptattn/io/las/bounds.hpp"

#include <algorithm>
#include <limits>

#include "ptattn/cloud/field_meaning.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/io/las/standard_fields.hpp"

namespace ptattn::io::las {
namespace {

constexpr std::size_t kBlock = 65536;  // points

std::size_t blocks_of(std::size_t points) {
  return (points + kBlock - 1) / kBlock;
}

struct Range {
  double min = std::numeric_limits<double>::infinity();
  double max = -std::numeric_limits<double>::infinity();
};

/// NaN spreads, whichever side it comes from.
Range joined(const Range& a, const Range& b) {
  return {b.min < a.min || b.min != b.min ? b.min : a.min,
          b.max > a.max || b.max != b.max ? b.max : a.max};
}

using Counts = std::array<std::uint64_t, 15>;

template <class T>
Counts count_numbers(std::span<const T> numbers) {
  std::array<std::uint64_t, 17> seen{};  // 0 and what lies beyond are not counted
  for (const T number : numbers) {
    const bool counts = number >= T{1} && number <= T{15};
    ++seen[counts ? static_cast<std::size_t>(number) : 16];
  }
  Counts counts;
  std::copy_n(seen.begin() + 1, counts.size(), counts.begin());
  return counts;
}

template <class T>
Range range_of(std::span<const T> values) {
  return parallel_joined(
      blocks_of(values.size()), 1, Range{},
      [&](std::size_t b) {
        Range range;
        const std::size_t end = std::min(values.size(), (b + 1) * kBlock);
        for (std::size_t i = b * kBlock; i < end; ++i) {
          const auto value = static_cast<double>(values[i]);
          range = joined(range, {value, value});
        }
        return range;
      },
      joined);
}

}  // namespace

Bounds bounds_of(const PointCloud& cloud) {
  Bounds bounds;
  if (cloud.empty()) return bounds;
  const FieldTriple axes = find_coordinates(cloud);
  for (std::size_t axis = 0; axis < axes.size(); ++axis) {
    const Field& field = *axes[axis];
    const Range range =
        visit_type(field.type(), [&]<class T>(T) { return range_of(field.values<T>()); });
    bounds.min[axis] = range.min;
    bounds.max[axis] = range.max;
  }
  return bounds;
}

Bounds joined(const Bounds& a, const Bounds& b) {
  Bounds both;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const Range range = joined(Range{a.min[axis], a.max[axis]}, Range{b.min[axis], b.max[axis]});
    both.min[axis] = range.min;
    both.max[axis] = range.max;
  }
  return both;
}

std::array<std::uint64_t, 15> count_returns(const PointCloud& cloud) {
  const Field* const field = find_standard(cloud, "return_number");
  if (field == nullptr || field->count() != 1) return {};
  return parallel_joined(
      blocks_of(cloud.size()), 1, Counts{},
      [&](std::size_t b) {
        const std::size_t end = std::min(cloud.size(), (b + 1) * kBlock);
        return visit_type(field->type(), [&]<class T>(T) {
          return count_numbers(field->values<T>().subspan(b * kBlock, end - b * kBlock));
        });
      },
      [](Counts a, const Counts& b) {
        for (std::size_t r = 0; r < a.size(); ++r) a[r] += b[r];
        return a;
      });
}

}  // namespace ptattn::io::las
