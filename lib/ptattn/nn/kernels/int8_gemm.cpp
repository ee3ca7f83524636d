// Blocking. A panel of b (32 columns) of the depths that networks have, 64 to 1280, takes 2 to
// 40 KiB, so the product is not cut along its depth: a register tile of kRows rows and two vectors
// of columns runs through all of it, while the panel stays in the first-level cache for all rows.
// Every 32-bit lane belongs to one column. Four numbers of a row of a are broadcast to all lanes
// and meet the four weights that each column has there:
//
//   AMX       blocks of 32 rows come as sums from the matrix unit, see int8_amx.cpp;
//   VNNI      one instruction adds the four products to the lane;
//   others    pmaddubsw gives two 16-bit sums of two products. Four of them fit into 16 bits
//   of x86    (Int8Matrix sees to that), so only then pmaddwd widens them to the lane's 32: five
//             multiplications where other libraries need eight;
//   else      four multiply-adds in 32 bits.
//
// All of it is exact. Scales, bias and activation follow in float32 while the tile is in registers.

#include "ptattn/nn/kernels/int8_gemm.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>
#include <utility>

#include "ptattn/core/cpu_level.hpp"
#include "ptattn/nn/kernels/int8_amx.hpp"

#define HWY_WANT_AVX3_DL  // the level with VNNI
#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ptattn/nn/kernels/int8_gemm.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep

#include <hwy/highway.h>

#include "ptattn/nn/kernels/int8_dot-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace ptattn::HWY_NAMESPACE {
namespace {

constexpr std::size_t kPanel = Int8Matrix::kPanel;

/// One register tile's job: rows of a against two vectors of columns. The columns are the first of
/// all that the pointers show.
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
  Activation activation;
};

/// scale_i sum_k (a[i, k] - zero_i) b[k, j] of the tile.
template <std::size_t kRows>
HWY_INLINE void multiply_tile(const Tile& t, Floats (&product)[kRows][2]) {
  const IntLane d;
  const std::size_t lanes = hn::Lanes(d);
  Ints sum[kRows][2];
  HWY_UNROLL(16)
  for (std::size_t i = 0; i < kRows; ++i) {
    const Ints zero = hn::Set(d, -t.a_zero[i]);
    sum[i][0] = hn::Mul(zero, hn::LoadU(d, t.b_sum));
    sum[i][1] = hn::Mul(zero, hn::LoadU(d, t.b_sum + lanes));
  }
  if (t.sums != nullptr) {
    HWY_UNROLL(16)
    for (std::size_t i = 0; i < kRows; ++i) {
      for (std::size_t v = 0; v < 2; ++v) {
        const Ints known = hn::LoadU(d, t.sums + i * kPanel + v * lanes);
        sum[i][v] = hn::Add(sum[i][v], known);
      }
    }
  } else {
    for (std::size_t k = 0; k < t.depth; k += Int8Matrix::kStep) {
      add_step<kRows>(t.a + k, t.depth, t.b + k * Int8Matrix::kColumns, sum);
    }
  }
  const FloatLane f;
  HWY_UNROLL(16)
  for (std::size_t i = 0; i < kRows; ++i) {
    const Floats scale = hn::Set(f, t.a_scale[i]);
    product[i][0] = hn::Mul(hn::ConvertTo(f, sum[i][0]), scale);
    product[i][1] = hn::Mul(hn::ConvertTo(f, sum[i][1]), scale);
  }
}

/// activation(product s + bias) of the vector that starts at column j of the tile.
HWY_INLINE Floats finish(const Tile& t, std::size_t j, Floats product) {
  const FloatLane d;
  const Floats bias = t.bias != nullptr ? hn::LoadU(d, t.bias + j) : hn::Zero(d);
  return activated(d, t.activation, hn::MulAdd(product, hn::LoadU(d, t.b_scale + j), bias));
}

template <std::size_t kRows>
void store_tile(const Tile& t) {
  const FloatLane d;
  Floats product[kRows][2];
  multiply_tile<kRows>(t, product);
  HWY_UNROLL(16)
  for (std::size_t i = 0; i < kRows; ++i) {
    for (std::size_t v = 0; v < 2; ++v) {
      const std::size_t j = v * hn::Lanes(d);
      Floats x = finish(t, j, product[i][v]);
      if (t.residual != nullptr) {
        x = hn::Add(x, hn::LoadU(d, t.residual + i * t.residual_stride + j));
      }
      hn::StoreU(x, d, t.c + i * t.c_stride + j);
    }
  }
}

