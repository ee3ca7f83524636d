#include "ptattn/nn/batch_norm.hpp"

#include <gtest/gtest.h>

#include "matrices.hpp"
#include "ptattn/core/error.hpp"

namespace ptattn::test {
namespace {

const BatchNorm kNorm{{2.0F, -1.0F}, {0.5F, 3.0F}, {1.0F, 4.0F}, {3.99F, 0.24F}, 0.01};

TEST(affine_of, hand_computed) {
  // 2 (x - 1) / sqrt(4) + 0.5 = x - 0.5;  -(x - 4) / sqrt(0.25) + 3 = -2 x + 11
  const Affine line = affine_of(kNorm);
  EXPECT_NEAR(line.scale[0], 1.0, 1e-6);
  EXPECT_NEAR(line.shift[0], -0.5, 1e-6);
  EXPECT_NEAR(line.scale[1], -2.0, 1e-6);
  EXPECT_NEAR(line.shift[1], 11.0, 1e-5);
}

TEST(affine_of, does_what_folding_does) {
  const DenseWeights dense = random_dense(5, 2, 1);
  const Matrix x = random_matrix(700, 5, 2);
  Matrix normed = linear(Linear(clone(dense)), x);
  apply(affine_of(kNorm), Activation::kRelu, normed);
  const Matrix expected = linear(Linear(folded(clone(dense), kNorm)), x, Activation::kRelu);
  EXPECT_LT(distance(normed, expected), 1e-5);
}

TEST(affine_of, works_in_place_inside_a_larger_matrix) {
  Embedded memory(3, 2, 5, 1);
  fill(memory.view(), 1);
  const float before = memory.view()(2, 1);
  apply({{2.0F, 3.0F}, {0.0F, 1.0F}}, Activation::kNone, memory.view());
  EXPECT_FLOAT_EQ(memory.view()(2, 1), 3.0F * before + 1.0F);
  EXPECT_TRUE(memory.surroundings_intact());
}

TEST(affine_of, refuses_another_number_of_channels) {
  Matrix x = random_matrix(4, 3, 1);
  EXPECT_THROW(apply(affine_of(kNorm), Activation::kNone, x), Error);
}

TEST(input_part, parts_add_up_to_the_layer) {
  const DenseWeights layer = random_dense(7, 4, 1);
  const Matrix x = random_matrix(9, 7, 2);
  const Matrix first = linear(Linear(input_part(layer, 0, 3, true)), x.view().cols_range(0, 3));
  const Matrix both = linear(Linear(input_part(layer, 3, 4, false)), x.view().cols_range(3, 4),
                             Activation::kNone, first);
  EXPECT_LT(distance(both, linear(Linear(clone(layer)), x)), 1e-5);
  EXPECT_EQ(input_part({}, 0, 3, true).weight.size(), 0U) << "of a layer that was missing";
}

}  // namespace
}  // namespace ptattn::test
