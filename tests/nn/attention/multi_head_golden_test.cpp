#include <gtest/gtest.h>

#include "golden.hpp"
#include "ptattn/nn/attention/multi_head_attention.hpp"

namespace ptattn::test {
namespace {

class MultiHead : public testing::Test {
 protected:
  static MultiHeadAttention weights() {
    MultiHeadWeights w;
    w.heads = 4;
    w.in_proj_weight = golden("mha.in_proj_weight");
    w.in_proj_bias = golden_values("mha.in_proj_bias");
    w.out_proj = golden_dense("mha.out_proj");
    return MultiHeadAttention(std::move(w));
  }

  const MultiHeadAttention w_ = weights();
  const Matrix x_ = golden("mha.x");
  const Matrix memory_ = golden("mha.memory");
};

TEST_F(MultiHead, self_attention) {
  expect_golden(multi_head_attention(w_, x_, x_, x_), "mha.out_self");
}

TEST_F(MultiHead, causal_self_attention) {
  AttentionScores scores;
  scores.causal = true;
  expect_golden(multi_head_attention(w_, x_, x_, x_, scores), "mha.out_causal");
}

TEST_F(MultiHead, cross_attention_and_its_weights) {
  Matrix weights;
  expect_golden(multi_head_attention(w_, x_, memory_, memory_, {}, &weights), "mha.out_cross");
  expect_golden(weights, "mha.weights_cross");
}

TEST_F(MultiHead, cross_attention_with_mask_and_padding) {
  const Matrix bias = golden("mha.bias");
  const std::vector<float> key_bias = golden_values("mha.key_bias");
  AttentionScores scores;
  scores.bias = bias;
  scores.key_bias = key_bias;
  expect_golden(multi_head_attention(w_, x_, memory_, memory_, scores), "mha.out_masked");
}

}  // namespace
}  // namespace ptattn::test
