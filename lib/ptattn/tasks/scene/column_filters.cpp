#include "ptattn/tasks/scene/column_filters.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <iterator>
#include <limits>
#include <memory>

#include "ptattn/core/parallel.hpp"
#include "ptattn/core/raw_vector.hpp"
#include "ptattn/sampling/sort_order.hpp"

namespace ptattn {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Columns of a block along each axis; its raster has the halo on all sides as well. Blocks with
// fewer than one column in kSparse places are cut into four, down to the smallest; there, columns
// that see no more than kFewColumns are computed one by one. So empty space costs nothing.
constexpr std::size_t kBlock = 1024;
constexpr std::size_t kSmallestBlock = 32;
constexpr std::size_t kSparse = 2048;
constexpr std::size_t kFewColumns = 40;
constexpr std::size_t kColumnsPerTask = 16384;
constexpr std::size_t kRowsPerTask = 16;
constexpr std::size_t kStrip = 32;  // columns of a raster

struct Least {
  static constexpr double kNothing = kInfinity;
  static double of(double a, double b) { return a < b ? a : b; }
};

struct Largest {
  static constexpr double kNothing = -kInfinity;
  static double of(double a, double b) { return a > b ? a : b; }
};

/// A dense piece of the plane of columns.
struct Raster {
  std::size_t rows;
  std::size_t cols;
  std::unique_ptr<double[]> values = std::make_unique_for_overwrite<double[]>(rows * cols);

  [[nodiscard]] double* row(std::size_t i) const { return values.get() + i * cols; }
};

/// Sliding extremum over `count` items of `inner` numbers each, `stride` apart, in place. `padded`
/// gets room for the reach on both sides; its width doubles from step to step (van Herk's result,
/// log w passes).
template <class Extremum>
void slide(double* items, std::size_t count, std::size_t inner, std::size_t stride,
           std::size_t reach, std::vector<double>& padded) {
  const std::size_t window = 2 * reach + 1;
  std::size_t length = (count + 2 * reach) * inner;
  padded.assign(length, Extremum::kNothing);
  for (std::size_t i = 0; i < count; ++i) {
    std::copy_n(items + i * stride, inner, padded.data() + (reach + i) * inner);
  }
  std::size_t width = 1;
  for (; 2 * width <= window; width *= 2) {
    const std::size_t step = width * inner;
    length -= step;
    double* const p = padded.data();
    for (std::size_t t = 0; t < length; ++t) p[t] = Extremum::of(p[t], p[t + step]);
  }
  const std::size_t step = (window - width) * inner;
  for (std::size_t i = 0; i < count; ++i) {
    const double* const p = padded.data() + i * inner;
    double* const item = items + i * stride;
    for (std::size_t t = 0; t < inner; ++t) item[t] = Extremum::of(p[t], p[t + step]);
  }
}

/// The extremum of the window around every place of the raster: along the rows, then along the
/// columns, of which some neighbouring ones fit the cache.
template <class Extremum>
void filter_windows(Raster& raster, std::size_t window) {
  const std::size_t reach = window / 2;
  const std::size_t cols = raster.cols;
  parallel_ranges(raster.rows, kRowsPerTask, [&](std::size_t begin, std::size_t end) {
    std::vector<double> padded;
    for (std::size_t i = begin; i < end; ++i) {
      slide<Extremum>(raster.row(i), cols, 1, 1, reach, padded);
    }
  });
  const std::size_t strips = (cols + kStrip - 1) / kStrip;
  parallel_ranges(strips, 1, [&](std::size_t begin, std::size_t end) {
    std::vector<double> padded;
    for (std::size_t strip = begin; strip < end; ++strip) {
      const std::size_t first = strip * kStrip;
      slide<Extremum>(raster.row(0) + first, raster.rows, std::min(kStrip, cols - first), cols,
                      reach, padded);
    }
  });
}

/// A column, those that its filter can see, and the values of all columns.
struct ColumnsNear {
  std::span<const VoxelColumn> columns;
  std::span<const double> values;
  std::span<const std::uint32_t> around;  ///< with itself
  std::uint32_t self;
};

std::size_t steps_between(std::size_t a, std::size_t b) {
  return a < b ? b - a : a - b;
}

/// Windows that met no column take no part in what follows.
void replace_infinite(Raster& raster, double by) {
  parallel_each(raster.rows, kRowsPerTask, [&](std::size_t i) {
    std::replace_if(
        raster.row(i), raster.row(i) + raster.cols, [](double x) { return std::isinf(x); }, by);
  });
}

/// An opening (Least, Largest) or a closing (Largest, Least).
template <class Inner, class Outer>
struct Opened {
  std::size_t window;
  static constexpr double kEmpty = Inner::kNothing;

