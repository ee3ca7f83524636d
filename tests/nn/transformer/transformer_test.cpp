#include "ptattn/nn/transformer/transformer.hpp"
#include "ptattn/core/clone.hpp"

#include <gtest/gtest.h>

#include <array>
#include <cmath>
#include <limits>
#include <vector>

#include "matrices.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/nn/transformer/feed_forward.hpp"

namespace ptattn::test {
namespace {

constexpr float kMasked = -std::numeric_limits<float>::infinity();
constexpr std::array kOrders{NormOrder::kPost, NormOrder::kPre};

DenseWeights scaled_identity(std::size_t n, float scale) {
  DenseWeights dense{Matrix(n, n), {}};
  for (std::size_t i = 0; i < n; ++i) {
    for (std::size_t j = 0; j < n; ++j) dense.weight(i, j) = i == j ? scale : 0.0F;
  }
  return dense;
}

/// Attention to a single row returns that row.
MultiHeadAttention identity_attention() {
  MultiHeadWeights w;
  w.q_proj_weight = clone(scaled_identity(2, 1.0F).weight);
  w.k_proj_weight = clone(w.q_proj_weight);
  w.v_proj_weight = clone(w.q_proj_weight);
  w.out_proj = scaled_identity(2, 1.0F);
  return MultiHeadAttention(std::move(w));
}

/// 10 ReLU(x)
FeedForward tenfold() {
  return {Linear(scaled_identity(2, 1.0F)), Linear(scaled_identity(2, 10.0F))};
}

Matrix row_of(float a, float b) {
  Matrix row(1, 2);
  row(0, 0) = a, row(0, 1) = b;
  return row;
}

void expect_row(MatrixView row, double a, double b) {
  EXPECT_NEAR(row(0, 0), a, 1e-3);  // eps of the norms
  EXPECT_NEAR(row(0, 1), b, 1e-3);
}

// A norm of two channels makes (1, -1) or (-1, 1) of any row whose values differ.

TEST(encoder_layer, hand_computed_pre_norm) {
  const EncoderLayer layer{identity_attention(), {}, tenfold(), {}};
  Matrix x = row_of(3.0F, 1.0F);
  encoder_layer(layer, NormOrder::kPre, {}, x);  // + (1, -1) = (4, 0); + 10 ReLU((1, -1))
  expect_row(x, 14.0, 0.0);
}

TEST(encoder_layer, hand_computed_post_norm) {
  const EncoderLayer layer{identity_attention(), {}, tenfold(), {{2.0F, 3.0F}, {5.0F, 6.0F}}};
  Matrix x = row_of(3.0F, 1.0F);
  // norm((3, 1) + (3, 1)) = (1, -1); norm((1, -1) + 10 ReLU((1, -1))) = (1, -1), scaled, shifted
  encoder_layer(layer, NormOrder::kPost, {}, x);
  expect_row(x, 7.0, 3.0);
}

TEST(decoder_layer, hand_computed_pre_norm) {
  const DecoderLayer layer{identity_attention(), {}, identity_attention(), {}, tenfold(), {}};
  Matrix x = row_of(3.0F, 1.0F);
  // + (1, -1) = (4, 0); + memory = (11, 9); + 10 ReLU((1, -1))
  decoder_layer(layer, NormOrder::kPre, row_of(7.0F, 9.0F), {}, x);
  expect_row(x, 21.0, 9.0);
}

TEST(decoder_layer, hand_computed_post_norm) {
  const DecoderLayer layer{identity_attention(), {},        identity_attention(),
                           {{}, {0.5F, 0.5F}},   tenfold(), {}};
  Matrix x = row_of(3.0F, 1.0F);
  // (1, -1); norm((1, -1) + (7, 90)) + 1/2 = (-1/2, 3/2); norm((-1/2, 3/2) + (0, 15))
  decoder_layer(layer, NormOrder::kPost, row_of(7.0F, 90.0F), {}, x);
  expect_row(x, -1.0, 1.0);
}

constexpr std::size_t kChannels = 24;

MultiHeadAttention random_attention(std::size_t memory_channels, std::uint64_t seed) {
  MultiHeadWeights w;
  w.heads = 4;
  w.q_proj_weight = random_matrix(kChannels, kChannels, seed, 0.3);
  w.k_proj_weight = random_matrix(kChannels, memory_channels, seed + 1, 0.3);
  w.v_proj_weight = random_matrix(kChannels, memory_channels, seed + 2, 0.3);
  w.out_proj = {random_matrix(kChannels, kChannels, seed + 3, 0.3), {}};
  return MultiHeadAttention(std::move(w));
}

FeedForward random_feed_forward(std::uint64_t seed) {
  return {Linear(random_dense(kChannels, 40, seed)), Linear(random_dense(40, kChannels, seed + 2)),
          Activation::kGelu};
}

Transformer random_transformer(NormOrder order, std::size_t memory_channels = kChannels) {
  Transformer w;
  w.encoder.order = w.decoder.order = order;
  for (std::uint64_t i = 1; i <= 2; ++i) {
    w.encoder.layers.push_back(
        {random_attention(kChannels, 10 * i), {}, random_feed_forward(20 * i), {}});
    w.decoder.layers.push_back({random_attention(kChannels, 30 * i),
                                {},
                                random_attention(memory_channels, 40 * i),
                                {},
                                random_feed_forward(50 * i),
                                {}});
  }
  w.encoder.norm = w.decoder.norm = LayerNorm{};
  return w;
}

AttentionScores causal() {
  AttentionScores scores;
  scores.causal = true;
  return scores;
}

TEST(feed_forward, is_two_layers_with_an_activation_between) {
  const Matrix x = row_of(-3.0F, 2.0F);
  expect_row(feed_forward(tenfold(), x), 0.0, 20.0);
  EXPECT_THROW((void)feed_forward(tenfold(), random_matrix(2, 3, 1)), Error);
}

TEST(encode, permuting_rows_permutes_the_result) {
  const Matrix x = random_matrix(50, kChannels, 1);
  std::vector<std::size_t> rows(50);
  for (std::size_t i = 0; i < 50; ++i) rows[i] = i * 7 % 50;
  for (const NormOrder order : kOrders) {
    const Encoder w = random_transformer(order).encoder;
    EXPECT_LT(distance(encode(w, permuted(x, rows)), permuted(encode(w, x), rows)), 1e-5);
  }
}

TEST(encode, padded_rows_change_nothing) {
  const Matrix x = random_matrix(20, kChannels, 1);
  std::vector<float> padding(20, 0.0F);
  std::fill(padding.begin() + 15, padding.end(), kMasked);
  for (const NormOrder order : kOrders) {
    const Encoder w = random_transformer(order).encoder;
    const Matrix padded = encode(w, x, {.key_bias = padding});
    const Matrix alone = encode(w, x.view().rows_range(0, 15));
    EXPECT_LT(distance(padded.view().rows_range(0, 15), alone), 1e-6);
  }
}

TEST(decode, later_rows_do_not_touch_earlier_ones) {
  const Matrix memory = random_matrix(30, kChannels, 1);
  Matrix x = random_matrix(12, kChannels, 2);
  for (const NormOrder order : kOrders) {
    const Decoder w = random_transformer(order).decoder;
    const Matrix before = decode(w, x, memory, {.self = causal()});
    x(8, 3) += 1.0F;
    const Matrix after = decode(w, x, memory, {.self = causal()});
    EXPECT_TRUE(same_bytes(before.view().rows_range(0, 8), after.view().rows_range(0, 8)));
    EXPECT_GT(distance(before.view().rows_range(8, 4), after.view().rows_range(8, 4)), 1e-3);
  }
}

TEST(step_decoder, gives_the_bits_of_one_causal_pass_however_the_rows_are_cut) {
  constexpr std::size_t kMemoryChannels = 17;
  const Matrix memory = random_matrix(150, kMemoryChannels, 1);
  const Matrix x = random_matrix(70, kChannels, 2);
  std::vector<float> padding(150, 0.0F);
  std::fill(padding.begin() + 140, padding.end(), kMasked);
  const DecoderScores scores{.self = causal(), .memory = {.key_bias = padding}};
  for (const NormOrder order : kOrders) {
    const Decoder w = random_transformer(order, kMemoryChannels).decoder;
    const Matrix whole = decode(w, x, memory, scores);
    for (const std::size_t cut : {1, 3, 64, 70}) {
      StepDecoder steps(w, memory, padding);
      for (std::size_t first = 0; first < 70; first += cut) {
        const std::size_t rows = std::min(cut, 70 - first);
        const Matrix part = steps.next(x.view().rows_range(first, rows));
        ASSERT_TRUE(same_bytes(part, whole.view().rows_range(first, rows))) << cut << " " << first;
      }
    }
  }
}

TEST(step_decoder, no_rows_are_no_step) {
  const Decoder w = random_transformer(NormOrder::kPre).decoder;
  const Matrix memory = random_matrix(5, kChannels, 1);
  const Matrix x = random_matrix(1, kChannels, 2);
  StepDecoder steps(w, memory);
  EXPECT_EQ(steps.next(Matrix(0, kChannels)).rows(), 0U);
  EXPECT_TRUE(same_bytes(steps.next(x), decode(w, x, memory)));
}

TEST(transformer, same_bytes_for_any_thread_count) {
  const Matrix source = random_matrix(700, kChannels, 1);
  const Matrix target = random_matrix(300, kChannels, 2);
  for (const NormOrder order : kOrders) {
    const Transformer w = random_transformer(order);
    const auto with_threads = [&](int threads) {
      const ThreadLimit limit(threads);
      return transformer(w, source, target, {.decoder = {.self = causal()}});
    };
    EXPECT_TRUE(same_bytes(with_threads(1), with_threads(8)));
  }
}

TEST(transformer, a_memory_all_masked_adds_nothing) {
  const Matrix memory = random_matrix(5, kChannels, 1);
  const Matrix other = random_matrix(5, kChannels, 9);
  const Matrix x = random_matrix(4, kChannels, 2);
  const std::vector<float> padding(5, kMasked);
  const Decoder w = random_transformer(NormOrder::kPre).decoder;
  const DecoderScores scores{.memory = {.key_bias = padding}};
  const Matrix out = decode(w, x, memory, scores);
  EXPECT_TRUE(same_bytes(out, decode(w, x, other, scores)));
  EXPECT_TRUE(same_bytes(out, decode(w, x, Matrix(0, kChannels))));
  for (const float value : out.values()) EXPECT_TRUE(std::isfinite(value));
}

TEST(transformer, small_and_empty_inputs) {
  for (const NormOrder order : kOrders) {
    const Transformer w = random_transformer(order);
    EXPECT_EQ(transformer(w, Matrix(0, kChannels), Matrix(0, kChannels)).rows(), 0U);
    const Matrix one = random_matrix(1, kChannels, 1);
    const Matrix out = transformer(w, one, one);
    for (const float value : out.values()) EXPECT_TRUE(std::isfinite(value));
  }
  const Matrix x = random_matrix(3, kChannels, 1);
  EXPECT_TRUE(same_bytes(encode({}, x), x));
}

TEST(transformer, refuses_what_does_not_fit) {
  const Transformer w = random_transformer(NormOrder::kPost);
  const Matrix good = random_matrix(3, kChannels, 1);
  const Matrix narrow = random_matrix(3, kChannels - 1, 1);
  const std::vector<float> four(4, 0.0F);
  EXPECT_THROW((void)encode(w.encoder, narrow), Error);
  EXPECT_THROW((void)encode(w.encoder, good, {.key_bias = four}), Error);
  EXPECT_THROW((void)decode(w.decoder, narrow, good), Error);
  EXPECT_THROW((void)decode(w.decoder, good, narrow), Error);
  EXPECT_THROW((void)decode(w.decoder, good, good, {.memory = {.key_bias = four}}), Error);
  EXPECT_THROW(StepDecoder(w.decoder, narrow), Error);
  EXPECT_THROW((void)StepDecoder(w.decoder, good).next(narrow), Error);
  EXPECT_THROW(StepDecoder(w.decoder, good, four), Error);
}

}  // namespace
}  // namespace ptattn::test
