// Blocking. Both matrices are read as they are: a step of the inner loop takes one row of each, of
// which a register tile needs up to 14 numbers of a, broadcast one by one, and two vectors of b.
// Tiles walk over 256 rows at a time, so that what they read again and again stays in the
// second-level cache at least; their sums are kept in registers meanwhile.

#include "ptattn/train/kernels/transposed_product.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "ptattn/core/scratch_memory.hpp"
#include "ptattn/nn/kernels/bfloat16.hpp"
#include "ptattn/nn/kernels/product.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ptattn/train/kernels/transposed_product.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep

#include <hwy/highway.h>

#include "ptattn/nn/kernels/product-inl.hpp"
#include "ptattn/nn/kernels/register_tile-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace ptattn::HWY_NAMESPACE {
namespace {

namespace hn = hwy::HWY_NAMESPACE;

constexpr std::size_t kDepth = 256;  // rows of a block
constexpr std::size_t kMaxLanes = 16;

/// Rows one after the other.
struct AllRows {
  HWY_INLINE std::size_t operator()(std::size_t i) const { return i; }
};

/// Rows by a list.
template <class Index>
struct ListedRows {
  const Index* rows;
  HWY_INLINE std::size_t operator()(std::size_t i) const { return rows[i]; }
};

/// One register tile's job: `depth` rows of a and b.
template <class RowsOfA, class RowsOfB>
struct Tile {
  const float* a;
  std::size_t a_stride;
  RowsOfA a_rows;
  const float* b;
  std::size_t b_stride;
  RowsOfB b_rows;
  std::size_t depth;
  float* sums;
  std::size_t sums_stride;
};

template <Product kProduct, std::size_t kRows, std::size_t kVectors, class AnyTile>
void add_tile(const AnyTile& t) {
  const Lane d;
  const std::size_t lanes = hn::Lanes(d);
  Vec sum[kRows][kVectors];
  HWY_UNROLL(16)
  for (std::size_t i = 0; i < kRows; ++i) {
    HWY_UNROLL(2)
    for (std::size_t v = 0; v < kVectors; ++v) {
      sum[i][v] = hn::LoadU(d, t.sums + i * t.sums_stride + v * lanes);
    }
  }
  for (std::size_t k = 0; k < t.depth; ++k) {
    const float* const a = t.a + t.a_rows(k) * t.a_stride;
    const float* const b = t.b + t.b_rows(k) * t.b_stride;
    Vec row[kVectors];
    HWY_UNROLL(2)
    for (std::size_t v = 0; v < kVectors; ++v) row[v] = hn::LoadU(d, b + v * lanes);
    HWY_UNROLL(16)
    for (std::size_t i = 0; i < kRows; ++i) {
      const Vec x = hn::Set(d, a[i]);
      HWY_UNROLL(2)
      for (std::size_t v = 0; v < kVectors; ++v) {
        sum[i][v] = multiply_add<kProduct>(x, row[v], sum[i][v]);
      }
    }
  }
  HWY_UNROLL(16)
  for (std::size_t i = 0; i < kRows; ++i) {
    HWY_UNROLL(2)
    for (std::size_t v = 0; v < kVectors; ++v) {
      hn::StoreU(sum[i][v], d, t.sums + i * t.sums_stride + v * lanes);
    }
  }
}

template <Product kProduct, class AnyTile, std::size_t kVectors, std::size_t... kRows>
constexpr auto tile_functions(std::index_sequence<kRows...>) {
  return std::array<void (*)(const AnyTile&), sizeof...(kRows)>{
      &add_tile<kProduct, kRows + 1, kVectors, AnyTile>...};
}

/// All rows of the sums for kVectors vectors of columns, by tiles of much the same height.
template <Product kProduct, std::size_t kVectors, class AnyTile>
void add_columns(AnyTile t, std::size_t rows) {
  static constexpr auto kTiles =
      tile_functions<kProduct, AnyTile, kVectors>(std::make_index_sequence<kMaxRows>{});
  const std::size_t tiles = (rows + kMaxRows - 1) / kMaxRows;
  for (std::size_t i = 0; i < tiles; ++i) {
    const std::size_t height = (i + 1) * rows / tiles - i * rows / tiles;
    kTiles[height - 1](t);
    t.a += height;
    t.sums += height * t.sums_stride;
  }
}

/// The last `width` columns, fewer than a vector holds: by copies of whole vectors.
template <Product kProduct, class AnyTile>
void add_edge(const AnyTile& t, std::size_t rows, std::size_t width) {
  const std::size_t lanes = hn::Lanes(Lane());
  std::array<float, kDepth * kMaxLanes> b{};
  std::array<float, kMaxRows * kMaxLanes> sums{};
  for (std::size_t k = 0; k < t.depth; ++k) {
    std::copy_n(t.b + t.b_rows(k) * t.b_stride, width, b.data() + k * lanes);
  }
  for (std::size_t first = 0; first < rows; first += kMaxRows) {
    const std::size_t height = std::min(kMaxRows, rows - first);
    float* const target = t.sums + first * t.sums_stride;
    for (std::size_t i = 0; i < height; ++i) {
      std::copy_n(target + i * t.sums_stride, width, sums.data() + i * lanes);
    }
    add_columns<kProduct, 1>(
        Tile<decltype(t.a_rows), AllRows>{t.a + first, t.a_stride, t.a_rows, b.data(), lanes,
                                          AllRows{}, t.depth, sums.data(), lanes},
        height);
    for (std::size_t i = 0; i < height; ++i) {
      std::copy_n(sums.data() + i * lanes, width, target + i * t.sums_stride);
    }
  }
}

/// One block of rows.
template <Product kProduct, class AnyTile>
void add_block(AnyTile t, MutableMatrixView sums) {
  const std::size_t lanes = hn::Lanes(Lane());
  std::size_t column = 0;
  const auto advance = [&](std::size_t columns) {
    column += columns;
    t.b += columns;
    t.sums += columns;
  };
  for (; column + 2 * lanes <= sums.cols; advance(2 * lanes))
    add_columns<kProduct, 2>(t, sums.rows);
  for (; column + lanes <= sums.cols; advance(lanes)) add_columns<kProduct, 1>(t, sums.rows);
  if (column < sums.cols) add_edge<kProduct>(t, sums.rows, sums.cols - column);
}

}  // namespace