  [[nodiscard]] std::size_t halo() const { return window / 2 * 2; }

  void operator()(Raster& raster) const {
    filter_windows<Inner>(raster, window);
    replace_infinite(raster, Outer::kNothing);
    filter_windows<Outer>(raster, window);
  }

  /// Computes the value of one column from the few around it. All windows that are looked at hold
  /// the column, so only what is beyond its value matters; and of the windows between two that such
  /// a column leaves, the first holds the fewest of them.
  double operator()(const ColumnsNear& near, std::size_t height, std::size_t width) const {
    const std::size_t reach = window / 2;
    const VoxelColumn self = near.columns[near.self];
    const double own = near.values[near.self];
    std::vector<std::uint32_t> beyond;
    std::ranges::copy_if(near.around, std::back_inserter(beyond),
                         [&](std::uint32_t c) { return Inner::of(near.values[c], own) != own; });
    const auto windows = [&](std::size_t at, std::size_t end, const auto& place) {
      const std::size_t last = std::min(at + reach, end - 1);
      std::vector<std::size_t> middles{at - std::min(at, reach)};
      for (const std::uint32_t c : beyond) {
        const std::size_t left = place(near.columns[c]) + reach + 1;
        if (left > middles.front() && left <= last) middles.push_back(left);
      }
      return middles;
    };
    const auto rows = windows(self.i, height, [](const VoxelColumn& c) { return c.i; });
    const auto cols = windows(self.j, width, [](const VoxelColumn& c) { return c.j; });
    double best = Outer::kNothing;
    for (const std::size_t i : rows) {
      for (const std::size_t j : cols) {
        double inner = own;
        for (const std::uint32_t c : beyond) {
          const bool inside = steps_between(near.columns[c].i, i) <= reach &&
                              steps_between(near.columns[c].j, j) <= reach;
          if (inside) inner = Inner::of(inner, near.values[c]);
        }
        best = Outer::of(best, inner);
      }
    }
    return best;
  }
};

/// The largest of a window.
struct Highest {
  std::size_t window;
  static constexpr double kEmpty = Largest::kNothing;

  [[nodiscard]] std::size_t halo() const { return window / 2; }
  void operator()(Raster& raster) const { filter_windows<Largest>(raster, window); }
  double operator()(const ColumnsNear& near, std::size_t /*height*/, std::size_t /*width*/) const {
    double best = Largest::kNothing;
    for (const std::uint32_t c : near.around) best = Largest::of(best, near.values[c]);
    return best;
  }
};

}  // namespace

ColumnFilters::ColumnFilters(std::span<const VoxelColumn> columns) : columns_(columns) {
  for (std::size_t c = 0; c < columns.size(); ++c) {
    while (row_starts_.size() <= columns[c].i) row_starts_.push_back(c);
    width_ = std::max<std::size_t>(width_, columns[c].j + 1);
  }
  row_starts_.push_back(columns.size());
}

std::pair<std::size_t, std::size_t> ColumnFilters::columns_in(std::size_t row, std::size_t begin,
                                                              std::size_t end) const {
  const auto row_begin = columns_.begin() + static_cast<std::ptrdiff_t>(row_starts_[row]);
  const auto row_end = columns_.begin() + static_cast<std::ptrdiff_t>(row_starts_[row + 1]);
  const auto first = std::ranges::lower_bound(row_begin, row_end, begin, {}, &VoxelColumn::j);
  const auto last = std::ranges::lower_bound(first, row_end, end, {}, &VoxelColumn::j);
  return {static_cast<std::size_t>(first - columns_.begin()),
          static_cast<std::size_t>(last - columns_.begin())};
}

ColumnFilters::ColumnBlock ColumnFilters::widened(const ColumnBlock& block,
                                                  std::size_t halo) const {
  return {.top = block.top - std::min(block.top, halo),
          .left = block.left - std::min(block.left, halo),
          .bottom = std::min(block.bottom + halo, height()),
          .right = std::min(block.right + halo, width_)};
}

std::vector<std::uint32_t> ColumnFilters::columns_around(const ColumnBlock& block,
                                                         std::size_t most) const {
  std::vector<std::uint32_t> found;
  for (std::size_t i = block.top; i < block.bottom; ++i) {
    const auto [first, last] = columns_in(i, block.left, block.right);
    if (found.size() + (last - first) > most) return {};
    for (std::size_t c = first; c < last; ++c) found.push_back(static_cast<std::uint32_t>(c));
  }
  return found;
}

