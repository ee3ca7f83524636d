// Queries are lanes, keys are rows, as in the forward pass (attention_panel-inl.hpp): the scores of
// a panel of queries and up to 128 keys, and their derivatives, 16 KiB each, stay in the
// first-level cache. Five products are made of them:
//
//   S^T = K Q^T          keys broadcast, queries in lanes
//   dP^T = V dO^T        the same, followed by dS = P (dP - D) while the tile is in registers
//   dQ^T += K^T dS^T     channels broadcast, queries in lanes
//   dV += P^T dO         keys broadcast, channels in lanes
//   dK += dS^T Q         the same
//
// Rows of queries and of dO are needed both ways: as columns of a panel and as rows, filled up with
// zeros to whole vectors.

#include "ptattn/train/kernels/attention_gradient.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <limits>
#include <utility>

#include "ptattn/core/scratch_memory.hpp"

#undef HWY_TARGET_INCLUDE
#define HWY_TARGET_INCLUDE "ptattn/train/kernels/attention_gradient.cpp"
#include <hwy/foreach_target.h>  // IWYU pragma: keep

#include <hwy/highway.h>

#include "ptattn/nn/kernels/attention_panel-inl.hpp"

HWY_BEFORE_NAMESPACE();
namespace ptattn::HWY_NAMESPACE {
namespace {

using train::AttentionDerivatives;
using train::AttentionRecord;

constexpr std::size_t kKeys = 128;  // of a block

std::size_t whole_vectors(std::size_t width) {
  const std::size_t lanes = hn::Lanes(Lane());
  return (width + lanes - 1) / lanes * lanes;
}

/// One panel of queries.
struct Panel {
  float* queries;     // [d, panel], times scale log2 e
  float* d_outs;      // [c, panel]
  float* query_rows;  // [panel, whole d], times scale
  float* d_out_rows;  // [panel, whole c]
  float* log_sums;    // [panel]
  float* products;    // [panel] D
  float* d_queries;   // [d, panel], but for the scale
};

/// One panel against one block of keys.
struct BackwardStep {
  Panel panel;
  const float* keys;    // [count, d]
  const float* values;  // [count, c]
  std::size_t count;
  std::size_t d;
  std::size_t c;
  bool biased;      // `weights` holds what is to be added to the scores
  float* weights;   // [count, panel] P
  float* d_scores;  // [count, panel] dS
  float* d_keys;    // [count, whole d]
  float* d_values;  // [count, whole c]
};

/// Weights and derivatives of the scores for the keys first ... first + kRows - 1.
template <std::size_t kRows>
void score_tile(const BackwardStep& s, std::size_t first) {
  const Lane d;
  const std::size_t lanes = hn::Lanes(d);
  Vec sum[kRows][2];
  product<kRows>(Rows{s.keys + first * s.d, s.d}, s.panel.queries, s.d, sum);
  float* const weights = s.weights + first * 2 * lanes;
  float* const d_scores = s.d_scores + first * 2 * lanes;
  HWY_UNROLL(2)
  for (std::size_t v = 0; v < 2; ++v) {
    const Vec log_sum = hn::LoadU(d, s.panel.log_sums + v * lanes);
    HWY_UNROLL(16)
    for (std::size_t i = 0; i < kRows; ++i) {
      float* const weight = weights + (2 * i + v) * lanes;
      if (s.biased) sum[i][v] = hn::Add(sum[i][v], hn::LoadU(d, weight));
      hn::StoreU(exp2_or_zero(d, hn::Sub(sum[i][v], log_sum)), d, weight);
    }
  }
  product<kRows>(Rows{s.values + first * s.c, s.c}, s.panel.d_outs, s.c, sum);
  HWY_UNROLL(2)
  for (std::size_t v = 0; v < 2; ++v) {
    const Vec of_out = hn::LoadU(d, s.panel.products + v * lanes);
    HWY_UNROLL(16)
    for (std::size_t i = 0; i < kRows; ++i) {
      const Vec weight = hn::LoadU(d, weights + (2 * i + v) * lanes);
      hn::StoreU(hn::Mul(weight, hn::Sub(sum[i][v], of_out)), d, d_scores + (2 * i + v) * lanes);
    }
  }
}

/// dQ^T += K^T dS^T for the channels first ... first + kRows - 1.
template <std::size_t kRows>
void query_tile(const BackwardStep& s, std::size_t first) {
  const Lane d;
  const std::size_t lanes = hn::Lanes(d);
  Vec sum[kRows][2];
  product<kRows>(Columns{s.keys + first, s.d}, s.d_scores, s.count, sum);
  float* out = s.panel.d_queries + first * 2 * lanes;
  HWY_UNROLL(16)
  for (std::size_t i = 0; i < kRows; ++i, out += 2 * lanes) {
    hn::StoreU(hn::Add(hn::LoadU(d, out), sum[i][0]), d, out);
    hn::StoreU(hn::Add(hn::LoadU(d, out + lanes), sum[i][1]), d, out + lanes);
  }
}

/// out[keys, width] += a [keys, panel] b [panel, width]
struct KeyProduct {
  const float* a;
  const float* b;
  std::size_t width;  // whole vectors
  float* out;
};

template <std::size_t kRows, std::size_t kVectors>
HWY_INLINE void key_columns(const KeyProduct& p, std::size_t column) {
  const Lane d;
  const std::size_t lanes = hn::Lanes(d);
  const std::size_t panel = panel_width();
  Vec sum[kRows][kVectors];
  HWY_UNROLL(16)
  for (std::size_t i = 0; i < kRows; ++i) {
    HWY_UNROLL(2)
    for (std::size_t v = 0; v < kVectors; ++v) {
      sum[i][v] = hn::LoadU(d, p.out + i * p.width + column + v * lanes);
    }
  }
  const float* b = p.b + column;
  for (std::size_t k = 0; k < panel; ++k, b += p.width) {
    Vec row[kVectors];
    HWY_UNROLL(2)
    for (std::size_t v = 0; v < kVectors; ++v) row[v] = hn::LoadU(d, b + v * lanes);
    HWY_UNROLL(16)
    for (std::size_t i = 0; i < kRows; ++i) {
      const Vec x = hn::Set(d, p.a[i * panel + k]);
      HWY_UNROLL(2)
      for (std::size_t v = 0; v < kVectors; ++v) sum[i][v] = hn::MulAdd(x, row[v], sum[i][v]);
    }
  }
  HWY_UNROLL(16)
  for (std::size_t i = 0; i < kRows; ++i) {
    HWY_UNROLL(2)
    for (std::size_t v = 0; v < kVectors; ++v) {
      hn::StoreU(sum[i][v], d, p.out + i * p.width + column + v * lanes);
    }
  }
}

template <std::size_t kRows>
void key_tile(KeyProduct p, std::size_t first) {
  const std::size_t lanes = hn::Lanes(Lane());
  p.a += first * panel_width();
  p.out += first * p.width;
  std::size_t column = 0;
  for (; column + 2 * lanes <= p.width; column += 2 * lanes) key_columns<kRows, 2>(p, column);
  if (column < p.width) key_columns<kRows, 1>(p, column);
}

template <std::size_t... kRows>
constexpr auto backward_score_tiles(std::index_sequence<kRows...>) {
  return std::array{&score_tile<kRows + 1>...};
}
template <std::size_t... kRows>
constexpr auto query_tiles(std::index_sequence<kRows...>) {
  return std::array{&query_tile<kRows + 1>...};
}
template <std::size_t... kRows>
constexpr auto key_tiles(std::index_sequence<kRows...>) {
  return std::array{&key_tile<kRows + 1>...};
}

/// [rows - 1] handles a tile of `rows` rows.
constexpr auto kScoreTiles = backward_score_tiles(std::make_index_sequence<kMaxRows>{});
constexpr auto kQueryTiles = query_tiles(std::make_index_sequence<kMaxRows>{});
constexpr auto kKeyTiles = key_tiles(std::make_index_sequence<kMaxRows>{});

void multiply_keys(const KeyProduct& p, std::size_t count) {
  for_each_tile(
      count, [&](std::size_t first, std::size_t rows) HWY_ATTR { kKeyTiles[rows - 1](p, first); });
}

void backward_step(const BackwardStep& s) {
  for_each_tile(s.count, [&](std::size_t first, std::size_t rows)
                             HWY_ATTR { kScoreTiles[rows - 1](s, first); });
  for_each_tile(
      s.d, [&](std::size_t first, std::size_t rows) HWY_ATTR { kQueryTiles[rows - 1](s, first); });
  multiply_keys({s.weights, s.panel.d_out_rows, whole_vectors(s.c), s.d_values}, s.count);
  multiply_keys({s.d_scores, s.panel.query_rows, whole_vectors(s.d), s.d_keys}, s.count);
}

/// rows[i, j] = factor from[i, j] and columns[j, i] = column_factor from[i, j]; zeros elsewhere.
void pack_both_ways(MatrixView from, float factor, float column_factor, float* rows,
                    float* columns) {
  const std::size_t panel = panel_width();
  const std::size_t width = whole_vectors(from.cols);
  std::fill_n(rows, panel * width, 0.0F);
  std::fill_n(columns, panel * from.cols, 0.0F);
  for (std::size_t i = 0; i < from.rows; ++i) {
    const float* const x = from.row(i);
    for (std::size_t j = 0; j < from.cols; ++j) {
      rows[i * width + j] = factor * x[j];
      columns[j * panel + i] = column_factor * x[j];
    }
  }
}

/// Everything one head needs.
class Backward {
 public:
  Backward(const AttentionRecord& r, MatrixView d_out, const AttentionDerivatives& to,
           ScratchMemory& scratch)
      : r_(r), d_out_(d_out), to_(to), panels_((r.q.rows + panel_width() - 1) / panel_width()) {
    const std::size_t panel = panel_width();
    const std::size_t per_panel =
        panel * (2 * r.q.cols + r.v.cols + whole_vectors(r.q.cols) + whole_vectors(r.v.cols) + 2);
    panel_memory_ = scratch.take<float>(panels_ * per_panel).data();
    weights_ = scratch.take<float>(kKeys * panel).data();
    d_scores_ = scratch.take<float>(kKeys * panel).data();
    keys_ = scratch.take<float>(kKeys * r.k.cols).data();
    values_ = scratch.take<float>(kKeys * r.v.cols).data();
    d_keys_ = scratch.take<float>(kKeys * whole_vectors(r.k.cols)).data();
    d_values_ = scratch.take<float>(kKeys * whole_vectors(r.v.cols)).data();
  }

