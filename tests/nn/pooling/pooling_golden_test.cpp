#include <gtest/gtest.h>

#include <utility>

#include "golden.hpp"
#include "ptattn/nn/attention/masked_softmax.hpp"
#include "ptattn/nn/kernels/elementwise.hpp"
#include "ptattn/nn/layer_norm.hpp"
#include "ptattn/nn/pooling/kernel_regression.hpp"

namespace ptattn::test {
namespace {

TEST(golden, gelu) {
  Matrix x = golden("gelu.x");
  activate(Activation::kGelu, x);
  expect_golden(x, "gelu.out");
}

TEST(golden, layer_norm) {
  const LayerNorm norm{golden_values("layer_norm.gamma"), golden_values("layer_norm.beta")};
  expect_golden(layer_norm(norm, golden("layer_norm.x")), "layer_norm.out");
}

TEST(golden, masked_softmax_of_leading_values) {
  Matrix x = golden("masked_softmax.x");
  masked_softmax(x, golden_integers<std::uint32_t>("masked_softmax.valid"));
  expect_golden(x, "masked_softmax.out_valid");
}

TEST(golden, masked_softmax_of_an_additive_mask) {
  Matrix x = golden("masked_softmax.x");
  const Matrix mask = golden("masked_softmax.mask");
  for (std::size_t i = 0; i < x.size(); ++i) x.data()[i] += mask.data()[i];
  masked_softmax(x);
  expect_golden(x, "masked_softmax.out_mask");
}

TEST(golden, kernel_regression) {
  const std::vector<float> bandwidth = golden_values("kernels.bandwidth");
  const Matrix queries = golden("kernels.queries");
  const Matrix values = golden("kernels.values");
  const std::vector<std::pair<Kernel, std::string>> kernels{{Kernel::kConstant, "constant"},
                                                            {Kernel::kGaussian, "gaussian"},
                                                            {Kernel::kBoxcar, "boxcar"},
                                                            {Kernel::kEpanechnikov, "epanechnikov"},
                                                            {Kernel::kTriangular, "triangular"}};
  for (const auto& [kernel, name] : kernels) {
    Matrix out(queries.rows(), values.cols());
    const KernelPooling pooling{.kernel = kernel, .bandwidth = bandwidth};
    kernel_regression(queries, {golden("kernels.keys"), values}, pooling, out);
    expect_golden(out, "kernels.out_" + name);
  }
}

}  // namespace
}  // namespace ptattn::test
