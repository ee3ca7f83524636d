#include <gtest/gtest.h>

#include "golden.hpp"
#include "ptattn/nn/attention/additive_attention.hpp"

namespace ptattn::test {
namespace {

TEST(golden, additive_attention) {
  const AdditiveAttention w{Linear({golden("additive.w_q"), {}}),
                            Linear({golden("additive.w_k"), {}}), golden_values("additive.w_v")};
  Matrix weights;
  const Matrix out = additive_attention(w, golden("additive.q"), golden("additive.k"),
                                        golden("additive.v"), {}, &weights);
  expect_golden(out, "additive.out");
  expect_golden(weights, "additive.weights");
}

}  // namespace
}  // namespace ptattn::test