  void operator()() const {
    for (std::size_t p = 0; p < panels_; ++p) begin(p);
    for (std::size_t first = 0; first < r_.k.rows; first += kKeys) {
      block(first, std::min(kKeys, r_.k.rows - first));
    }
    for (std::size_t p = 0; p < panels_; ++p) finish(p);
  }

 private:
  [[nodiscard]] Panel panel_at(std::size_t p) const {
    const std::size_t panel = panel_width();
    const std::size_t d = r_.q.cols;
    const std::size_t c = r_.v.cols;
    const std::size_t per_panel = panel * (2 * d + c + whole_vectors(d) + whole_vectors(c) + 2);
    Panel result{};
    result.queries = panel_memory_ + p * per_panel;
    result.d_queries = result.queries + panel * d;
    result.d_outs = result.d_queries + panel * d;
    result.query_rows = result.d_outs + panel * c;
    result.d_out_rows = result.query_rows + panel * whole_vectors(d);
    result.log_sums = result.d_out_rows + panel * whole_vectors(c);
    result.products = result.log_sums + panel;
    return result;
  }

  [[nodiscard]] std::size_t queries_of(std::size_t p) const {
    return std::min(panel_width(), r_.q.rows - p * panel_width());
  }

  void begin(std::size_t p) const {
    const Panel panel = panel_at(p);
    const std::size_t first = p * panel_width();
    const std::size_t count = queries_of(p);
    pack_both_ways(r_.q.rows_range(first, count), r_.scale, r_.scale * kLog2E, panel.query_rows,
                   panel.queries);
    pack_both_ways(d_out_.rows_range(first, count), 1.0F, 1.0F, panel.d_out_rows, panel.d_outs);
    std::fill_n(panel.d_queries, panel_width() * r_.q.cols, 0.0F);
    for (std::size_t i = 0; i < panel_width(); ++i) {
      const bool exists = i < count;
      // A query that does not exist, or saw no key, gives no weight to any.
      panel.log_sums[i] = exists ? r_.log_sums[first + i] : std::numeric_limits<float>::infinity();
      panel.products[i] = exists ? dot(d_out_.row(first + i), r_.out.row(first + i)) : 0.0F;
    }
  }

