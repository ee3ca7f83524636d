#include "ptattn/train/layers/patch_attention.hpp"

#include <algorithm>
#include <cmath>

#include "ptattn/core/parallel.hpp"
#include "ptattn/nn/kernels/attention.hpp"
#include "ptattn/nn/kernels/rows.hpp"
#include "ptattn/nn/kernels/table_bias.hpp"
#include "ptattn/train/kernels/attention_gradient.hpp"
#include "ptattn/train/kernels/row_gradients.hpp"

namespace ptattn::train {
namespace {

/// Position of the first padding row of each patch among all padding rows, and their number.
std::span<std::size_t> borrowed_begins(std::span<const Patch> patches, ScratchMemory& scratch) {
  const auto begins = scratch.take<std::size_t>(patches.size() + 1);
  begins[0] = 0;
  for (std::size_t p = 0; p < patches.size(); ++p) {
    begins[p + 1] = begins[p] + patches[p].first_own - patches[p].begin;
  }
  return begins;
}

}  // namespace

/// One head of one patch: its rows side by side, in memory of `scratch`.
class PatchAttention::HeadTask {
 public:
  HeadTask(const PatchAttention& layer, const PatchAttentionRecord& record, std::size_t task,
           ScratchMemory& scratch)
      : layer_(layer),
        record_(record),
        patch_(record.order.patches[task / layer.heads_]),
        head_(task % layer.heads_),
        rows_(record.order.rows.subspan(patch_.begin, patch_.end - patch_.begin)),
        own_rows_(rows_.subspan(patch_.first_own - patch_.begin)),
        scratch_(scratch) {
    const std::size_t c = layer.heads_ * layer.width_;
    q_ = gathered(record.qkv, 0, own_rows_);
    k_ = gathered(record.qkv, c, rows_);
    v_ = gathered(record.qkv, 2 * c, rows_);
    bias_ = relative_bias();
  }

  void forward(std::span<float> log_sums, MutableMatrixView out) const {
    const MutableMatrixView attended = scratch_.matrix(own_rows_.size(), layer_.width_);
    attention_on_this_thread(q_, k_, v_, {.scale = layer_.scale_, .key_bias = {}, .bias = bias_},
                             attended, log_sums.data() + log_sum_begin());
    copy_to_rows(attended, own_rows_, out.cols_range(head_ * layer_.width_, layer_.width_));
  }

  /// @param d_padding  [.., 2 c] derivatives of keys and values of padding, from row `first` on
  /// @param d_table   [3 (2 bound + 1)] of this task; empty without relative table
  void backward(MatrixView d_out, MutableMatrixView d_qkv, MutableMatrixView d_padding,
                std::size_t first, std::span<float> d_table) const {
    const std::size_t d = layer_.width_;
    const std::size_t c = layer_.heads_ * d;
    const MatrixView out = gathered(record_.out, 0, own_rows_);
    const MatrixView of_out = gathered(d_out, 0, own_rows_);
    AttentionDerivatives to{scratch_.matrix(q_.rows, d), scratch_.matrix(k_.rows, d),
                            scratch_.matrix(v_.rows, d)};
    if (!d_table.empty()) to.bias = scratch_.matrix(q_.rows, k_.rows);
    attention_gradient({.q = q_,
                        .k = k_,
                        .v = v_,
                        .out = out,
                        .log_sums = record_.log_sums.data() + log_sum_begin(),
                        .scale = layer_.scale_,
                        .bias = bias_},
                       of_out, to);
    const std::size_t padding = rows_.size() - own_rows_.size();
    const std::size_t own = own_rows_.size();
    const auto columns = [&](std::size_t part) {
      return d_qkv.cols_range(part * c + head_ * d, d);
    };
    copy_to_rows(to.q, own_rows_, columns(0));
    copy_to_rows(to.k.rows_range(padding, own), own_rows_, columns(1));
    copy_to_rows(to.v.rows_range(padding, own), own_rows_, columns(2));
    for (std::size_t i = 0; i < padding; ++i) {
      std::copy_n(to.k.row(i), d, d_padding.row(first + i) + head_ * d);
      std::copy_n(to.v.row(i), d, d_padding.row(first + i) + c + head_ * d);
    }
    if (!d_table.empty()) sum_table(to.bias, d_table);
  }

 private:
  [[nodiscard]] std::size_t log_sum_begin() const {
    return head_ * record_.order.rows.size() + patch_.first_own;
  }

  [[nodiscard]] MatrixView gathered(MatrixView x, std::size_t first_column,
                                    std::span<const std::uint32_t> rows) const {
    const MutableMatrixView out = scratch_.matrix(rows.size(), layer_.width_);
    copy_rows(x.cols_range(first_column + head_ * layer_.width_, layer_.width_), rows, out);
    return out;
  }

