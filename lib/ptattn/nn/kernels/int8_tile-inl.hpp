// Register tiles of products of bytes, compiled once per Highway target; see int8_gemm.cpp.

#if defined(PTATTN_NN_KERNELS_INT8_TILE_INL_HPP) == defined(HWY_TARGET_TOGGLE)
#ifdef PTATTN_NN_KERNELS_INT8_TILE_INL_HPP
#undef PTATTN_NN_KERNELS_INT8_TILE_INL_HPP
#else
#define PTATTN_NN_KERNELS_INT8_TILE_INL_HPP
#endif

#include <array>
#include <cstddef>
#include <cstdint>
#include <utility>

#include <hwy/highway.h>

#include "ptattn/nn/kernels/activation.hpp"
#include "ptattn/nn/kernels/int8_dot-inl.hpp"
#include "ptattn/nn/kernels/int8_matrix.hpp"
#include "ptattn/nn/kernels/math-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace ptattn::HWY_NAMESPACE {
namespace {

constexpr std::size_t kPanel = Int8Matrix::kPanel;

/// One register tile's job: rows of a against one or two vectors of columns. The columns are the
/// first of all that the pointers show.
struct Tile {
  const std::uint8_t* a;
  const float* a_scale;
  const std::int32_t* a_zero;
  std::size_t depth;
  const std::int8_t* b;
  const std::int32_t* sums;  // of the products, rows of a panel each; nullptr: not known yet
  const float* b_scale;
  const std::int32_t* b_sum;
  const float* bias;      // nullptr: none
  const float* residual;  // nullptr: none
  std::size_t residual_stride;
  float* c;  // or the largest of the rows
  std::size_t c_stride;
  const std::uint16_t* targets;  // rows of c, to which a tile's rows are added; nullptr: none
  Activation activation;
};

template <std::size_t kRows, std::size_t kVectors>
using Products = Floats[kRows][kVectors];

/// scale_i sum_k (a[i, k] - zero_i) b[k, j] of the tile.
template <std::size_t kRows, std::size_t kVectors>
HWY_INLINE void multiply_tile(const Tile& t, Products<kRows, kVectors>& product) {
  const IntLane d;
  const std::size_t lanes = hn::Lanes(d);
  Ints sum[kRows][kVectors];
  HWY_UNROLL(16)
  for (std::size_t i = 0; i < kRows; ++i) {
    const Ints zero = hn::Set(d, -t.a_zero[i]);
    HWY_UNROLL(2)
    for (std::size_t v = 0; v < kVectors; ++v) {
      sum[i][v] = hn::Mul(zero, hn::LoadU(d, t.b_sum + v * lanes));
    }
  }
  if (t.sums != nullptr) {
    HWY_UNROLL(16)
    for (std::size_t i = 0; i < kRows; ++i) {
      HWY_UNROLL(2)
      for (std::size_t v = 0; v < kVectors; ++v) {
        const Ints known = hn::LoadU(d, t.sums + i * kPanel + v * lanes);
        sum[i][v] = hn::Add(sum[i][v], known);
      }
    }
  } else {
    for (std::size_t k = 0; k < t.depth; k += Int8Matrix::kStep) {
      add_step<kRows, kVectors>(t.a + k, t.depth, t.b + k * Int8Matrix::kColumns, sum);
    }
  }
  const FloatLane f;
  HWY_UNROLL(16)
  for (std::size_t i = 0; i < kRows; ++i) {
    const Floats scale = hn::Set(f, t.a_scale[i]);
    HWY_UNROLL(2)
    for (std::size_t v = 0; v < kVectors; ++v) {
      product[i][v] = hn::Mul(hn::ConvertTo(f, sum[i][v]), scale);
    }
  }
}

/// rectifier(product s + bias) of the vector that starts at column j of the tile.
HWY_INLINE Floats finish(const Tile& t, std::size_t j, Floats product) {
  const FloatLane d;
  const Floats bias = t.bias != nullptr ? hn::LoadU(d, t.bias + j) : hn::Zero(d);
  return rectified(d, t.activation, hn::MulAdd(product, hn::LoadU(d, t.b_scale + j), bias));
}

/// GELU and the residual of `width` columns of a tile just stored: a pass of its own, as in
/// gemm_tile-inl.hpp. What products of 8 bits take in afterwards is hundreds of times as coarse as
/// the function.
void finish_gelu(const Tile& t, std::size_t rows, std::size_t width) {
  const FloatLane d;
  for (std::size_t i = 0; i < rows; ++i) {
    float* const c = t.c + i * t.c_stride;
    for (std::size_t j = 0; j < width; j += hn::Lanes(d)) {
      Floats x = rough_gelu(d, hn::LoadU(d, c + j));
      if (t.residual != nullptr) {
        x = hn::Add(x, hn::LoadU(d, t.residual + i * t.residual_stride + j));
      }
      hn::StoreU(x, d, c + j);
    }
  }
}

template <std::size_t kRows, std::size_t kVectors>
void store_tile(const Tile& t) {
  const FloatLane d;
  const std::size_t lanes = hn::Lanes(d);
  Products<kRows, kVectors> product;
  multiply_tile<kRows, kVectors>(t, product);
  const bool is_gelu = t.activation == Activation::kGelu;
  HWY_UNROLL(16)
  for (std::size_t i = 0; i < kRows; ++i) {
    float* const c = t.c + (t.targets == nullptr ? i : t.targets[i]) * t.c_stride;
    HWY_UNROLL(2)
    for (std::size_t v = 0; v < kVectors; ++v) {
      const std::size_t j = v * lanes;
      Floats x = finish(t, j, product[i][v]);
      if (t.residual != nullptr && !is_gelu) {
        x = hn::Add(x, hn::LoadU(d, t.residual + i * t.residual_stride + j));
      }
      if (t.targets != nullptr) x = hn::Add(hn::LoadU(d, c + j), x);
      hn::StoreU(x, d, c + j);
    }
  }
  if (is_gelu) finish_gelu(t, kRows, kVectors * lanes);
}

/// Raises the largest values so far.
template <std::size_t kRows, std::size_t kVectors>
void raise_tile(const Tile& t) {
  const FloatLane d;
  Products<kRows, kVectors> product;
  multiply_tile<kRows, kVectors>(t, product);
  for (std::size_t v = 0; v < kVectors; ++v) {
    Floats largest = hn::LoadU(d, t.c + v * hn::Lanes(d));
    HWY_UNROLL(16)
    for (std::size_t i = 0; i < kRows; ++i) largest = hn::Max(largest, product[i][v]);
    hn::StoreU(largest, d, t.c + v * hn::Lanes(d));
  }
}

using TileFunction = void (*)(const Tile&);

/// [rows - 1] handles a tile of `rows` rows.
template <std::size_t kVectors, std::size_t... kRows>
constexpr auto store_functions(std::index_sequence<kRows...>) {
  return std::array<TileFunction, sizeof...(kRows)>{&store_tile<kRows + 1, kVectors>...};
}
template <std::size_t kVectors, std::size_t... kRows>
constexpr auto raise_functions(std::index_sequence<kRows...>) {
  return std::array<TileFunction, sizeof...(kRows)>{&raise_tile<kRows + 1, kVectors>...};
}

/// What is done with tiles: [vectors - 1] handles those of so many vectors.
using TileFunctions = std::array<std::array<TileFunction, kMaxRows>, 2>;
constexpr TileFunctions kStoreTile = {store_functions<1>(std::make_index_sequence<kMaxRows>{}),
                                      store_functions<2>(std::make_index_sequence<kMaxRows>{})};
constexpr TileFunctions kRaiseTile = {raise_functions<1>(std::make_index_sequence<kMaxRows>{}),
                                      raise_functions<2>(std::make_index_sequence<kMaxRows>{})};

/// Goes on to the rows below.
void move_down(Tile& t, std::size_t rows) {
  t.a += rows * t.depth;
  t.a_scale += rows;
  t.a_zero += rows;
  if (t.targets != nullptr) {
    t.targets += rows;
  } else {
    t.c += rows * t.c_stride;
  }
  if (t.sums != nullptr) t.sums += rows * kPanel;
  if (t.residual != nullptr) t.residual += rows * t.residual_stride;
}

/// All rows against one or two vectors of columns. The tiles share the rows evenly.
void multiply_columns(const TileFunctions& functions, Tile t, std::size_t rows,
                      std::size_t vectors) {
  const std::size_t tiles = (rows + kMaxRows - 1) / kMaxRows;
  for (std::size_t i = 0; i < tiles; ++i) {
    const std::size_t height = (i + 1) * rows / tiles - i * rows / tiles;
    functions[vectors - 1][height - 1](t);
    move_down(t, height);
  }
}

}  // namespace
}  // namespace ptattn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#endif  // toggled include guard
