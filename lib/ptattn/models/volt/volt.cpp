#include "ptattn/models/volt/volt.hpp"

#include <algorithm>
#include <functional>
#include <numbers>
#include <string>
#include <utility>
#include <vector>

#include "ptattn/core/parallel.hpp"
#include "ptattn/core/scratch_memory.hpp"
#include "ptattn/models/ptv3/input.hpp"
#include "ptattn/models/ptv3/layers.hpp"
#include "ptattn/models/volt/tokens.hpp"
#include "ptattn/nn/attention/attention.hpp"
#include "ptattn/nn/encoding/positional_encoding.hpp"
#include "ptattn/nn/encoding/rotary_encoding.hpp"
#include "ptattn/nn/kernels/gemm.hpp"
#include "ptattn/sampling/sort_order.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kHead = VoltConfig::kHeadChannels;
constexpr std::size_t kGrain = 1024;          // voxels or tokens of a task
constexpr std::size_t kPerceptronRows = 256;  // tokens whose hidden channels exist at a time
constexpr std::size_t kTracedQueries = 256;   // whose weights exist at a time
constexpr std::size_t kPairsOfXy = 12;
constexpr std::size_t kPairsOfZ = 8;

/// From 2 pi to 100 times that, both ends included: frequencies 1 ... 1 / 100.
const std::vector<double>& wavelengths_of(std::size_t pairs) {
  constexpr double kShortest = 2.0 * std::numbers::pi;
  constexpr double kLongest = 100.0 * kShortest;
  static const std::vector<double> of_xy = geometric_wavelengths(kShortest, kLongest, kPairsOfXy);
  static const std::vector<double> of_z = geometric_wavelengths(kShortest, kLongest, kPairsOfZ);
  return pairs == kPairsOfXy ? of_xy : of_z;
}

/// One forward pass: everything that changes while the network does not.
class Pass {
 public:
  Pass(const VoltConfig& config, const VoltWeights& weights, const Trace& trace)
      : config_(config), weights_(weights), trace_(trace) {}

  PointOutput operator()(const PointInput& input, std::size_t planned) {
    ScratchMemory scratch;
    scratch.reserve(planned);
    const Ptv3Input sorted = read_ptv3_input(input, config_.in_channels, scratch);
    const Ptv3Pooling pooling = pool(sorted.level, config_.stride, scratch);
    const Ptv3Level tokens = downsampled(sorted.level, config_.stride, pooling, scratch);
    const VoltTokens grid{sorted.level, tokens, pooling, config_.stride};
    const std::size_t c = config_.embed_dim;
    const MutableMatrixView x = scratch.matrix(tokens.size(), c);
    {
      ScratchMemory temporary;
      tokenize(weights_.tokenizer, grid, gathered(input.features, sorted.rows, temporary), x);
    }
    look_at(tokens);
    report("tokenizer", x);
    {
      ScratchMemory of_blocks;
      const MatrixView angles = angles_of(tokens, of_blocks);
      const MutableMatrixView sum = of_blocks.matrix(tokens.size(), c);
      for (const VoltBlockWeights& w : weights_.blocks) {
        attend(w, tokens, angles, x, sum);
        perceive(w, sum, x);
        report(w.name, x);
        trace_.progress(static_cast<double>(&w - weights_.blocks.data() + 1) /
                        static_cast<double>(weights_.blocks.size()));
      }
    }
    return decode(grid, sorted.rows, x);
  }

 private:
  /// Rotation of each token: sine and cosine for each pair of a head's channels. Only differences
  /// of cells matter; those to one of them are exact.
  static MatrixView angles_of(const Ptv3Level& tokens, ScratchMemory& scratch) {
    const MutableMatrixView angles = scratch.matrix(tokens.size(), kHead);
    ScratchMemory temporary;
    const MutableMatrixView steps = temporary.matrix(tokens.size(), 3);
    parallel_each(tokens.size(), kGrain, [&](std::size_t i) {
      for (std::size_t a = 0; a < 3; ++a) {
        steps(i, a) =
            static_cast<float>(std::int64_t{tokens.cells[i][a]} - std::int64_t{tokens.cells[0][a]});
      }
    });
    encode_coordinates(MatrixView(steps).cols_range(0, 2), wavelengths_of(kPairsOfXy),
                       angles.cols_range(0, 4 * kPairsOfXy));
    encode_coordinates(MatrixView(steps).cols_range(2, 1), wavelengths_of(kPairsOfZ),
                       angles.cols_range(4 * kPairsOfXy, 2 * kPairsOfZ));
    return angles;
  }