  /// [own, t]; empty without relative table.
  [[nodiscard]] MatrixView relative_bias() {
    if (layer_.table_ == nullptr) return {};
    const std::size_t t = rows_.size();
    cells_ = scratch_.take<std::int32_t>(3 * t);
    const auto axes = scratch_.take<std::int32_t>(3 * t);
    for (std::size_t i = 0; i < t; ++i) {
      for (std::size_t a = 0; a < 3; ++a) {
        const auto x = static_cast<std::int32_t>(record_.cells[rows_[i]][a]);
        cells_[3 * i + a] = axes[a * t + i] = x;
      }
    }
    const auto table = scratch_.take<float>(layer_.table_->shape.front());
    for (std::size_t r = 0; r < table.size(); ++r) {
      table[r] = layer_.table_->value[r * layer_.heads_ + head_];
    }
    const MutableMatrixView bias = scratch_.matrix(own_rows_.size(), t);
    table_bias(table.data(), static_cast<std::int32_t>(layer_.bound_),
               cells_.subspan(3 * (t - own_rows_.size())), axes, bias);
    return bias;
  }

  void sum_table(MatrixView d_bias, std::span<float> d_table) const {
    const auto bound = static_cast<std::int32_t>(layer_.bound_);
    const std::size_t padding = rows_.size() - own_rows_.size();
    std::ranges::fill(d_table, 0.0F);
    for (std::size_t i = 0; i < d_bias.rows; ++i) {
      for (std::size_t j = 0; j < d_bias.cols; ++j) {
        for (std::size_t a = 0; a < 3; ++a) {
          const std::int32_t step = cells_[3 * (padding + i) + a] - cells_[3 * j + a];
          const auto entry = static_cast<std::size_t>(std::clamp(step, -bound, bound) + bound);
          d_table[entry + a * (2 * layer_.bound_ + 1)] += d_bias(i, j);
        }
      }
    }
  }

  const PatchAttention& layer_;
  const PatchAttentionRecord& record_;
  Patch patch_;
  std::size_t head_;
  std::span<const std::uint32_t> rows_;
  std::span<const std::uint32_t> own_rows_;
  ScratchMemory& scratch_;
  MatrixView q_;
  MatrixView k_;
  MatrixView v_;
  MatrixView bias_;
  std::span<std::int32_t> cells_;  // [t, 3]
};

PatchAttention::PatchAttention(std::size_t channels, std::size_t heads, double scale)
    : heads_(heads),
      width_(channels / heads),
      scale_(static_cast<float>(scale != 0.0 ? scale
                                             : 1.0 / std::sqrt(static_cast<double>(width_)))) {}

void PatchAttention::add_relative_table(ParameterSet& set, const LayerScope& scope,
                                        std::size_t bound) {
  bound_ = bound;
  table_ = &set.declare(Parameter{.name = scope.name,
                                  .shape = {3 * (2 * bound + 1), heads_},
                                  .is_head = scope.is_head,
                                  .depth = scope.depth,
                                  .initial = {.normal = 0.02F}});
}

PatchAttentionRecord PatchAttention::forward(MatrixView qkv, const PatchOrder& order,
                                             std::span<const Cell> cells, MutableMatrixView out,
                                             ScratchMemory& scratch) const {
  const auto log_sums = scratch.take<float>(heads_ * order.rows.size());
  const PatchAttentionRecord record{qkv, out, order, log_sums, cells};
  parallel_each(order.patches.size() * heads_, 1, [&](std::size_t task) {
    ScratchMemory of_task;
    HeadTask(*this, record, task, of_task).forward(log_sums, out);
  });
  return record;
}

void PatchAttention::backward(const PatchAttentionRecord& record, MatrixView d_out,
                              MutableMatrixView d_qkv) const {
  const std::span<const Patch> patches = record.order.patches;
  const std::size_t c = heads_ * width_;
  ScratchMemory scratch;
  const auto begins = borrowed_begins(patches, scratch);
  const MutableMatrixView d_padding = scratch.matrix(begins.back(), 2 * c);
  const std::size_t entries = table_ != nullptr ? table_->shape.front() : 0;
  const auto d_tables = scratch.take<float>(patches.size() * heads_ * entries);
  parallel_each(patches.size() * heads_, 1, [&](std::size_t task) {
    ScratchMemory of_task;
    HeadTask(*this, record, task, of_task)
        .backward(d_out, d_qkv, d_padding, begins[task / heads_],
                  d_tables.subspan(task * entries, entries));
  });
  for (std::size_t p = 0; p < patches.size(); ++p) {
    for (std::size_t i = begins[p]; i < begins[p + 1]; ++i) {
      float* const row = d_qkv.row(record.order.rows[patches[p].begin + i - begins[p]]) + c;
      for (std::size_t j = 0; j < 2 * c; ++j) row[j] += d_padding(i, j);
    }
  }
  for (std::size_t task = 0; task < patches.size() * heads_; ++task) {
    for (std::size_t r = 0; r < entries; ++r) {
      table_->gradient[r * heads_ + task % heads_] += d_tables[task * entries + r];
    }
  }
}

}  // namespace ptattn::train
