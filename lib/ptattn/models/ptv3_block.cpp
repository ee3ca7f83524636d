#include "ptattn/models/ptv3_block.hpp"

#include <algorithm>
#include <string>
#include <utility>

#include <tbb/enumerable_thread_specific.h>
#include <tbb/task_arena.h>

#include "ptattn/core/parallel.hpp"
#include "ptattn/core/scratch_memory.hpp"
#include "ptattn/nn/kernels/attention.hpp"
#include "ptattn/nn/kernels/normalize.hpp"
#include "ptattn/nn/kernels/rows.hpp"
#include "ptattn/nn/rotary_encoding.hpp"

namespace ptattn {

struct Ptv3Scratch::Memory {
  /// Memory that grows to the largest matrix asked for and then stays.
  class Buffer {
   public:
    MutableMatrixView matrix(std::size_t rows, std::size_t cols) {
      if (memory_.size() < rows * cols) {
        memory_ = {};  // before the larger one, not beside it
        memory_ = Matrix(rows, cols);
      }
      return {memory_.data(), rows, cols, cols};
    }

   private:
    Matrix memory_;
  };

  /// What a thread needs to work on a patch. The parallel loops inside a patch are isolated, so
  /// that a thread never begins a second patch while it waits in a first.
  struct Scratch {
    Buffer input;   // [t, c]
    Buffer normed;  // [t, c]
    Buffer qkv;     // [t, 3 c]
    Buffer angles;  // [t, d]
    Buffer attended;
    Buffer hidden;
    std::vector<std::int32_t> cells;  // [t, 3]
  };