  [[nodiscard]] float dot(const float* a, const float* b) const {
    float sum = 0.0F;
    for (std::size_t j = 0; j < r_.v.cols; ++j) sum += a[j] * b[j];
    return sum;
  }

  void block(std::size_t first, std::size_t count) const {
    BackwardStep s{};
    s.count = count;
    s.d = r_.k.cols;
    s.c = r_.v.cols;
    s.keys = copied(r_.k.rows_range(first, count), keys_);
    s.values = copied(r_.v.rows_range(first, count), values_);
    s.weights = weights_;
    s.d_scores = d_scores_;
    s.d_keys = d_keys_;
    s.d_values = d_values_;
    std::fill_n(d_keys_, count * whole_vectors(s.d), 0.0F);
    std::fill_n(d_values_, count * whole_vectors(s.c), 0.0F);
    for (std::size_t p = 0; p < panels_; ++p) {
      s.panel = panel_at(p);
      s.biased = write_bias(p, first, count);
      backward_step(s);
      read_bias_derivatives(p, first, count);
    }
    for (std::size_t j = 0; j < count; ++j) {
      std::copy_n(d_keys_ + j * whole_vectors(s.d), s.d, to_.k.row(first + j));
      std::copy_n(d_values_ + j * whole_vectors(s.c), s.c, to_.v.row(first + j));
    }
  }