/// Raises the largest values so far.
template <std::size_t kRows>
void raise_tile(const Tile& t) {
  const FloatLane d;
  Floats product[kRows][2];
  multiply_tile<kRows>(t, product);
  for (std::size_t v = 0; v < 2; ++v) {
    Floats largest = hn::LoadU(d, t.c + v * hn::Lanes(d));
    HWY_UNROLL(16)
    for (std::size_t i = 0; i < kRows; ++i) largest = hn::Max(largest, product[i][v]);
    hn::StoreU(largest, d, t.c + v * hn::Lanes(d));
  }
}

using TileFunction = void (*)(const Tile&);

/// [rows - 1] handles a tile of `rows` rows.
template <std::size_t... kRows>
constexpr auto store_functions(std::index_sequence<kRows...>) {
  return std::array<TileFunction, sizeof...(kRows)>{&store_tile<kRows + 1>...};
}
template <std::size_t... kRows>
constexpr auto raise_functions(std::index_sequence<kRows...>) {
  return std::array<TileFunction, sizeof...(kRows)>{&raise_tile<kRows + 1>...};
}
using TileFunctions = std::array<TileFunction, kMaxRows>;
constexpr TileFunctions kStoreTile = store_functions(std::make_index_sequence<kMaxRows>{});
constexpr TileFunctions kRaiseTile = raise_functions(std::make_index_sequence<kMaxRows>{});

/// Goes on to the rows below.
void move_down(Tile& t, std::size_t rows) {
  t.a += rows * t.depth;
  t.a_scale += rows;
  t.a_zero += rows;
  t.c += rows * t.c_stride;
  if (t.sums != nullptr) t.sums += rows * kPanel;
  if (t.residual != nullptr) t.residual += rows * t.residual_stride;
}

/// All rows against two vectors of columns. The tiles share the rows evenly.
void multiply_columns(const TileFunctions& functions, Tile t, std::size_t rows) {
  const std::size_t tiles = (rows + kMaxRows - 1) / kMaxRows;
  for (std::size_t i = 0; i < tiles; ++i) {
    const std::size_t height = (i + 1) * rows / tiles - i * rows / tiles;
    functions[height - 1](t);
    move_down(t, height);
  }
}

#if HWY_TARGET == HWY_AVX3_DL
/// As many rows as make whole blocks of AMX; goes on to the rows that are left and returns their
/// number.
std::size_t multiply_by_amx(const TileFunctions& functions, Tile& t, std::size_t rows) {
  if (rows < AmxTiles::kRows || t.depth % AmxTiles::kDepth != 0 || !uses_amx()) return rows;
  const AmxTiles tiles;
  alignas(64) std::array<std::int32_t, AmxTiles::kRows * kPanel> sums;
  for (; rows >= AmxTiles::kRows; rows -= AmxTiles::kRows) {
    tiles.multiply(t.a, t.depth, t.b, sums.data());
    t.sums = sums.data();
    multiply_columns(functions, t, AmxTiles::kRows);
    t.sums = nullptr;
    move_down(t, AmxTiles::kRows);
  }
  return rows;
}
#else
/// No other level has AMX.
std::size_t multiply_by_amx(const TileFunctions&, const Tile&, std::size_t rows) {
  return rows;
}
#endif

/// All rows against the panel p, with pointers of the epilogue to whole panels.
void multiply_panel(const TileFunctions& functions, Tile t, std::size_t rows) {
  rows = multiply_by_amx(functions, t, rows);
  const std::size_t step = 2 * hn::Lanes(FloatLane());
  const std::int8_t* const panel = t.b;
  for (std::size_t column = 0; column < kPanel; column += step) {
    t.b = panel + Int8Matrix::offset(0, column, t.depth);
    multiply_columns(functions, t, rows);
    t.b_scale += step;
    t.b_sum += step;
    t.c += step;
    if (t.bias != nullptr) t.bias += step;
    if (t.residual != nullptr) t.residual += step;
  }
}

Tile tile_of(const ByteRowsView& a, const Int8Matrix& b, std::size_t p, const Epilogue& epilogue) {
  const std::size_t column = p * kPanel;
  const MatrixView& residual = epilogue.residual;
  return {.a = a.data,
          .a_scale = a.scale,
          .a_zero = a.zero,
          .depth = a.depth,
          .b = b.panel(p),
          .sums = nullptr,
          .b_scale = b.scales() + column,
          .b_sum = b.sums() + column,
          .bias = epilogue.bias != nullptr ? epilogue.bias + column : nullptr,
          .residual = residual.data != nullptr ? residual.data + column : nullptr,
          .residual_stride = residual.stride,
          .c = nullptr,
          .c_stride = 0,
          .activation = epilogue.activation};
}

