// Blocking. b comes in panels of 32 columns (packed_matrix.hpp), the outer loop. A register tile is
// 14 rows of a against the two vectors of such a panel (six rows where there are 16 registers): for
// every row of b that is read, each of its rows is one broadcast number and two multiply-adds, so
// that the sums, 28 of the 32 registers, hide the latency of one another. b is cut into blocks of
// 256 rows: what the tiles of all rows of a read again and again is 32 KiB, the first-level cache.
// Sums return to c between blocks, which costs a load and a store for 256 multiply-adds. a is read
// where it stands: a caller's task is a hundred rows or so, which stay in the second-level cache,
// times a few panels (linear.cpp). Rows are shared evenly between tiles: 15 rows are 8 and 7, not
// 14 and a slow 1. Bias, activation and residual, the maximum over a group of rows, or the addition
// to rows elsewhere happen while a tile is in registers.
//
// In bfloat16 the same loops run over words of two numbers (bfloat16.hpp), half as many of them:
// rows of a are rounded once for all panels, before. In 8 bits they are quantised, likewise, and
// int8_gemm.cpp does the rest.

#include "ptattn/nn/kernels/gemm.hpp"

#include <algorithm>
#include <array>

#include "ptattn/nn/kernels/int8_gemm.hpp"
#include "ptattn/nn/kernels/int8_quantize.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ptattn/nn/kernels/gemm.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep

#include <hwy/highway.h>

#include "ptattn/nn/kernels/gemm_tile-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace ptattn::HWY_NAMESPACE {
namespace {

// Depth of a block: this many rows of one panel (32 KiB) stay in the first-level cache while all
// rows of a pass by.
constexpr std::size_t kDepth = 256;

/// The columns of a tile that make `width` of a panel: whole vectors.
std::size_t whole_vectors(std::size_t width) {
  const std::size_t lanes = hn::Lanes(Lane());
  return (width + lanes - 1) / lanes * lanes;
}

/// A tile of the last panel, which may reach beyond c: it works in buffers of whole vectors, and
/// only the `width` columns that exist are copied to c, or added to its rows.
template <Product kProduct>
class EdgeTile {
 public:
  EdgeTile(const Tile& of, std::size_t rows, std::size_t width)
      : of_(of), buffered_(of), rows_(rows), width_(width) {
    buffered_.c = c_.data();
    buffered_.c_stride = kPanel;
    buffered_.targets = nullptr;
    if (!of.first) load(of.c, of.c_stride, rows, c_.data());
    if (of.residual != nullptr) {
      load(of.residual, of.residual_stride, rows, residual_.data());
      buffered_.residual = residual_.data();
      buffered_.residual_stride = kPanel;
    }
    if (of.bias != nullptr) {
      load(of.bias, 0, 1, bias_.data());
      buffered_.bias = bias_.data();
    }
  }

  void multiply() {
    kTileFunctions<kProduct>[rows_ - 1](buffered_);
    for (std::size_t i = 0; i < rows_; ++i) {
      const float* const from = c_.data() + i * kPanel;
      if (of_.targets == nullptr) {
        std::copy_n(from, width_, of_.c + i * of_.c_stride);
      } else {
        float* const to = of_.c + of_.targets[i] * of_.c_stride;
        for (std::size_t j = 0; j < width_; ++j) to[j] += from[j];
      }
    }
  }

 private:
  void load(const float* from, std::size_t stride, std::size_t rows, float* to) const {
    for (std::size_t i = 0; i < rows; ++i, from += stride, to += kPanel) {
      std::copy_n(from, width_, to);
      std::fill(to + width_, to + kPanel, 0.0F);
    }
  }

