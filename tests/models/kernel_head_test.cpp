#include "ptattn/models/kernel_head.hpp"

#include <cmath>
#include <map>

#include <gmock/gmock.h>

#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"

namespace ptattn::test {
namespace {

/// Gives its input as features.
class Identity final : public PointNetwork {
 public:
  explicit Identity(bool labels = false) : labels_(labels) {}
  [[nodiscard]] std::size_t in_channels() const override { return 2; }
  [[nodiscard]] std::size_t out_channels() const override { return 2; }
  [[nodiscard]] bool labels_points() const override { return labels_; }
  [[nodiscard]] PointOutput forward(const PointInput& input,
                                    const Trace& /*trace*/) const override {
    Matrix values(input.features.rows, 2);
    for (std::size_t i = 0; i < values.rows(); ++i) {
      for (std::size_t j = 0; j < 2; ++j) values(i, j) = input.features(i, j);
    }
    return {std::move(values), {}};
  }

 private:
  bool labels_;
};

/// Tensors by name.
class Tensors final : public WeightSource {
 public:
  void put(const std::string& name, std::vector<std::size_t> shape, std::vector<float> values) {
    shapes_[name] = std::move(shape);
    values_[name] = std::move(values);
  }
  [[nodiscard]] std::vector<std::string> names() const override {
    std::vector<std::string> names;
    for (const auto& [name, shape] : shapes_) names.push_back(name);
    return names;
  }
  [[nodiscard]] const std::vector<std::size_t>* shape(std::string_view name) const override {
    const auto found = shapes_.find(std::string(name));
    return found == shapes_.end() ? nullptr : &found->second;
  }
  [[nodiscard]] std::vector<float> values(std::string_view name) const override {
    return values_.at(std::string(name));
  }
  [[nodiscard]] std::string subject() const override { return "weights"; }

 private:
  std::map<std::string, std::vector<std::size_t>> shapes_;
  std::map<std::string, std::vector<float>> values_;
};

Matrix matrix(std::size_t rows, std::size_t cols, std::initializer_list<float> values) {
  Matrix result(rows, cols);
  std::ranges::copy(values, result.values().begin());
  return result;
}

PointInput input_of(const Matrix& x) {
  PointInput input;
  input.positions = x;
  input.features = x;
  return input;
}

TEST(kernel_head, scores_are_logarithms_of_the_shares_around) {
  // Keys at 0 and 2 along the first axis, in units of the width: 1 / 0.5.
  const KernelHead network(std::make_unique<Identity>(),
                           {{0.5F, 1.0F}, matrix(2, 2, {0, 0, 1, 0}), matrix(2, 2, {1, 0, 0, 1})});
  const Matrix x = matrix(2, 2, {1, 0, 0, 3});
  const PointOutput out = network.forward(input_of(x), {});
  ASSERT_EQ(out.values.cols(), 2U);
  // In the middle both count alike; at 0 the second has exp(-1 / 2) of the first's weight, however
  // far both are along the other axis.
  EXPECT_NEAR(out.values(0, 0), std::log(0.5), 1e-6);
  EXPECT_NEAR(out.values(0, 1), std::log(0.5), 1e-6);
  const double share = std::exp(-0.5) / (1.0 + std::exp(-0.5));
  EXPECT_NEAR(out.values(1, 0), std::log(1.0 - share), 1e-5);
  EXPECT_NEAR(out.values(1, 1), std::log(share), 1e-5);
}

TEST(kernel_head, far_from_all_examples_the_nearest_decides) {
  const KernelHead network(std::make_unique<Identity>(),
                           {{1.0F, 1.0F}, matrix(2, 2, {0, 0, 9, 0}), matrix(2, 2, {1, 0, 0, 1})});
  const Matrix x = matrix(1, 2, {400, 0});
  const PointOutput out = network.forward(input_of(x), {});
  EXPECT_NEAR(out.values(0, 1), 0.0, 1e-5);
  EXPECT_LT(out.values(0, 0), -10.0F);
}

TEST(kernel_head, refuses_what_does_not_fit) {
  const auto make = [](std::size_t scale, bool labels) {
    return KernelHead(std::make_unique<Identity>(labels),
                      {std::vector<float>(scale, 1.0F), matrix(1, 2, {0, 0}), matrix(1, 1, {1})});
  };
  EXPECT_NO_THROW((void)make(2, false));
  EXPECT_THROW((void)make(3, false), Error);
  EXPECT_THROW((void)make(2, true), Error);
}

TEST(read_kernel_head, reads_tensors_and_refuses_others) {
  Tensors weights;
  EXPECT_FALSE(has_kernel_head(weights));
  weights.put("head.keys", {2, 1}, {1, 2});
  weights.put("head.values", {2, 3}, {1, 0, 0, 0, 1, 0});
  EXPECT_TRUE(has_kernel_head(weights));
  EXPECT_THROW((void)read_kernel_head(weights), Error);  // without a scale
  weights.put("head.scale", {1}, {4});
  const KernelHeadWeights head = read_kernel_head(weights);
  EXPECT_THAT(head.scale, testing::ElementsAre(4.0F));
  EXPECT_EQ(head.keys(1, 0), 2.0F);
  EXPECT_EQ(head.values.cols(), 3U);
  weights.put("head.values", {2, 1}, {1, -1});
  EXPECT_THROW((void)read_kernel_head(weights), Error);
  weights.put("head.values", {1, 1}, {1});
  EXPECT_THROW((void)read_kernel_head(weights), Error);
  weights.put("head.values", {2, 1}, {1, NAN});
  EXPECT_THROW((void)read_kernel_head(weights), Error);
}

}  // namespace
}  // namespace ptattn::test