  Buffer positioned;  // [n, c] x and the encoded positions
  tbb::enumerable_thread_specific<Scratch> of_threads;
};

Ptv3Scratch::Ptv3Scratch() : memory_(std::make_unique<Memory>()) {}
Ptv3Scratch::~Ptv3Scratch() = default;

void Ptv3Scratch::end_stage() {
  memory_->positioned = {};
}

namespace {

using Scratch = Ptv3Scratch::Memory::Scratch;

constexpr std::size_t kRows = 128;     // of a task of the positional encoding
constexpr std::size_t kQueries = 128;  // whose relative biases exist at a time

NormWeights weights_of(const LayerNorm& norm) {
  return {norm.gamma.data(), norm.beta.data(), static_cast<float>(norm.eps)};
}

/// out = x + LN(linear(conv(y)))
void encode_positions(const Ptv3BlockWeights& w, const KernelMap& neighbors, MatrixView y,
                      MatrixView x, MutableMatrixView out) {
  sparse_convolution(w.cpe0, neighbors, y, out);
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
      add_matrices(x.rows_range(first, rows), normed, part);
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
        traced_(trace.wants_attention(attention_name(w))) {}

  /// @param x    [n, c]
  /// @param out  [n, c]
  void operator()(MatrixView x, MutableMatrixView out) const {
    const auto one = [&](std::size_t i) {
      Scratch& mine = setting_.scratch.memory().of_threads.local();
      tbb::this_task_arena::isolate([&] { transform(patches_[i], x, out, mine); });
    };
    if (traced_) {  // the listener hears of one patch after the other
      for (std::size_t i = 0; i < patches_.size(); ++i) one(i);
    } else {
      parallel_each(patches_.size(), 1, one);
    }
  }

 private:
  void transform(const Patch& patch, MatrixView x, MutableMatrixView out, Scratch& scratch) const {
    const auto rows = order_.subspan(patch.begin, patch.end - patch.begin);
    const std::size_t borrowed = patch.owned - patch.begin;
    const std::size_t own = patch.end - patch.owned;
    const MutableMatrixView input = scratch.input.matrix(rows.size(), x.cols);
    copy_rows(x, rows, input);
    const MutableMatrixView attended = scratch.attended.matrix(own, x.cols);
    attend(rows, borrowed, input, attended, scratch);
    // From here on only the patch's own voxels; `sum` gets x + attention.
    const MutableMatrixView sum = scratch.normed.matrix(own, x.cols);
    linear(w_.proj, attended, Activation::kNone, input.rows_range(borrowed, own), sum);
    if (is_post_norm()) {
      layer_norm(w_.norm1, sum, sum);
    } else {
      layer_norm(w_.norm2, sum, attended);
    }
    const MutableMatrixView hidden = scratch.hidden.matrix(own, w_.fc1.weight.cols());
    linear(w_.fc1, is_post_norm() ? sum : attended, Activation::kGelu, {}, hidden);
    linear(w_.fc2, hidden, Activation::kNone, sum, attended);
    if (is_post_norm()) layer_norm(w_.norm2, attended, attended);
    for (std::size_t i = 0; i < own; ++i) {
      std::copy_n(attended.row(i), x.cols, out.row(rows[borrowed + i]));
    }
  }

  /// What the patch's own voxels attend to, all heads side by side.
  void attend(std::span<const std::uint32_t> rows, std::size_t borrowed, MatrixView input,
              MutableMatrixView out, Scratch& scratch) const {
    const std::size_t c = input.cols;
    const MutableMatrixView normed = scratch.normed.matrix(rows.size(), c);
    if (!is_post_norm()) layer_norm(w_.norm1, input, normed);
    const MutableMatrixView qkv = scratch.qkv.matrix(rows.size(), 3 * c);
    linear(w_.qkv, is_post_norm() ? input : normed, Activation::kNone, {}, qkv);
    if (setting_.angles.data != nullptr) {
      const MutableMatrixView angles = scratch.angles.matrix(rows.size(), setting_.angles.cols);
      copy_rows(setting_.angles, rows, angles);
      rotate(angles, 3, qkv.cols_range(0, 2 * c));  // queries and keys
    }
    if (has_relative_bias()) gather_cells(rows, scratch.cells);
    const MatrixView queries = qkv.rows_range(borrowed, out.rows).cols_range(0, c);
    const std::size_t step = has_relative_bias() ? kQueries : std::max<std::size_t>(1, out.rows);
    const std::size_t steps = (out.rows + step - 1) / step;
    parallel_each(setting_.heads * steps, 1, [&](std::size_t task) {
      const std::size_t d = c / setting_.heads;
      const std::size_t head = task / steps;
      const std::size_t first = task % steps * step;
      const std::size_t count = std::min(step, out.rows - first);
      ScratchMemory of_task;
      const MatrixView bias = relative_bias(head, scratch.cells, borrowed + first, count, of_task);
      attention_on_this_thread(queries.rows_range(first, count).cols_range(head * d, d),
                               qkv.cols_range(c + head * d, d), qkv.cols_range(2 * c + head * d, d),
                               {.scale = setting_.scale, .key_bias = {}, .bias = bias},
                               out.rows_range(first, count).cols_range(head * d, d));
    });
    if (traced_) report(rows, borrowed, qkv, scratch.cells);
  }

  [[nodiscard]] bool is_post_norm() const { return setting_.norm_order == NormOrder::kPost; }
  [[nodiscard]] bool has_relative_bias() const { return w_.rpe.heads() > 0; }

  void gather_cells(std::span<const std::uint32_t> rows, std::vector<std::int32_t>& cells) const {
    cells.clear();
    for (const std::uint32_t row : rows) {
      for (const std::uint32_t x : setting_.level.cells[row]) {
        cells.push_back(static_cast<std::int32_t>(x));
      }
    }
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

  void report(std::span<const std::uint32_t> rows, std::size_t borrowed, MatrixView qkv,
              std::span<const std::int32_t> cells) const {
    std::vector<std::uint32_t> keys(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) keys[i] = setting_.token_of[rows[i]];
    const std::size_t c = qkv.cols / 3;
    const std::size_t d = c / setting_.heads;
    const std::size_t own = rows.size() - borrowed;
    const std::string name = attention_name(w_);
    for (std::size_t head = 0; head < setting_.heads; ++head) {
      ScratchMemory scratch;
      const MatrixView bias = relative_bias(head, cells, borrowed, own, scratch);
      const Matrix weights = attention_weights(
          qkv.rows_range(borrowed, own).cols_range(head * d, d), qkv.cols_range(c + head * d, d),
          {.scale = setting_.scale, .key_bias = {}, .bias = bias});
      trace_.attention({.layer = name,
                        .head = head,
                        .tokens = setting_.tokens,
                        .queries = std::span<const std::uint32_t>(keys).subspan(borrowed),
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

std::string attention_name(const Ptv3BlockWeights& w) {
  return w.name + ".attn";
}

void ptv3_block(const Ptv3BlockWeights& w, const Ptv3BlockSetting& setting, std::size_t order,
                MatrixView y, Matrix& x, const Trace& trace) {
  const MutableMatrixView positioned =
      setting.scratch.memory().positioned.matrix(x.rows(), x.cols());
  encode_positions(w, *setting.level.neighbors, y, x, positioned);
  PatchTransformer(w, setting, order, trace)(positioned, x);
}

}  // namespace ptattn