  const Tile& of_;
  Tile buffered_;
  std::size_t rows_;
  std::size_t width_;
  std::array<float, kMaxRows * kPanel> c_;
  std::array<float, kMaxRows * kPanel> residual_;
  std::array<float, kPanel> bias_;
};

/// All rows against `depth` rows of one panel, of which `width` columns are wanted. The tiles share
/// the rows evenly, so that none of them is much smaller than the others.
template <Product kProduct>
void multiply_panel(Tile t, std::size_t rows, std::size_t width) {
  const std::size_t tiles = (rows + kMaxRows - 1) / kMaxRows;
  t.width = whole_vectors(width);
  for (std::size_t i = 0; i < tiles; ++i) {
    const std::size_t height = (i + 1) * rows / tiles - i * rows / tiles;
    if (t.width != width) {
      EdgeTile<kProduct>(t, height, width).multiply();
    } else {
      kTileFunctions<kProduct>[height - 1](t);
    }
    t.move_down(height);
  }
}

/// All rows against one panel, pooled. Tiles share the rows as in multiply_panel.
template <Product kProduct>
void pool_panel(Tile t, std::size_t rows, std::size_t width) {
  std::array<float, kPanel> c;
  std::array<float, kPanel> bias;
  float* const target = t.c;
  if (width < kPanel) {  // as in EdgeTile
    t.c = c.data();
    bias.fill(0.0F);
    if (t.bias != nullptr) std::copy_n(t.bias, width, bias.data());
    t.bias = bias.data();
  }
  const std::size_t tiles = (rows + kMaxRows - 1) / kMaxRows;
  for (std::size_t i = 0; i < tiles; ++i) {
    const std::size_t height = (i + 1) * rows / tiles - i * rows / tiles;
    kPooledFunctions<kProduct>[height - 1](t);
    t.a += height * t.a_stride;
    t.first = false;
  }
  if (width < kPanel) std::copy_n(c.data(), width, target);
}

template <Product kProduct>
void multiply_as(MatrixView a, PackedMatrixView b, std::size_t panel_begin, std::size_t panel_end,
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
          .width = kPanel,
          .bias = epilogue.bias != nullptr ? epilogue.bias + column : nullptr,
          .residual = residual.data != nullptr ? residual.data + column : nullptr,
          .residual_stride = residual.stride,
          .c = c.data + column,
          .c_stride = c.stride,
          .targets = nullptr,
          .activation = epilogue.activation,
          .first = block == 0,
          .last = block + 1 == blocks,
      };
      multiply_panel<kProduct>(tile, a.rows, std::min(kPanel, b.cols - column));
    }
  }
}

template <Product kProduct>
void multiply_add_as(MatrixView a, PackedMatrixView b, std::size_t panel_begin,
                     std::size_t panel_end, std::span<const std::uint16_t> targets,
                     MutableMatrixView c) {
  for (std::size_t p = panel_begin; p < panel_end; ++p) {
    const std::size_t column = p * kPanel;
    const Tile tile{
        .a = a.data,
        .a_stride = a.stride,
        .b = b.panel(p),
        .depth = a.cols,
        .width = kPanel,
        .bias = nullptr,
        .residual = nullptr,
        .residual_stride = 0,
        .c = c.data + column,
        .c_stride = c.stride,
        .targets = targets.data(),
        .activation = Activation::kNone,
        .first = true,
        .last = true,
    };
    multiply_panel<kProduct>(tile, targets.size(), std::min(kPanel, b.cols - column));
  }
}

template <Product kProduct>
void multiply_max_as(MatrixView a, PackedMatrixView b, std::size_t panel_begin,
                     std::size_t panel_end, const Epilogue& epilogue, MutableMatrixView out) {
  const std::size_t group = out.rows > 0 ? a.rows / out.rows : 0;
  for (std::size_t p = panel_begin; p < panel_end; ++p) {
    const std::size_t column = p * kPanel;
    for (std::size_t g = 0; g < out.rows; ++g) {
      const Tile tile{
          .a = a.row(g * group),
          .a_stride = a.stride,
          .b = b.panel(p),
          .depth = a.cols,
          .width = kPanel,
          .bias = epilogue.bias != nullptr ? epilogue.bias + column : nullptr,
          .residual = nullptr,
          .residual_stride = 0,
          .c = out.row(g) + column,
          .c_stride = 0,
          .targets = nullptr,
          .activation = epilogue.activation,
          .first = true,
          .last = true,
      };
      pool_panel<kProduct>(tile, group, std::min(kPanel, b.cols - column));
    }
  }
}

Product product_with(PackedMatrixView b) {
  return b.is_bf16 ? bf16_product() : Product::kFloat32;
}

}  // namespace

void multiply(MatrixView a, PackedMatrixView b, std::size_t panel_begin, std::size_t panel_end,
              const Epilogue& epilogue, MutableMatrixView c) {
  with_product(product_with(b), [&](auto p) HWY_ATTR {
    multiply_as<p.value>(a, b, panel_begin, panel_end, epilogue, c);
  });
}

void multiply_add(MatrixView a, PackedMatrixView b, std::size_t panel_begin, std::size_t panel_end,
                  std::span<const std::uint16_t> targets, MutableMatrixView c) {
  with_product(product_with(b), [&](auto p) HWY_ATTR {
    multiply_add_as<p.value>(a, b, panel_begin, panel_end, targets, c);
  });
}