  /// sum = x + proj(attention(norm1 x))
  void attend(const VoltBlockWeights& w, const Ptv3Level& tokens, MatrixView angles, MatrixView x,
              MutableMatrixView sum) {
    ScratchMemory scratch;
    const std::size_t c = x.cols;
    const MutableMatrixView qkv = scratch.matrix(x.rows, 3 * c);
    const MutableMatrixView attended = scratch.matrix(x.rows, c);
    layer_norm(w.norm1, x, attended);
    linear(w.qkv, attended, Activation::kNone, {}, qkv);
    for (std::size_t head = 0; head < config_.num_heads && config_.qk_norm; ++head) {
      const MutableMatrixView q = qkv.cols_range(head * kHead, kHead);
      const MutableMatrixView k = qkv.cols_range(c + head * kHead, kHead);
      layer_norm(w.q_norm, q, q);
      layer_norm(w.k_norm, k, k);
    }
    rotate(angles, 1, qkv.cols_range(0, 2 * c));
    std::size_t begin = 0;
    for (const std::size_t end : tokens.ends) {
      attend_in_cloud(w, begin, MatrixView(qkv).rows_range(begin, end - begin),
                      attended.rows_range(begin, end - begin));
      begin = end;
    }
    linear(w.proj, attended, Activation::kNone, x, sum);
  }

  /// @param first  row of the cloud's first token
  void attend_in_cloud(const VoltBlockWeights& w, std::size_t first, MatrixView qkv,
                       MutableMatrixView out) {
    const std::size_t c = out.cols;
    parallel_each(config_.num_heads, 1, [&](std::size_t head) {
      const std::size_t at = head * kHead;
      attention(qkv.cols_range(at, kHead), qkv.cols_range(c + at, kHead),
                qkv.cols_range(2 * c + at, kHead), {.bf16 = attends_in_bf16(w.qkv)},
                out.cols_range(at, kHead));
    });
    if (trace_.hears_attention()) report_attention(w, first, qkv);
  }

  /// Tells a listener the weights of a cloud's tokens, some queries at a time.
  void report_attention(const VoltBlockWeights& w, std::size_t first, MatrixView qkv) const {
    const std::string name = w.name + ".attn";
    if (!trace_.wants_attention(name)) return;
    const std::size_t c = qkv.cols / 3;
    const std::span<const std::uint32_t> keys = std::span(token_rows_).subspan(first, qkv.rows);
    for (std::size_t head = 0; head < config_.num_heads; ++head) {
      const std::size_t at = head * kHead;
      for (std::size_t row = 0; row < qkv.rows; row += kTracedQueries) {
        const std::size_t count = std::min(kTracedQueries, qkv.rows - row);
        const Matrix weights = attention_weights(qkv.rows_range(row, count).cols_range(at, kHead),
                                                 qkv.cols_range(c + at, kHead), {});
        trace_.attention({.layer = name,
                          .head = head,
                          .tokens = positions_,
                          .queries = keys.subspan(row, count),
                          .keys = keys,
                          .weights = weights});
      }
    }
  }

  /// out = x + fc2(GELU(fc1(norm2 x)))
  static void perceive(const VoltBlockWeights& w, MatrixView x, MutableMatrixView out) {
    parallel_each((x.rows + kPerceptronRows - 1) / kPerceptronRows, 1, [&](std::size_t block) {
      const std::size_t first = block * kPerceptronRows;
      const std::size_t rows = std::min(kPerceptronRows, x.rows - first);
      in_isolation([&] {
        ScratchMemory scratch;
        const MatrixView part = x.rows_range(first, rows);
        const MutableMatrixView normed = scratch.matrix(rows, x.cols);
        const MutableMatrixView hidden = scratch.matrix(rows, w.fc1.weight.cols());
        layer_norm(w.norm2, part, normed);
        linear(w.fc1, normed, Activation::kGelu, {}, hidden);
        linear(w.fc2, hidden, Activation::kNone, part, out.rows_range(first, rows));
      });
    });
  }

