#include "ptattn/tasks/scene/column_filters.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <memory>

#include "ptattn/core/parallel.hpp"

namespace ptattn {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// Columns of a block along each axis; its raster has the halo on all sides as well.
constexpr std::size_t kBlock = 1024;
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

/// Windows that met no column take no part in what follows.
void replace_infinite(Raster& raster, double by) {
  parallel_each(raster.rows, kRowsPerTask, [&](std::size_t i) {
    std::replace_if(
        raster.row(i), raster.row(i) + raster.cols, [](double x) { return std::isinf(x); }, by);
  });
}

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

bool ColumnFilters::is_occupied(const ColumnBlock& block) const {
  for (std::size_t i = block.top; i < block.bottom; ++i) {
    const auto [first, last] = columns_in(i, block.left, block.right);
    if (first != last) return true;
  }
  return false;
}

ColumnFilters::ColumnBlock ColumnFilters::widened(const ColumnBlock& block,
                                                  std::size_t halo) const {
  return {.top = block.top - std::min(block.top, halo),
          .left = block.left - std::min(block.left, halo),
          .bottom = std::min(block.bottom + halo, height()),
          .right = std::min(block.right + halo, width_)};
}

template <class Filter>
std::vector<double> ColumnFilters::by_blocks(std::span<const double> values, double empty,
                                             std::size_t halo, const Filter& filter) const {
  std::vector<double> result(columns_.size());
  // One block after the other, all threads in each: no more than one raster exists.
  for (std::size_t top = 0; top < height(); top += kBlock) {
    for (std::size_t left = 0; left < width_; left += kBlock) {
      const ColumnBlock block{.top = top,
                              .left = left,
                              .bottom = std::min(top + kBlock, height()),
                              .right = std::min(left + kBlock, width_)};
      if (!is_occupied(block)) continue;
      const ColumnBlock seen = widened(block, halo);
      Raster raster{.rows = seen.bottom - seen.top, .cols = seen.right - seen.left};
      parallel_each(raster.rows, kRowsPerTask, [&](std::size_t i) {
        double* const row = raster.row(i);
        std::fill_n(row, raster.cols, empty);
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
  }
  return result;
}

std::vector<double> ColumnFilters::opening(std::span<const double> values,
                                           std::size_t window) const {
  return by_blocks(values, Least::kNothing, window / 2 * 2, [&](Raster& raster) {
    filter_windows<Least>(raster, window);
    replace_infinite(raster, Largest::kNothing);
    filter_windows<Largest>(raster, window);
  });
}

std::vector<double> ColumnFilters::closing(std::span<const double> values,
                                           std::size_t window) const {
  return by_blocks(values, Largest::kNothing, window / 2 * 2, [&](Raster& raster) {
    filter_windows<Largest>(raster, window);
    replace_infinite(raster, Least::kNothing);
    filter_windows<Least>(raster, window);
  });
}

std::vector<double> ColumnFilters::maximum(std::span<const double> values,
                                           std::size_t window) const {
  return by_blocks(values, Largest::kNothing, window / 2,
                   [&](Raster& raster) { filter_windows<Largest>(raster, window); });
}

}  // namespace ptattn