template <class Filter>
void ColumnFilters::filter_raster(const ColumnBlock& block, std::span<const double> values,
                                  const Filter& filter, std::span<double> result) const {
  const ColumnBlock seen = widened(block, filter.halo());
  Raster raster{.rows = seen.bottom - seen.top, .cols = seen.right - seen.left};
  parallel_each(raster.rows, kRowsPerTask, [&](std::size_t i) {
    double* const row = raster.row(i);
    std::fill_n(row, raster.cols, Filter::kEmpty);
    const auto [first, last] = columns_in(seen.top + i, seen.left, seen.right);
    for (std::size_t c = first; c < last; ++c) row[columns_[c].j - seen.left] = values[c];
  });
  filter(raster);
  parallel_each(block.bottom - block.top, kRowsPerTask, [&](std::size_t i) {
    const double* const row = raster.row(block.top + i - seen.top);
    const auto [first, last] = columns_in(block.top + i, block.left, block.right);
    for (std::size_t c = first; c < last; ++c) result[c] = row[columns_[c].j - seen.left];
  });
}

template <class Filter>
bool ColumnFilters::filter_singly(std::span<const std::uint32_t> members,
                                  std::span<const double> values, const Filter& filter,
                                  std::span<double> result) const {
  for (const std::uint32_t c : members) {
    const VoxelColumn column = columns_[c];
    const ColumnBlock own{column.i, column.j, column.i + 1, column.j + 1};
    const auto around = columns_around(widened(own, filter.halo()), kFewColumns);
    if (around.empty()) return false;
    result[c] = filter(ColumnsNear{columns_, values, around, c}, height(), width_);
  }
  return true;
}

template <class Filter>
void ColumnFilters::filter_block(const ColumnBlock& block, std::span<const std::uint32_t> members,
                                 std::span<const double> values, const Filter& filter,
                                 std::span<double> result) const {
  if (members.empty()) return;
  const std::size_t side = block.bottom - block.top;
  const ColumnBlock inside{block.top, block.left, std::min(block.bottom, height()),
                           std::min(block.right, width_)};
  const ColumnBlock seen = widened(inside, filter.halo());
  const std::size_t area = (seen.bottom - seen.top) * (seen.right - seen.left);
  const bool smallest = side <= kSmallestBlock;
  if (members.size() * kSparse >= area || smallest) {
    if (smallest && filter_singly(members, values, filter, result)) return;
    filter_raster(inside, values, filter, result);
    return;
  }
  const std::size_t half = side / 2;
  std::array<std::vector<std::uint32_t>, 4> quarters;
  for (const std::uint32_t c : members) {
    const bool low = columns_[c].i >= block.top + half;
    const bool right = columns_[c].j >= block.left + half;
    quarters[(low ? 2U : 0U) + (right ? 1U : 0U)].push_back(c);
  }
  for (std::size_t q = 0; q < 4; ++q) {
    const std::size_t top = block.top + (q < 2 ? 0 : half);
    const std::size_t left = block.left + (q % 2 == 0 ? 0 : half);
    filter_block({top, left, top + half, left + half}, quarters[q], values, filter, result);
  }
}

template <class Filter>
std::vector<double> ColumnFilters::by_blocks(std::span<const double> values,
                                             const Filter& filter) const {
  std::vector<double> result(columns_.size());
  RawVector<std::uint64_t> keys(columns_.size());
  const std::uint64_t across = width_ / kBlock + 1;
  parallel_each(keys.size(), kColumnsPerTask, [&](std::size_t c) {
    keys[c] = std::uint64_t{columns_[c].i / kBlock} * across + columns_[c].j / kBlock;
  });
  const GroupOrder blocks = group_order(keys);
  const auto filter_one = [&](std::size_t b) {
    const VoxelColumn first = columns_[blocks[b].front()];
    const std::size_t top = first.i / kBlock * kBlock;
    const std::size_t left = first.j / kBlock * kBlock;
    filter_block({top, left, top + kBlock, left + kBlock}, blocks[b], values, filter, result);
  };
  // Full blocks one after the other, all threads in each: no more than one large raster exists.
  const auto is_full = [&](std::size_t b) { return blocks[b].size() * kSparse >= kBlock * kBlock; };
  parallel_each(blocks.size(), 1, [&](std::size_t b) {
    if (!is_full(b)) filter_one(b);
  });
  for (std::size_t b = 0; b < blocks.size(); ++b) {
    if (is_full(b)) filter_one(b);
  }
  return result;
}

std::vector<double> ColumnFilters::opening(std::span<const double> values,
                                           std::size_t window) const {
  return by_blocks(values, Opened<Least, Largest>{window});
}

std::vector<double> ColumnFilters::closing(std::span<const double> values,
                                           std::size_t window) const {
  return by_blocks(values, Opened<Largest, Least>{window});
}

std::vector<double> ColumnFilters::maximum(std::span<const double> values,
                                           std::size_t window) const {
  return by_blocks(values, Highest{window});
}

}  // namespace ptattn
