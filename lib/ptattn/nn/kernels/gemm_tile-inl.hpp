// Register tiles of the matrix product, compiled once per Highway target.

#if defined(PTATTN_NN_KERNELS_GEMM_TILE_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef PTATTN_NN_KERNELS_GEMM_TILE_INL_HPP
#undef PTATTN_NN_KERNELS_GEMM_TILE_INL_HPP
#else
#define PTATTN_NN_KERNELS_GEMM_TILE_INL_HPP
#endif

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include <hwy/cache_control.h>
#include <hwy/highway.h>

#include "ptattn/nn/kernels/activation.hpp"
#include "ptattn/nn/kernels/math-inl.hpp"
#include "ptattn/nn/kernels/packed_matrix.hpp"
#include "ptattn/nn/kernels/product-inl.hpp"
#include "ptattn/nn/kernels/product.hpp"
#include "ptattn/nn/kernels/register_tile-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace ptattn::HWY_NAMESPACE {
namespace {

constexpr std::size_t kPanel = PackedMatrixView::kPanel;

// Few rows pass so fast that the weights, read once, do not arrive in time.
constexpr std::size_t kFewRows = 2;
constexpr std::size_t kAhead = 64 * kPanel;

/// Represents one register tile's job: `depth` steps (of a word: in bfloat16, two numbers) for the
/// first `width` columns of a panel, a multiple of the vector's. The product is continued from c
/// unless `first`, and finished by bias, activation and residual if `last`.
///
/// A pooled tile has the whole depth and width, finishes, and leaves the maximum of its rows in the
/// one row c, together with what c holds unless `first`. An adding tile has the whole depth and
/// adds its rows to the rows of c that `targets` lists.
struct Tile {
  const float* a;
  std::size_t a_stride;
  const float* b;
  std::size_t depth;
  std::size_t width;
  const float* bias;      // of the panel's columns; nullptr: none
  const float* residual;  // nullptr: none
  std::size_t residual_stride;
  float* c;
  std::size_t c_stride;
  const std::uint16_t* targets;  // nullptr: the rows one after the other
  Activation activation;
  bool first;
  bool last;

