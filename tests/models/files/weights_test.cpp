// Which weights a network accepts, and what it says about the others.

#include <gtest/gtest.h>

#include <cstring>
#include <limits>
#include <map>

#include "expect_error.hpp"
#include "ptattn/models/registry.hpp"
#include "small_pct.hpp"

namespace ptattn::test {
namespace {

struct Tensor {
  std::vector<std::size_t> shape;
  std::vector<float> values;
};

/// Weights whose names and values can be changed.
class EditedWeights final : public WeightSource {
 public:
  EditedWeights() {
    const FormulaWeights formula = small_pct_weights();
    for (const std::string& name : formula.names()) {
      tensors[name] = {*formula.shape(name), formula.values(name)};
    }
  }
  [[nodiscard]] std::vector<std::string> names() const override {
    std::vector<std::string> names;
    for (const auto& [name, tensor] : tensors) names.push_back(name);
    return names;
  }
  [[nodiscard]] const std::vector<std::size_t>* shape(std::string_view name) const override {
    const auto found = tensors.find(name);
    return found == tensors.end() ? nullptr : &found->second.shape;
  }
  [[nodiscard]] std::vector<float> values(std::string_view name) const override {
    return tensors.find(name)->second.values;
  }
  [[nodiscard]] std::string subject() const override { return "edited"; }

  std::map<std::string, Tensor, std::less<>> tensors;
};

std::unique_ptr<Classifier> build(const WeightSource& weights) {
  return make_classifier({"pct_cls", kSmallPct, "config.json"}, weights);
}

Matrix logits(const WeightSource& weights) {
  return build(weights)->logits(cube(30, 1));
}

void expect_same(const WeightSource& weights) {
  const Matrix expected = logits(small_pct_weights());
  const Matrix actual = logits(weights);
  EXPECT_EQ(std::memcmp(actual.data(), expected.data(), 3 * sizeof(float)), 0);
}

TEST(weights, wrappers_prefixes_and_counters_do_not_matter) {
  EditedWeights wrapped;
  std::map<std::string, Tensor, std::less<>> renamed;
  for (auto& [name, tensor] : wrapped.tensors) {
    renamed["module.backbone." + name] = std::move(tensor);
  }
  renamed["module.bn1.num_batches_tracked"] = {{}, {7.0F}};
  renamed["rope.inv_freq"] = {{2}, {1.0F, 2.0F}};
  wrapped.tensors = std::move(renamed);
  expect_same(wrapped);
}

TEST(weights, convolutions_may_come_as_matrices) {
  EditedWeights weights;
  weights.tensors.at("conv1.weight").shape = {4, 3};
  weights.tensors.at("conv2.weight").shape = {4, 4, 1, 1};
  expect_same(weights);
}

TEST(weights, queries_and_keys_are_one_tensor_under_either_name) {
  EditedWeights without_q;
  without_q.tensors.erase("pt_last.sa1.q_conv.weight");
  expect_same(without_q);
  EditedWeights without_k;
  without_k.tensors.erase("pt_last.sa1.k_conv.weight");
  expect_same(without_k);

  EditedWeights different;
  different.tensors.at("pt_last.sa1.q_conv.weight").values[0] += 1.0F;
  expect_model_error(
      [&] { (void)build(different); },
      {"edited: ", "pt_last.sa1.q_conv.weight (differs from pt_last.sa1.k_conv.weight"});
}

TEST(weights, one_error_names_all_that_does_not_fit) {
  EditedWeights weights;
  weights.tensors.erase("conv1.weight");
  weights.tensors.erase("pt_last.sa2.after_norm.running_mean");
  weights.tensors.at("linear1.weight").shape = {10, 7};
  weights.tensors.at("bn6.bias").shape = {7, 2};
  weights.tensors["decoder.weight"] = {{1}, {0.0F}};
  weights.tensors["decoder.bias"] = {{1}, {0.0F}};
  expect_model_error([&] { (void)build(weights); },
                     {"edited: ", "missing conv1.weight, pt_last.sa2.after_norm.running_mean;",
                      "misshapen bn6.bias [7, 2] (expected [7]), "
                      "linear1.weight [10, 7] (expected [7, 10]);",
                      "extra decoder.bias, decoder.weight"});
}

TEST(weights, long_lists_are_cut) {
  EditedWeights weights;
  weights.tensors.clear();
  expect_model_error([&] { (void)build(weights); },
                     {"missing bn1.bias, bn1.running_mean", " more"});
}

TEST(weights, values_must_be_finite) {
  for (const float bad :
       {std::numeric_limits<float>::quiet_NaN(), -std::numeric_limits<float>::infinity()}) {
    EditedWeights weights;
    weights.tensors.at("linear2.bias").values[3] = bad;
    expect_model_error([&] { (void)build(weights); }, {"linear2.bias (not finite)"});
  }
}

TEST(weights, variances_must_not_be_negative) {
  EditedWeights weights;
  weights.tensors.at("bn7.running_var").values[1] = -0.5F;
  expect_model_error([&] { (void)build(weights); }, {"bn7.running_var (negative)"});
}

TEST(weights, a_name_must_not_come_twice_under_different_prefixes) {
  EditedWeights weights;
  weights.tensors["module.conv1.weight"] = weights.tensors.at("conv1.weight");
  expect_model_error([&] { (void)build(weights); }, {"conv1.weight (there twice)"});
}

}  // namespace
}  // namespace ptattn::test
