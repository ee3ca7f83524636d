#include "ptattn/nn/kernels/gemm.hpp"

#include <algorithm>
#include <array>
#include <utility>

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ptattn/nn/kernels/gemm.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep

#include <hwy/cache_control.h>
#include <hwy/highway.h>

#include "ptattn/nn/kernels/math-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace ptattn::HWY_NAMESPACE {
namespace {

constexpr std::size_t kPanel = PackedMatrixView::kPanel;
using Lane = HWY_CAPPED(float, 16);
using Vec = hn::Vec<Lane>;

// Rows of the register tile, two vectors each: 2 kMaxRows accumulators, two vectors of b and one
// broadcast of a must fit the register file (32 registers with AVX-512 and on arm64, else 16).
#if HWY_TARGET <= HWY_AVX3 || HWY_ARCH_ARM_A64
constexpr std::size_t kMaxRows = 14;
#else
constexpr std::size_t kMaxRows = 6;
#endif

// Depth of a block: this many rows of one panel (32 KiB) stay in the first-level cache while all
// rows of a pass by.
constexpr std::size_t kDepth = 256;

// Few rows pass so fast that the weights, read once, do not arrive in time.
constexpr std::size_t kFewRows = 2;
constexpr std::size_t kAhead = 64 * kPanel;

/// One register tile's job: `depth` steps for `kPanel` columns. The product is continued from c
/// unless `first`, and finished by bias, activation and residual if `last`.
///
/// A pooled tile has the whole depth, finishes, and leaves the maximum of its rows in the one row
/// c, together with what c holds unless `first`.
struct Tile {
  const float* a;
  std::size_t a_stride;
  const float* b;
  std::size_t depth;
  const float* bias;      // of the panel's columns; nullptr: none
  const float* residual;  // nullptr: none
  std::size_t residual_stride;
  float* c;
  std::size_t c_stride;
  Activation activation;
  bool first;
  bool last;
};

HWY_INLINE Vec activate(Lane d, Activation activation, Vec x) {
  switch (activation) {
    case Activation::kRelu:
      return hn::Max(x, hn::Zero(d));
    case Activation::kLeakyRelu:
      return hn::Max(x, hn::Mul(x, hn::Set(d, kLeakyReluSlope)));
    case Activation::kGelu:  // finish_gelu
    case Activation::kNone:
      break;
  }
  return x;
}

template <std::size_t kRows>
HWY_INLINE void finish(const Tile& t, std::size_t column, Vec (&sum)[kRows][2]) {
  const Lane d;
  const std::size_t lanes = hn::Lanes(d);
  HWY_UNROLL(16)
  for (std::size_t i = 0; i < kRows; ++i) {
    HWY_UNROLL(2)
    for (std::size_t v = 0; v < 2; ++v) {
      const std::size_t j = column + v * lanes;
      if (t.bias != nullptr) sum[i][v] = hn::Add(sum[i][v], hn::LoadU(d, t.bias + j));
      sum[i][v] = activate(d, t.activation, sum[i][v]);
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
    for (std::size_t j = 0; j < kPanel; j += hn::Lanes(d)) {
      Vec x = gelu(d, hn::LoadU(d, c + j));
      if (t.residual != nullptr) {
        x = hn::Add(x, hn::LoadU(d, t.residual + i * t.residual_stride + j));
      }
      hn::StoreU(x, d, c + j);
    }
  }
}

/// Adds `depth` products to each sum.
template <std::size_t kRows>
HWY_INLINE void accumulate(const Tile& t, std::size_t column, Vec (&sum)[kRows][2]) {
  const Lane d;
  const std::size_t lanes = hn::Lanes(d);
  const float* b = t.b + column;
  for (std::size_t k = 0; k < t.depth; ++k, b += kPanel) {
    if constexpr (kRows <= kFewRows) {
      hwy::Prefetch(b + kAhead);
      hwy::Prefetch(b + kAhead + kPanel / 2);
    }
    const Vec b0 = hn::LoadU(d, b);
    const Vec b1 = hn::LoadU(d, b + lanes);
    HWY_UNROLL(16)
    for (std::size_t i = 0; i < kRows; ++i) {
      const Vec a = hn::Set(d, t.a[i * t.a_stride + k]);
      sum[i][0] = hn::MulAdd(a, b0, sum[i][0]);
      sum[i][1] = hn::MulAdd(a, b1, sum[i][1]);
    }
  }
}

/// The register tile: kRows rows, two vectors of columns at a time.
template <std::size_t kRows>
void multiply_tile(const Tile& t) {
  const Lane d;
  const std::size_t lanes = hn::Lanes(d);
  for (std::size_t column = 0; column < kPanel; column += 2 * lanes) {
    Vec sum[kRows][2];
    HWY_UNROLL(16)
    for (std::size_t i = 0; i < kRows; ++i) {
      const float* c = t.c + i * t.c_stride + column;
      sum[i][0] = t.first ? hn::Zero(d) : hn::LoadU(d, c);
      sum[i][1] = t.first ? hn::Zero(d) : hn::LoadU(d, c + lanes);
    }
    accumulate<kRows>(t, column, sum);
    if (t.last) finish<kRows>(t, column, sum);
    HWY_UNROLL(16)
    for (std::size_t i = 0; i < kRows; ++i) {
      float* c = t.c + i * t.c_stride + column;
      hn::StoreU(sum[i][0], d, c);
      hn::StoreU(sum[i][1], d, c + lanes);
    }
  }
  if (t.last && t.activation == Activation::kGelu) finish_gelu(t, kRows);
}

/// The pooled register tile. Bias and activation keep order, so they wait for the maximum.
template <std::size_t kRows>
void multiply_tile_pooled(const Tile& t) {
  const Lane d;
  const std::size_t lanes = hn::Lanes(d);
  for (std::size_t column = 0; column < kPanel; column += 2 * lanes) {
    Vec sum[kRows][2];
    HWY_UNROLL(16)
    for (std::size_t i = 0; i < kRows; ++i) sum[i][0] = sum[i][1] = hn::Zero(d);
    accumulate<kRows>(t, column, sum);
    Vec largest[1][2] = {{sum[0][0], sum[0][1]}};
    HWY_UNROLL(16)
    for (std::size_t i = 1; i < kRows; ++i) {
      largest[0][0] = hn::Max(largest[0][0], sum[i][0]);
      largest[0][1] = hn::Max(largest[0][1], sum[i][1]);
    }
    finish<1>(t, column, largest);
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

template <std::size_t... kRows>
constexpr std::array<TileFunction, sizeof...(kRows)> tile_functions(std::index_sequence<kRows...>) {
  return {&multiply_tile<kRows + 1>...};
}
template <std::size_t... kRows>
constexpr std::array<TileFunction, sizeof...(kRows)> pooled_functions(
    std::index_sequence<kRows...>) {
  return {&multiply_tile_pooled<kRows + 1>...};
}

/// [rows - 1] handles a tile of `rows` rows.
constexpr auto kTileFunctions = tile_functions(std::make_index_sequence<kMaxRows>{});
constexpr auto kPooledFunctions = pooled_functions(std::make_index_sequence<kMaxRows>{});

/// The last panel may reach beyond c: computes in a buffer of whole panels and copies the `width`
/// columns that exist.
void multiply_edge_tile(Tile t, std::size_t rows, std::size_t width) {
  std::array<float, kMaxRows * kPanel> c;
  std::array<float, kMaxRows * kPanel> residual;
  std::array<float, kPanel> bias;
  for (std::size_t i = 0; i < rows && !t.first; ++i) {
    std::copy_n(t.c + i * t.c_stride, width, c.data() + i * kPanel);
    std::fill(c.data() + i * kPanel + width, c.data() + (i + 1) * kPanel, 0.0F);
  }
  if (t.residual != nullptr) {
    residual.fill(0.0F);
    for (std::size_t i = 0; i < rows; ++i) {
      std::copy_n(t.residual + i * t.residual_stride, width, residual.data() + i * kPanel);
    }
    t.residual = residual.data();
    t.residual_stride = kPanel;
  }
  if (t.bias != nullptr) {
    bias.fill(0.0F);
    std::copy_n(t.bias, width, bias.data());
    t.bias = bias.data();
  }
  float* const target = std::exchange(t.c, c.data());
  const std::size_t target_stride = std::exchange(t.c_stride, kPanel);
  kTileFunctions[rows - 1](t);
  for (std::size_t i = 0; i < rows; ++i) {
    std::copy_n(c.data() + i * kPanel, width, target + i * target_stride);
  }
}

/// All rows against `depth` rows of one panel. The tiles share the rows evenly, so that none of
/// them is much smaller than the others.
void multiply_panel(Tile t, std::size_t rows, std::size_t width) {
  const std::size_t tiles = (rows + kMaxRows - 1) / kMaxRows;
  for (std::size_t i = 0; i < tiles; ++i) {
    const std::size_t height = (i + 1) * rows / tiles - i * rows / tiles;
    if (width == kPanel) {
      kTileFunctions[height - 1](t);
    } else {
      multiply_edge_tile(t, height, width);
    }
    t.a += height * t.a_stride;
    t.c += height * t.c_stride;
    if (t.residual != nullptr) t.residual += height * t.residual_stride;
  }
}

/// All rows against one panel, pooled. Tiles share the rows as in multiply_panel.
void pool_panel(Tile t, std::size_t rows, std::size_t width) {
  std::array<float, kPanel> c;
  std::array<float, kPanel> bias;
  float* const target = t.c;
  if (width < kPanel) {  // as in multiply_edge_tile
    t.c = c.data();
    bias.fill(0.0F);
    if (t.bias != nullptr) std::copy_n(t.bias, width, bias.data());
    t.bias = bias.data();
  }
  const std::size_t tiles = (rows + kMaxRows - 1) / kMaxRows;
  for (std::size_t i = 0; i < tiles; ++i) {
    const std::size_t height = (i + 1) * rows / tiles - i * rows / tiles;
    kPooledFunctions[height - 1](t);
    t.a += height * t.a_stride;
    t.first = false;
  }
  if (width < kPanel) std::copy_n(c.data(), width, target);
}

}  // namespace

void multiply(MatrixView a, PackedMatrixView b, std::size_t panel_begin, std::size_t panel_end,
              const Epilogue& epilogue, MutableMatrixView c) {
  // A product over k = 0 terms still has an epilogue.
  const std::size_t blocks = std::max<std::size_t>(1, (a.cols + kDepth - 1) / kDepth);
  for (std::size_t block = 0; block < blocks; ++block) {
    const std::size_t k = block * kDepth;
    for (std::size_t p = panel_begin; p < panel_end; ++p) {
      const std::size_t column = p * kPanel;
      const MatrixView& residual = epilogue.residual;
      const Tile tile{
          .a = a.data + k,
          .a_stride = a.stride,
          .b = b.panel(p) + k * kPanel,
          .depth = std::min(kDepth, a.cols - k),
          .bias = epilogue.bias != nullptr ? epilogue.bias + column : nullptr,
          .residual = residual.data != nullptr ? residual.data + column : nullptr,
          .residual_stride = residual.stride,
          .c = c.data + column,
          .c_stride = c.stride,
          .activation = epilogue.activation,
          .first = block == 0,
          .last = block + 1 == blocks,
      };
      multiply_panel(tile, a.rows, std::min(kPanel, b.cols - column));
    }
  }
}

void multiply_max(MatrixView a, PackedMatrixView b, std::size_t panel_begin, std::size_t panel_end,
                  const Epilogue& epilogue, std::size_t group, MutableMatrixView out) {
  for (std::size_t p = panel_begin; p < panel_end; ++p) {
    const std::size_t column = p * kPanel;
    for (std::size_t g = 0; g < out.rows; ++g) {
      const Tile tile{
          .a = a.row(g * group),
          .a_stride = a.stride,
          .b = b.panel(p),
          .depth = a.cols,
          .bias = epilogue.bias != nullptr ? epilogue.bias + column : nullptr,
          .residual = nullptr,
          .residual_stride = 0,
          .c = out.row(g) + column,
          .c_stride = 0,
          .activation = epilogue.activation,
          .first = true,
          .last = true,
      };
      pool_panel(tile, group, std::min(kPanel, b.cols - column));
    }
  }
}

}  // namespace ptattn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ptattn {

HWY_EXPORT(multiply);
HWY_EXPORT(multiply_max);

void gemm(MatrixView a, PackedMatrixView b, std::size_t panel_begin, std::size_t panel_end,
          const Epilogue& epilogue, MutableMatrixView c) {
  HWY_DYNAMIC_DISPATCH(multiply)(a, b, panel_begin, panel_end, epilogue, c);
}

void gemm_max(MatrixView a, PackedMatrixView b, std::size_t panel_begin, std::size_t panel_end,
              const Epilogue& epilogue, std::size_t group, MutableMatrixView out) {
  HWY_DYNAMIC_DISPATCH(multiply_max)(a, b, panel_begin, panel_end, epilogue, group, out);
}

}  // namespace ptattn
#endif  // HWY_ONCE
