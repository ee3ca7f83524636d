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

#include "ptattn/nn/kernels/int8_tile-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace ptattn::HWY_NAMESPACE {
namespace {

#if HWY_TARGET == HWY_AVX3_DL
/// As many rows as make whole blocks of AMX; goes on to the rows that are left and returns their
/// number.
std::size_t multiply_by_amx(const TileFunctions& functions, Tile& t, std::size_t rows,
                            std::size_t width) {
  if (rows < AmxTiles::kRows || t.depth % AmxTiles::kDepth != 0 || !uses_amx()) return rows;
  const AmxTiles tiles;
  alignas(64) std::array<std::int32_t, AmxTiles::kRows * kPanel> sums;
  for (; rows >= AmxTiles::kRows; rows -= AmxTiles::kRows) {
    tiles.multiply(t.a, t.depth, t.b, sums.data());
    t.sums = sums.data();
    multiply_columns(functions, t, AmxTiles::kRows, width > hn::Lanes(FloatLane()) ? 2 : 1);
    t.sums = nullptr;
    move_down(t, AmxTiles::kRows);
  }
  return rows;
}
#else
/// No other level has AMX.
std::size_t multiply_by_amx(const TileFunctions&, const Tile&, std::size_t rows, std::size_t) {
  return rows;
}
#endif

/// All rows against the first `width` columns of a panel, or some more, with pointers of the
/// epilogue to whole panels.
void multiply_panel(const TileFunctions& functions, Tile t, std::size_t rows, std::size_t width) {
  rows = multiply_by_amx(functions, t, rows, width);
  const std::size_t lanes = hn::Lanes(FloatLane());
  const std::int8_t* const panel = t.b;
  for (std::size_t column = 0; column < width; column += 2 * lanes) {
    t.b = panel + Int8Matrix::offset(0, column, t.depth);
    multiply_columns(functions, t, rows, column + lanes < width ? 2 : 1);
    t.b_scale += 2 * lanes;
    t.b_sum += 2 * lanes;
    t.c += 2 * lanes;
    if (t.bias != nullptr) t.bias += 2 * lanes;
    if (t.residual != nullptr) t.residual += 2 * lanes;
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
          .targets = nullptr,
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
  float* const c = std::exchange(t.c, edge.c.data());
  const std::size_t c_stride = std::exchange(t.c_stride, kPanel);
  const std::uint16_t* const targets = std::exchange(t.targets, nullptr);
  multiply_panel(kStoreTile, t, rows, width);
  for (std::size_t i = 0; i < rows; ++i) {
    const float* const from = edge.c.data() + i * kPanel;
    if (targets == nullptr) {
      std::copy_n(from, width, c + i * c_stride);
    } else {
      float* const to = c + targets[i] * c_stride;
      for (std::size_t j = 0; j < width; ++j) to[j] += from[j];
    }
  }
}

/// All rows of the tile against a panel of which `width` columns exist.
void store_panel(Tile t, std::size_t rows, std::size_t width) {
  if (width % hn::Lanes(FloatLane()) == 0) {
    multiply_panel(kStoreTile, t, rows, width);
    return;
  }
  for (std::size_t i = 0; i < rows; i += kEdgeRows) {
    const std::size_t some = std::min(kEdgeRows, rows - i);
    multiply_edge(t, some, width);
    move_down(t, some);
  }
}

std::size_t width_of(const Int8Matrix& b, std::size_t panel) {
  return std::min(kPanel, b.cols() - panel * kPanel);
}

}  // namespace

void multiply_bytes(const ByteRowsView& a, const Int8Matrix& b, std::size_t panel_begin,
                    std::size_t panel_end, const Epilogue& epilogue, MutableMatrixView c) {
  for (std::size_t p = panel_begin; p < panel_end; ++p) {
    Tile tile = tile_of(a, b, p, epilogue);
    tile.c = c.data + p * kPanel;
    tile.c_stride = c.stride;
    store_panel(tile, a.rows, width_of(b, p));
  }
}

void multiply_bytes_add(const ByteRowsView& a, const Int8Matrix& b, std::size_t panel_begin,
                        std::size_t panel_end, std::span<const std::uint16_t> targets,
                        MutableMatrixView c) {
  for (std::size_t p = panel_begin; p < panel_end; ++p) {
    Tile tile = tile_of(a, b, p, {});
    tile.c = c.data + p * kPanel;
    tile.c_stride = c.stride;
    tile.targets = targets.data();
    store_panel(tile, targets.size(), width_of(b, p));
  }
}

void multiply_bytes_max(const ByteRowsView& a, const Int8Matrix& b, std::size_t panel_begin,
                        std::size_t panel_end, const Epilogue& epilogue, float* out) {
  const FloatLane d;
  std::array<float, kPanel> largest;
  for (std::size_t p = panel_begin; p < panel_end; ++p) {
    const std::size_t column = p * kPanel;
    const std::size_t width = width_of(b, p);
    largest.fill(-std::numeric_limits<float>::infinity());
    Tile tile = tile_of(a, b, p, epilogue);
    tile.c = largest.data();
    multiply_panel(kRaiseTile, tile, a.rows, kPanel);
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
HWY_EXPORT(multiply_bytes_add);
HWY_EXPORT(multiply_bytes_max);

void int8_gemm(const ByteRowsView& a, const Int8Matrix& b, std::size_t panel_begin,
               std::size_t panel_end, const Epilogue& epilogue, MutableMatrixView c) {
  HWY_DYNAMIC_DISPATCH(multiply_bytes)(a, b, panel_begin, panel_end, epilogue, c);
}

void int8_gemm_add(const ByteRowsView& a, const Int8Matrix& b, std::size_t panel_begin,
                   std::size_t panel_end, std::span<const std::uint16_t> targets,
                   MutableMatrixView c) {
  HWY_DYNAMIC_DISPATCH(multiply_bytes_add)(a, b, panel_begin, panel_end, targets, c);
}

void int8_gemm_max(const ByteRowsView& a, const Int8Matrix& b, std::size_t panel_begin,
                   std::size_t panel_end, const Epilogue& epilogue, float* out) {
  HWY_DYNAMIC_DISPATCH(multiply_bytes_max)(a, b, panel_begin, panel_end, epilogue, out);
}

}  // namespace ptattn
#endif  // HWY_ONCE