void add_all_rows(MatrixView a, MatrixView b, MutableMatrixView sums) {
  for (std::size_t first = 0; first < a.rows; first += kDepth) {
    add_block<Product::kFloat32>(Tile<AllRows, AllRows>{a.row(first),
                                                        a.stride,
                                                        {},
                                                        b.row(first),
                                                        b.stride,
                                                        {},
                                                        std::min(kDepth, a.rows - first),
                                                        sums.data,
                                                        sums.stride},
                                 sums);
  }
}

void add_row_pairs(Product product, MatrixView a, MatrixView b, MutableMatrixView sums) {
  with_product(product, [&](auto p) HWY_ATTR {
    add_block<p.value>(
        Tile<AllRows, AllRows>{
            a.data, a.stride, {}, b.data, b.stride, {}, a.rows, sums.data, sums.stride},
        sums);
  });
}

void add_listed_rows(MatrixView a, std::span<const std::uint16_t> a_rows, MatrixView b,
                     std::span<const std::uint32_t> b_rows, MutableMatrixView sums) {
  using RowsOfA = ListedRows<std::uint16_t>;
  using RowsOfB = ListedRows<std::uint32_t>;
  for (std::size_t first = 0; first < a_rows.size(); first += kDepth) {
    add_block<Product::kFloat32>(Tile<RowsOfA, RowsOfB>{a.data,
                                                        a.stride,
                                                        {a_rows.data() + first},
                                                        b.data,
                                                        b.stride,
                                                        {b_rows.data() + first},
                                                        std::min(kDepth, a_rows.size() - first),
                                                        sums.data,
                                                        sums.stride},
                                 sums);
  }
}

}  // namespace ptattn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ptattn {

HWY_EXPORT(add_all_rows);
HWY_EXPORT(add_listed_rows);
HWY_EXPORT(add_row_pairs);

namespace train {

void add_transposed_product(MatrixView a, MatrixView b, MutableMatrixView sums) {
  HWY_DYNAMIC_DISPATCH(add_all_rows)(a, b, sums);
}

void add_transposed_product_bf16(MatrixView a, MatrixView b, MutableMatrixView sums) {
  constexpr std::size_t kRows = 512;  // of a block: as many words as the float32 ones have
  ScratchMemory scratch;
  const MutableMatrixView a_words = scratch.matrix(bf16_words(kRows), a.cols);
  const MutableMatrixView b_words = scratch.matrix(bf16_words(kRows), b.cols);
  for (std::size_t first = 0; first < a.rows; first += kRows) {
    const std::size_t rows = std::min(kRows, a.rows - first);
    const MutableMatrixView a_pairs = a_words.rows_range(0, bf16_words(rows));
    const MutableMatrixView b_pairs = b_words.rows_range(0, bf16_words(rows));
    round_row_pairs(a.rows_range(first, rows), a_pairs);
    round_row_pairs(b.rows_range(first, rows), b_pairs);
    HWY_DYNAMIC_DISPATCH(add_row_pairs)(bf16_product(), a_pairs, b_pairs, sums);
  }
}

void add_transposed_product(MatrixView a, std::span<const std::uint16_t> a_rows, MatrixView b,
                            std::span<const std::uint32_t> b_rows, MutableMatrixView sums) {
  HWY_DYNAMIC_DISPATCH(add_listed_rows)(a, a_rows, b, b_rows, sums);
}

}  // namespace train
}  // namespace ptattn
#endif  // HWY_ONCE