void multiply_max(MatrixView a, PackedMatrixView b, std::size_t panel_begin, std::size_t panel_end,
                  const Epilogue& epilogue, MutableMatrixView out) {
  with_product(product_with(b), [&](auto p) HWY_ATTR {
    multiply_max_as<p.value>(a, b, panel_begin, panel_end, epilogue, out);
  });
}

}  // namespace ptattn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ptattn {

HWY_EXPORT(multiply);
HWY_EXPORT(multiply_add);
HWY_EXPORT(multiply_max);

namespace {

/// Calls body with the rows of a as b takes them.
template <class Body>
void with_rows(MatrixView a, PackedMatrixView b, const Body& body) {
  ScratchMemory scratch;
  if (b.int8 == nullptr) return body(rounded_rows(a, scratch));
  const MutableByteRowsView rows = byte_rows(a.rows, a.cols, scratch);
  quantize_rows(a, 0, rows);
  body(ByteRowsView(rows));
}

}  // namespace

void gemm(MatrixView a, PackedMatrixView b, std::size_t panel_begin, std::size_t panel_end,
          const Epilogue& epilogue, MutableMatrixView c) {
  if (b.is_float32()) {
    HWY_DYNAMIC_DISPATCH(multiply)
    (a, b, panel_begin, panel_end, epilogue, c);
    return;
  }
  with_rows(a, b, [&](auto rows) { gemm(rows, b, panel_begin, panel_end, epilogue, c); });
}

void gemm(Bf16Rows a, PackedMatrixView b, std::size_t panel_begin, std::size_t panel_end,
          const Epilogue& epilogue, MutableMatrixView c) {
  HWY_DYNAMIC_DISPATCH(multiply)
  (a.words, b, panel_begin, panel_end, epilogue, c);
}

void gemm(const ByteRowsView& a, PackedMatrixView b, std::size_t panel_begin, std::size_t panel_end,
          const Epilogue& epilogue, MutableMatrixView c) {
  int8_gemm(a, *b.int8, panel_begin, panel_end, epilogue, c);
}

void gemm_add(MatrixView a, PackedMatrixView b, std::size_t panel_begin, std::size_t panel_end,
              std::span<const std::uint16_t> targets, MutableMatrixView c) {
  if (b.is_float32()) {
    HWY_DYNAMIC_DISPATCH(multiply_add)
    (a, b, panel_begin, panel_end, targets, c);
    return;
  }
  with_rows(a, b, [&](auto rows) { gemm_add(rows, b, panel_begin, panel_end, targets, c); });
}

void gemm_add(Bf16Rows a, PackedMatrixView b, std::size_t panel_begin, std::size_t panel_end,
              std::span<const std::uint16_t> targets, MutableMatrixView c) {
  HWY_DYNAMIC_DISPATCH(multiply_add)
  (a.words, b, panel_begin, panel_end, targets, c);
}

void gemm_add(const ByteRowsView& a, PackedMatrixView b, std::size_t panel_begin,
              std::size_t panel_end, std::span<const std::uint16_t> targets, MutableMatrixView c) {
  int8_gemm_add(a, *b.int8, panel_begin, panel_end, targets, c);
}

void gemm_max(MatrixView a, PackedMatrixView b, std::size_t panel_begin, std::size_t panel_end,
              const Epilogue& epilogue, MutableMatrixView out) {
  if (b.is_float32()) {
    HWY_DYNAMIC_DISPATCH(multiply_max)
    (a, b, panel_begin, panel_end, epilogue, out);
    return;
  }
  with_rows(a, b, [&](auto rows) { gemm_max(rows, b, panel_begin, panel_end, epilogue, out); });
}

void gemm_max(Bf16Rows a, PackedMatrixView b, std::size_t panel_begin, std::size_t panel_end,
              const Epilogue& epilogue, MutableMatrixView out) {
  HWY_DYNAMIC_DISPATCH(multiply_max)
  (a.words, b, panel_begin, panel_end, epilogue, out);
}

void gemm_max(const ByteRowsView& a, PackedMatrixView b, std::size_t panel_begin,
              std::size_t panel_end, const Epilogue& epilogue, MutableMatrixView out) {
  const std::size_t group = out.rows > 0 ? a.rows / out.rows : 0;
  for (std::size_t g = 0; g < out.rows; ++g) {
    int8_gemm_max(a.rows_range(g * group, group), *b.int8, panel_begin, panel_end, epilogue,
                  out.row(g));
  }
}

}  // namespace ptattn
#endif  // HWY_ONCE