  [[nodiscard]] static const float* copied(MatrixView m, float* to) {
    if (m.stride == m.cols) return m.data;
    for (std::size_t i = 0; i < m.rows; ++i) std::copy_n(m.row(i), m.cols, to + i * m.cols);
    return to;
  }

  [[nodiscard]] bool write_bias(std::size_t p, std::size_t first, std::size_t count) const {
    if (r_.bias.data == nullptr) return false;
    const std::size_t panel = panel_width();
    std::fill_n(weights_, count * panel, 0.0F);
    for (std::size_t i = 0; i < queries_of(p); ++i) {
      const float* const row = r_.bias.row(p * panel + i) + first;
      for (std::size_t j = 0; j < count; ++j) weights_[j * panel + i] = row[j] * kLog2E;
    }
    return true;
  }

  void read_bias_derivatives(std::size_t p, std::size_t first, std::size_t count) const {
    if (to_.bias.data == nullptr) return;
    const std::size_t panel = panel_width();
    for (std::size_t i = 0; i < queries_of(p); ++i) {
      float* const row = to_.bias.row(p * panel + i) + first;
      for (std::size_t j = 0; j < count; ++j) row[j] = d_scores_[j * panel + i];
    }
  }

  void finish(std::size_t p) const {
    const Panel panel = panel_at(p);
    for (std::size_t i = 0; i < queries_of(p); ++i) {
      float* const row = to_.q.row(p * panel_width() + i);
      for (std::size_t j = 0; j < r_.q.cols; ++j) {
        row[j] = r_.scale * panel.d_queries[j * panel_width() + i];
      }
    }
  }

  const AttentionRecord& r_;
  MatrixView d_out_;
  const AttentionDerivatives& to_;
  std::size_t panels_;
  float* panel_memory_;
  float* weights_;
  float* d_scores_;
  float* keys_;
  float* values_;
  float* d_keys_;
  float* d_values_;
};

}  // namespace

void attend_backward(const AttentionRecord& record, MatrixView d_out,
                     const AttentionDerivatives& derivatives) {
  ScratchMemory scratch;
  Backward(record, d_out, derivatives, scratch)();
}

}  // namespace ptattn::HWY_NAMESPACE
HWY_AFTER_NAMESPACE();

#if HWY_ONCE
namespace ptattn {

HWY_EXPORT(attend_backward);

namespace train {

void attention_gradient(const AttentionRecord& record, MatrixView d_out,
                        const AttentionDerivatives& derivatives) {
  HWY_DYNAMIC_DISPATCH(attend_backward)(record, d_out, derivatives);
}

}  // namespace train
}  // namespace ptattn
#endif  // HWY_ONCE
