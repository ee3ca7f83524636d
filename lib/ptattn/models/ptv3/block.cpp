#include "ptattn/models/ptv3/block.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "ptattn/core/clone.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/core/scratch_memory.hpp"
#include "ptattn/models/ptv3/layers.hpp"
#include "ptattn/nn/attention/attention.hpp"
#include "ptattn/nn/encoding/rotary_encoding.hpp"
#include "ptattn/nn/kernels/attention.hpp"
#include "ptattn/nn/kernels/normalize.hpp"
#include "ptattn/nn/kernels/rows.hpp"

namespace ptattn {

namespace {

constexpr std::size_t kRows = 128;       // of a task of the positional encoding
constexpr std::size_t kQueries = 128;    // whose relative biases exist at a time
constexpr std::size_t kBlockRows = 112;  // of a patch that go through its layers at a time

NormWeights weights_of(const LayerNorm& norm) {
  return {norm.gamma.data(), norm.beta.data(), static_cast<float>(norm.eps)};
}

/// out = x + LN(linear(conv(x))), after the convolution with what is upsampled to x
void encode_positions(const Ptv3BlockWeights& w, const KernelMap& neighbors,
                      const UpsampledFeatures& upsampled, MutableMatrixView x,
                      MutableMatrixView out) {
  sparse_convolution(w.cpe0, neighbors, x, out);
  const Epilogue epilogue{.bias = w.cpe1.bias.data()};
  parallel_ranges((x.rows + kRows - 1) / kRows, 1, [&](std::size_t begin, std::size_t end) {
    ScratchMemory scratch;
    const MutableMatrixView memory = scratch.matrix(kRows, x.cols);
    for (std::size_t b = begin; b < end; ++b) {
      const std::size_t first = b * kRows;
      const std::size_t rows = std::min(kRows, x.rows - first);
      const MutableMatrixView part = out.rows_range(first, rows);
      const MutableMatrixView normed = memory.rows_range(0, rows);
      gemm(part, w.cpe1.weight, 0, w.cpe1.weight.panels(), epilogue, normed);
      normalize_rows(weights_of(w.cpe2), normed, normed);
      const MutableMatrixView of_x = x.rows_range(first, rows);
      upsampled.add_to(of_x, first);
      add_matrices(of_x, normed, part);
    }
  });
}

/// Attention and perceptron over the patches of one block.
class PatchTransformer {
 public:
  PatchTransformer(const Ptv3BlockWeights& w, const Ptv3BlockSetting& setting, std::size_t order,
                   const Trace& trace)
      : w_(w),
        setting_(setting),
        order_(setting.level.orders[order]),
        patches_(setting.patches[order]),
        trace_(trace),
        traced_(wants_attention(trace, w)) {}

  /// @param x    [n, c]
  /// @param out  [n, c]
  void operator()(MatrixView x, MutableMatrixView out) const {
    // Isolated, so that a thread never begins a second patch while it waits inside a first: that
    // would take memory twice.
    const auto one = [&](std::size_t i) { in_isolation([&] { transform(patches_[i], x, out); }); };
    if (traced_) {  // the listener hears of one patch after the other
      for (std::size_t i = 0; i < patches_.size(); ++i) one(i);
    } else {
      parallel_each(patches_.size(), 1, one);
    }
  }

 private:
  void transform(const Patch& patch, MatrixView x, MutableMatrixView out) const {
    ScratchMemory scratch;
    const auto rows = order_.subspan(patch.begin, patch.end - patch.begin);
    const std::size_t padding = patch.first_own - patch.begin;
    const std::size_t own = patch.end - patch.first_own;
    const MutableMatrixView input = scratch.matrix(rows.size(), x.cols);
    copy_rows(x, rows, input);
    const MutableMatrixView attended = scratch.matrix(own, x.cols);
    attend(rows, padding, input, attended);
    for_each_block(own, [&](std::size_t first, std::size_t count) {
      const MutableMatrixView part = attended.rows_range(first, count);
      perceive(part, input.rows_range(padding + first, count));
      for (std::size_t i = 0; i < count; ++i) {
        std::copy_n(part.row(i), x.cols, out.row(rows[padding + first + i]));
      }
    });
  }