// The last panel may reach beyond c: its `width` columns go through buffers of whole panels, as
// many rows at a time as these hold.
constexpr std::size_t kEdgeRows = 4 * kMaxRows;

struct Edge {
  std::array<float, kEdgeRows * kPanel> c;
  std::array<float, kEdgeRows * kPanel> residual;
  std::array<float, kPanel> bias;
};

/// Points `t` to a copy of its bias that fills a whole panel.
void widen_bias(Tile& t, std::size_t width, Edge& edge) {
  if (t.bias == nullptr) return;
  edge.bias.fill(0.0F);
  std::copy_n(t.bias, width, edge.bias.data());
  t.bias = edge.bias.data();
}

/// At most kEdgeRows rows against a panel of which `width` columns exist.
void multiply_edge(Tile t, std::size_t rows, std::size_t width) {
  Edge edge;
  widen_bias(t, width, edge);
  if (t.residual != nullptr) {
    edge.residual.fill(0.0F);
    for (std::size_t i = 0; i < rows; ++i) {
      std::copy_n(t.residual + i * t.residual_stride, width, edge.residual.data() + i * kPanel);
    }
    t.residual = edge.residual.data();
    t.residual_stride = kPanel;
  }
  float* const target = std::exchange(t.c, edge.c.data());
  const std::size_t target_stride = std::exchange(t.c_stride, kPanel);
  multiply_panel(kStoreTile, t, rows);
  for (std::size_t i = 0; i < rows; ++i) {
    std::copy_n(edge.c.data() + i * kPanel, width, target + i * target_stride);
  }
}

}  // namespace

void multiply_bytes(const ByteRowsView& a, const Int8Matrix& b, std::size_t panel_begin,
                    std::size_t panel_end, const Epilogue& epilogue, MutableMatrixView c) {
  for (std::size_t p = panel_begin; p < panel_end; ++p) {
    const std::size_t column = p * kPanel;
    const std::size_t width = std::min(kPanel, b.cols() - column);
    Tile tile = tile_of(a, b, p, epilogue);
    tile.c = c.data + column;
    tile.c_stride = c.stride;
    if (width == kPanel) {
      multiply_panel(kStoreTile, tile, a.rows);
      continue;
    }
    for (std::size_t i = 0; i < a.rows; i += kEdgeRows) {
      const std::size_t rows = std::min(kEdgeRows, a.rows - i);
      Epilogue part = epilogue;
      if (part.residual.data != nullptr) part.residual = part.residual.rows_range(i, rows);
      tile = tile_of(a.rows_range(i, rows), b, p, part);
      tile.c = c.row(i) + column;
      tile.c_stride = c.stride;
      multiply_edge(tile, rows, width);
    }
  }
}

void multiply_bytes_max(const ByteRowsView& a, const Int8Matrix& b, std::size_t panel_begin,
                        std::size_t panel_end, const Epilogue& epilogue, float* out) {
  const FloatLane d;
  std::array<float, kPanel> largest;
  for (std::size_t p = panel_begin; p < panel_end; ++p) {
    const std::size_t column = p * kPanel;
    const std::size_t width = std::min(kPanel, b.cols() - column);
    largest.fill(-std::numeric_limits<float>::infinity());
    Tile tile = tile_of(a, b, p, epilogue);
    tile.c = largest.data();
    multiply_panel(kRaiseTile, tile, a.rows);
    Edge edge;
    if (width < kPanel) widen_bias(tile, width, edge);
    for (std::size_t j = 0; j < kPanel; j += hn::Lanes(d)) {
      hn::StoreU(finish(tile, j, hn::LoadU(d, largest.data() + j)), d, largest.data() + j);
    }
    std::copy_n(largest.data(), width, out + column);
  }
}

}  // namespace ptattn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ptattn {

HWY_EXPORT(multiply_bytes);
HWY_EXPORT(multiply_bytes_max);

void int8_gemm(const ByteRowsView& a, const Int8Matrix& b, std::size_t panel_begin,
               std::size_t panel_end, const Epilogue& epilogue, MutableMatrixView c) {
  HWY_DYNAMIC_DISPATCH(multiply_bytes)(a, b, panel_begin, panel_end, epilogue, c);
}

void int8_gemm_max(const ByteRowsView& a, const Int8Matrix& b, std::size_t panel_begin,
                   std::size_t panel_end, const Epilogue& epilogue, float* out) {
  HWY_DYNAMIC_DISPATCH(multiply_bytes_max)(a, b, panel_begin, panel_end, epilogue, out);
}

}  // namespace ptattn
#endif  // HWY_ONCE
