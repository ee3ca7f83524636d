#include <gtest/gtest.h>

#include "golden.hpp"
#include "ptattn/nn/attention/attention.hpp"

namespace ptattn::test {
namespace {

/// The keys and values of tests/golden are few: attention by lists lists them all.
Matrix by_lists(MatrixView q, MatrixView k, MatrixView v, const AttentionScores& scores) {
  std::vector<std::uint32_t> lists(q.rows * k.rows);
  for (std::size_t r = 0; r < lists.size(); ++r) lists[r] = static_cast<std::uint32_t>(r % k.rows);
  Matrix out(q.rows, v.cols);
  neighbor_attention(q, k, v, lists, scores, out);
  return out;
}

Matrix blocked(MatrixView q, MatrixView k, MatrixView v, const AttentionScores& scores) {
  Matrix out(q.rows, v.cols);
  attention(q, k, v, scores, out);
  return out;
}

class DotProduct : public testing::Test {
 protected:
  const Matrix q = golden("dot.q");
  const Matrix k = golden("dot.k");
  const Matrix v = golden("dot.v");
};

TEST_F(DotProduct, plain) {
  expect_golden(blocked(q, k, v, {}), "dot.out");
  expect_golden(by_lists(q, k, v, {}), "dot.out");
  expect_golden(attention_weights(q, k, {}), "dot.weights");
}

TEST_F(DotProduct, masked) {
  const Matrix bias = golden("dot.bias");
  const std::vector<float> key_bias = golden_values("dot.key_bias");
  AttentionScores scores;
  scores.bias = bias;
  scores.key_bias = key_bias;
  expect_golden(blocked(q, k, v, scores), "dot.out_masked");
  expect_golden(by_lists(q, k, v, scores), "dot.out_masked");
}

TEST_F(DotProduct, causal) {
  AttentionScores scores;
  scores.causal = true;
  expect_golden(blocked(q, k, v, scores), "dot.out_causal");
}

}  // namespace
}  // namespace ptattn::test