  /// Calls body(first, rows) for blocks of [0, n) in parallel, few enough rows for all their
  /// channels to stay in the second-level cache.
  template <class Body>
  static void for_each_block(std::size_t n, const Body& body) {
    parallel_each((n + kBlockRows - 1) / kBlockRows, 1, [&](std::size_t block) {
      const std::size_t first = block * kBlockRows;
      body(first, std::min(kBlockRows, n - first));
    });
  }

  /// Projection and perceptron of some rows, in place, on the calling thread.
  /// @param x      [m, c] what they attended to
  /// @param input  [m, c] of the block
  void perceive(MutableMatrixView x, MatrixView input) const {
    ScratchMemory scratch;
    const MutableMatrixView sum = scratch.matrix(x.rows, x.cols);
    const MutableMatrixView hidden = scratch.matrix(x.rows, w_.fc1.weight.cols());
    linear_here(w_.proj, x, Activation::kNone, input, sum);
    if (is_post_norm()) {
      normalize_rows(weights_of(w_.norm1), sum, sum);
    } else {
      normalize_rows(weights_of(w_.norm2), sum, x);
    }
    linear_here(w_.fc1, is_post_norm() ? sum : x, Activation::kGelu, {}, hidden);
    linear_here(w_.fc2, hidden, Activation::kNone, sum, x);
    if (is_post_norm()) normalize_rows(weights_of(w_.norm2), x, x);
  }

  /// What the patch's own voxels attend to, all heads side by side.
  void attend(std::span<const std::uint32_t> rows, std::size_t padding, MatrixView input,
              MutableMatrixView out) const {
    ScratchMemory scratch;
    const std::size_t c = input.cols;
    const MutableMatrixView qkv = scratch.matrix(rows.size(), 3 * c);
    for_each_block(rows.size(), [&](std::size_t first, std::size_t count) {
      project(rows.subspan(first, count), input.rows_range(first, count),
              qkv.rows_range(first, count));
    });
    const auto cells = cells_of(rows, scratch);
    const MatrixView queries = qkv.rows_range(padding, out.rows).cols_range(0, c);
    const std::size_t step = has_relative_bias() ? kQueries : std::max<std::size_t>(1, out.rows);
    const std::size_t steps = (out.rows + step - 1) / step;
    parallel_each(setting_.heads * steps, 1, [&](std::size_t task) {
      const std::size_t d = c / setting_.heads;
      const std::size_t head = task / steps;
      const std::size_t first = task % steps * step;
      const std::size_t count = std::min(step, out.rows - first);
      ScratchMemory of_task;
      const MatrixView bias = relative_bias(head, cells, padding + first, count, of_task);
      attention_on_this_thread(
          queries.rows_range(first, count).cols_range(head * d, d), qkv.cols_range(c + head * d, d),
          qkv.cols_range(2 * c + head * d, d),
          {.scale = setting_.scale, .key_bias = {}, .bias = bias, .bf16 = attends_in_bf16(w_.qkv)},
          out.rows_range(first, count).cols_range(head * d, d));
    });
    if (traced_) report(rows, padding, qkv, cells);
  }

  [[nodiscard]] bool is_post_norm() const { return setting_.norm_order == NormOrder::kPost; }
  [[nodiscard]] bool has_relative_bias() const { return w_.rpe.heads() > 0; }

  /// Queries, keys and values of all heads of some rows, on the calling thread.
  void project(std::span<const std::uint32_t> rows, MatrixView input, MutableMatrixView qkv) const {
    ScratchMemory scratch;
    if (is_post_norm()) {
      linear_here(w_.qkv, input, Activation::kNone, {}, qkv);
    } else {
      const MutableMatrixView normed = scratch.matrix(input.rows, input.cols);
      normalize_rows(weights_of(w_.norm1), input, normed);
      linear_here(w_.qkv, normed, Activation::kNone, {}, qkv);
    }
    if (setting_.angles.data == nullptr) return;
    const MutableMatrixView angles = scratch.matrix(rows.size(), setting_.angles.cols);
    copy_rows(setting_.angles, rows, angles);
    rotate(angles, 3, qkv.cols_range(0, 2 * input.cols));  // queries and keys
  }