  /// Goes on to the rows below the first `rows`.
  void move_down(std::size_t rows) {
    a += rows * a_stride;
    if (residual != nullptr) residual += rows * residual_stride;
    if (targets != nullptr) {
      targets += rows;
    } else {
      c += rows * c_stride;
    }
  }
};

/// Holds sums of kRows rows, kVectors vectors of columns.
template <std::size_t kRows, std::size_t kVectors>
using Sums = Vec[kRows][kVectors];

template <std::size_t kRows, std::size_t kVectors>
HWY_INLINE void finish(const Tile& t, std::size_t column, Sums<kRows, kVectors>& sum) {
  const Lane d;
  const std::size_t lanes = hn::Lanes(d);
  HWY_UNROLL(16)
  for (std::size_t i = 0; i < kRows; ++i) {
    HWY_UNROLL(2)
    for (std::size_t v = 0; v < kVectors; ++v) {
      const std::size_t j = column + v * lanes;
      if (t.bias != nullptr) sum[i][v] = hn::Add(sum[i][v], hn::LoadU(d, t.bias + j));
      sum[i][v] = rectified(d, t.activation, sum[i][v]);  // GELU: finish_gelu
      if (t.residual != nullptr && t.activation != Activation::kGelu) {
        sum[i][v] = hn::Add(sum[i][v], hn::LoadU(d, t.residual + i * t.residual_stride + j));
      }
    }
  }
}

/// GELU and the residual of a tile just stored. A pass of its own: thirty instructions times 28
/// registers would make every tile function many times larger.
void finish_gelu(const Tile& t, std::size_t rows) {
  const Lane d;
  for (std::size_t i = 0; i < rows; ++i) {
    float* c = t.c + i * t.c_stride;
    for (std::size_t j = 0; j < t.width; j += hn::Lanes(d)) {
      Vec x = gelu(d, hn::LoadU(d, c + j));
      if (t.residual != nullptr) {
        x = hn::Add(x, hn::LoadU(d, t.residual + i * t.residual_stride + j));
      }
      hn::StoreU(x, d, c + j);
    }
  }
}

/// Adds `depth` steps to each sum.
template <Product kProduct, std::size_t kRows, std::size_t kVectors>
HWY_INLINE void accumulate(const Tile& t, std::size_t column, Sums<kRows, kVectors>& sum) {
  const Lane d;
  const std::size_t lanes = hn::Lanes(d);
  if (t.depth == 0) return;  // t.b is null
  const float* b = t.b + column;
  for (std::size_t k = 0; k < t.depth; ++k, b += kPanel) {
    if constexpr (kRows <= kFewRows) {
      hwy::Prefetch(b + kAhead);
      hwy::Prefetch(b + kAhead + kPanel / 2);
    }
    Vec row[kVectors];
    HWY_UNROLL(2)
    for (std::size_t v = 0; v < kVectors; ++v) row[v] = hn::LoadU(d, b + v * lanes);
    HWY_UNROLL(16)
    for (std::size_t i = 0; i < kRows; ++i) {
      const Vec a = hn::Set(d, t.a[i * t.a_stride + k]);
      HWY_UNROLL(2)
      for (std::size_t v = 0; v < kVectors; ++v)
        sum[i][v] = multiply_add<kProduct>(a, row[v], sum[i][v]);
    }
  }
}

/// Returns the columns of a register tile from `column` on: kVectors vectors of them.
template <Product kProduct, std::size_t kRows, std::size_t kVectors>
HWY_INLINE void multiply_columns(const Tile& t, std::size_t column) {
  const Lane d;
  const std::size_t lanes = hn::Lanes(d);
  Sums<kRows, kVectors> sum;
  HWY_UNROLL(16)
  for (std::size_t i = 0; i < kRows; ++i) {
    HWY_UNROLL(2)
    for (std::size_t v = 0; v < kVectors; ++v) {
      sum[i][v] = t.first ? hn::Zero(d) : hn::LoadU(d, t.c + i * t.c_stride + column + v * lanes);
    }
  }
  accumulate<kProduct, kRows, kVectors>(t, column, sum);
  if (t.last) finish<kRows, kVectors>(t, column, sum);
  HWY_UNROLL(16)
  for (std::size_t i = 0; i < kRows; ++i) {
    float* const c = t.c + (t.targets == nullptr ? i : t.targets[i]) * t.c_stride + column;
    HWY_UNROLL(2)
    for (std::size_t v = 0; v < kVectors; ++v) {
      if (t.targets != nullptr) sum[i][v] = hn::Add(hn::LoadU(d, c + v * lanes), sum[i][v]);
      hn::StoreU(sum[i][v], d, c + v * lanes);
    }
  }
}

/// The register tile: kRows rows, two vectors of columns at a time, or the one that is left.
template <Product kProduct, std::size_t kRows>
void multiply_tile(const Tile& t) {
  const std::size_t lanes = hn::Lanes(Lane());
  std::size_t column = 0;
  for (; column + 2 * lanes <= t.width; column += 2 * lanes) {
    multiply_columns<kProduct, kRows, 2>(t, column);
  }
  if (column < t.width) multiply_columns<kProduct, kRows, 1>(t, column);
  if (t.last && t.activation == Activation::kGelu) finish_gelu(t, kRows);
}

/// The pooled register tile. Bias and activation keep order, so they wait for the maximum.
template <Product kProduct, std::size_t kRows>
void multiply_tile_pooled(const Tile& t) {
  const Lane d;
  const std::size_t lanes = hn::Lanes(d);
  for (std::size_t column = 0; column < kPanel; column += 2 * lanes) {
    Sums<kRows, 2> sum;
    HWY_UNROLL(16)
    for (std::size_t i = 0; i < kRows; ++i) sum[i][0] = sum[i][1] = hn::Zero(d);
    accumulate<kProduct, kRows, 2>(t, column, sum);
    Sums<1, 2> largest = {{sum[0][0], sum[0][1]}};
    HWY_UNROLL(16)
    for (std::size_t i = 1; i < kRows; ++i) {
      largest[0][0] = hn::Max(largest[0][0], sum[i][0]);
      largest[0][1] = hn::Max(largest[0][1], sum[i][1]);
    }
    finish<1, 2>(t, column, largest);
    float* c = t.c + column;
    if (!t.first) {
      largest[0][0] = hn::Max(largest[0][0], hn::LoadU(d, c));
      largest[0][1] = hn::Max(largest[0][1], hn::LoadU(d, c + lanes));
    }
    hn::StoreU(largest[0][0], d, c);
    hn::StoreU(largest[0][1], d, c + lanes);
  }
}

using TileFunction = void (*)(const Tile&);

template <Product kProduct, std::size_t... kRows>
constexpr std::array<TileFunction, sizeof...(kRows)> tile_functions(std::index_sequence<kRows...>) {
  return {&multiply_tile<kProduct, kRows + 1>...};
}
template <Product kProduct, std::size_t... kRows>
constexpr std::array<TileFunction, sizeof...(kRows)> pooled_functions(
    std::index_sequence<kRows...>) {
  return {&multiply_tile_pooled<kProduct, kRows + 1>...};
}

/// [rows - 1] handles a tile of `rows` rows.
template <Product kProduct>
constexpr auto kTileFunctions = tile_functions<kProduct>(std::make_index_sequence<kMaxRows>{});
template <Product kProduct>
constexpr auto kPooledFunctions = pooled_functions<kProduct>(std::make_index_sequence<kMaxRows>{});

}  // namespace
}  // namespace ptattn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // toggled include guard