  /// @param rows  of the input, of each voxel
  PointOutput decode(const VoltTokens& grid, std::span<const std::uint32_t> rows,
                     MutableMatrixView x) const {
    ScratchMemory scratch;
    const MutableMatrixView up = scratch.matrix(x.rows, config_.up_mlp_dim);
    apply(weights_.pre_norm, Activation::kGelu, x);
    linear(weights_.pre, x, Activation::kGelu, {}, up);
    const Linear& head = weights_.seg_head;
    PointOutput output{Matrix(rows.size(), head.weight.cols()), {}};
    Matrix traced = trace_ ? Matrix(rows.size(), up.cols) : Matrix();
    const auto scatter = [&](std::span<const std::uint32_t> voxels, MatrixView from, Matrix& to) {
      for (std::size_t i = 0; i < voxels.size(); ++i) {
        std::copy_n(from.row(i), from.cols, to.row(rows[voxels[i]]));
      }
    };
    const auto label = [&](std::span<const std::uint32_t> voxels, MutableMatrixView features) {
      ScratchMemory of_block;
      const MutableMatrixView scores = of_block.matrix(voxels.size(), head.weight.cols());
      gemm(features, head.weight, 0, head.weight.panels(), {.bias = head.bias.data()}, scores);
      scatter(voxels, scores, output.values);
      if (trace_) scatter(voxels, features, traced);
    };
    unembed(weights_.unembed, grid, up, std::cref(label));
    if (trace_) trace_("decoder", traced, scattered(grid.voxels.positions, rows));
    return output;
  }

  /// Finds out what a listener hears about the tokens: their order is that of cloud, x,
  /// y, z.
  void look_at(const Ptv3Level& tokens) {
    if (!trace_ && !trace_.hears_attention()) return;
    std::vector<std::uint64_t> keys(tokens.size());
    std::vector<std::uint32_t> order(tokens.size());
    lexicographic_keys(tokens, keys);
    sort_order(keys, order);
    token_rows_.resize(tokens.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
      token_rows_[order[i]] = static_cast<std::uint32_t>(i);
    }
    positions_ = scattered(tokens.positions, token_rows_);
  }

  void report(const std::string& name, MatrixView x) const {
    if (trace_) trace_(name, scattered(x, token_rows_), positions_);
  }

  const VoltConfig& config_;
  const VoltWeights& weights_;
  const Trace& trace_;
  std::vector<std::uint32_t> token_rows_;  // of each token among those reported, where one listens
  Matrix positions_;                       // of these
};

}  // namespace

Volt::Volt(VoltConfig config, VoltWeights weights)
    : config_(std::move(config)), weights_(std::move(weights)) {}

std::size_t Volt::bytes_per_point() const {
  constexpr std::size_t kFloat = sizeof(float);
  // A token holds some twelve voxels of a surface; sparse scenes have fewer in one.
  constexpr std::size_t kVoxelsOfToken = 6;
  const std::size_t lists = 12 + 4 + 12 + 12 + 16;  // cells, rows, positions, pooling, codes
  const std::size_t token = kFloat * (6 * config_.embed_dim + kHead) + 40;
  const std::size_t output = kFloat * out_channels();
  return lists + kFloat * config_.in_channels + output + token / kVoxelsOfToken;
}

std::vector<AttentionLayer> Volt::attention_layers() const {
  std::vector<AttentionLayer> layers;
  for (const VoltBlockWeights& block : weights_.blocks) {
    layers.push_back({block.name + ".attn", config_.num_heads});
  }
  return layers;
}

PointOutput Volt::forward(const PointInput& input, const Trace& trace) const {
  return Pass(config_, weights_, trace)(input, bytes_per_point() * input.positions.rows);
}

}  // namespace ptattn