  /// [t, 3] for the relative encoding; empty without it.
  [[nodiscard]] std::span<const std::int32_t> cells_of(std::span<const std::uint32_t> rows,
                                                       ScratchMemory& scratch) const {
    if (!has_relative_bias()) return {};
    const auto cells = scratch.take<std::int32_t>(3 * rows.size());
    auto next = cells.begin();
    for (const std::uint32_t row : rows) {
      next = std::ranges::copy(setting_.level.cells[row], next).out;
    }
    return cells;
  }

  /// [count, t] for the queries from `first` on; empty without relative encoding.
  [[nodiscard]] MatrixView relative_bias(std::size_t head, std::span<const std::int32_t> cells,
                                         std::size_t first, std::size_t count,
                                         ScratchMemory& scratch) const {
    if (!has_relative_bias()) return {};
    const MutableMatrixView bias = scratch.matrix(count, cells.size() / 3);
    w_.rpe.bias(head, cells.subspan(3 * first, 3 * count), cells, bias);
    return bias;
  }

  void report(std::span<const std::uint32_t> rows, std::size_t padding, MatrixView qkv,
              std::span<const std::int32_t> cells) const {
    std::vector<std::uint32_t> keys(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) keys[i] = setting_.token_of[rows[i]];
    const std::size_t c = qkv.cols / 3;
    const std::size_t d = c / setting_.heads;
    const std::size_t own = rows.size() - padding;
    const std::string name = attention_name(w_);
    for (std::size_t head = 0; head < setting_.heads; ++head) {
      ScratchMemory scratch;
      const MatrixView bias = relative_bias(head, cells, padding, own, scratch);
      const Matrix weights = attention_weights(
          qkv.rows_range(padding, own).cols_range(head * d, d), qkv.cols_range(c + head * d, d),
          {.scale = setting_.scale, .key_bias = {}, .bias = bias});
      trace_.attention({.layer = name,
                        .head = head,
                        .tokens = setting_.tokens,
                        .queries = std::span<const std::uint32_t>(keys).subspan(padding),
                        .keys = keys,
                        .weights = weights});
    }
  }

  const Ptv3BlockWeights& w_;
  const Ptv3BlockSetting& setting_;
  std::span<const std::uint32_t> order_;
  std::span<const Patch> patches_;
  const Trace& trace_;
  bool traced_;
};

}  // namespace

void UpsampledFeatures::add_to(MutableMatrixView x, std::size_t first) const {
  if (cells.empty()) return;
  for (std::size_t i = 0; i < x.rows; ++i) {
    const MutableMatrixView row = x.rows_range(i, 1);
    add_matrices(row, rows.rows_range(cells[first + i], 1), row);
  }
}

bool wants_attention(const Trace& trace, const Ptv3BlockWeights& w) {
  return trace.hears_attention() && trace.wants_attention(attention_name(w));
}

std::string attention_name(const Ptv3BlockWeights& w) {
  return w.name + ".attn";
}

void ptv3_block(const Ptv3BlockWeights& w, const Ptv3BlockSetting& setting, std::size_t order,
                MutableMatrixView x, const Trace& trace, const UpsampledFeatures& upsampled) {
  if (setting.convolution) {
    encode_positions(w, setting.level.neighbors, upsampled, x, setting.positioned);
  } else {
    layer_norm(w.norm0, x, setting.positioned);
  }
  if (setting.attention) {
    PatchTransformer(w, setting, order, trace)(setting.positioned, x);
  } else {
    parallel_ranges(x.rows, kRows, [&](std::size_t begin, std::size_t end) {
      copy_matrix(setting.positioned.rows_range(begin, end - begin),
                  x.rows_range(begin, end - begin));
    });
  }
}

}  // namespace ptattn
