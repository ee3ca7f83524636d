// Networks that learn beside PyTorch: loss, all gradients and the state after three AdamW steps.

#include <algorithm>
#include <cmath>
#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <nlohmann/json.hpp>

#include "formula_weights.hpp"
#include "point_case.hpp"
#include "ptattn/models/files/safetensors.hpp"
#include "ptattn/train/adamw.hpp"
#include "ptattn/train/trainable_network.hpp"

namespace ptattn::test {
namespace {

constexpr int kSteps = 3;
constexpr double kRate = 1e-3;
constexpr double kWeightDecay = 0.05;
constexpr double kTolerance = 1e-4;

/// Mean cross entropy of rows of logits.
double cross_entropy(MatrixView logits, std::span<const std::int64_t> labels,
                     MutableMatrixView d_logits) {
  const auto n = static_cast<double>(logits.rows);
  double loss = 0.0;
  for (std::size_t i = 0; i < logits.rows; ++i) {
    const auto label = static_cast<std::size_t>(labels[i]);
    double total = 0.0;
    for (std::size_t j = 0; j < logits.cols; ++j) total += std::exp(double{logits(i, j)});
    for (std::size_t j = 0; j < logits.cols; ++j) {
      const double p = std::exp(double{logits(i, j)}) / total;
      d_logits(i, j) = static_cast<float>((p - (j == label ? 1.0 : 0.0)) / n);
    }
    loss += (std::log(total) - logits(i, label)) / n;
  }
  return loss;
}

/// Largest difference over the largest value.
double relative_difference(std::span<const float> actual, const std::vector<float>& expected,
                           double least_scale) {
  double largest = least_scale;
  double difference = actual.size() == expected.size() ? 0.0 : HUGE_VAL;
  for (std::size_t i = 0; i < expected.size(); ++i) {
    largest = std::max(largest, std::abs(double{expected[i]}));
    difference = std::max(difference, std::abs(double{expected[i]} - actual[i]));
  }
  return difference / largest;
}

/// One case: a network with weights by formula, its input and what PyTorch made of it.
class TrainingCase {
 public:
  explicit TrainingCase(const std::string& name)
      : golden_(folder() + name + ".safetensors"), input_(golden_) {
    std::ifstream file(folder() + name + ".json");
    const nlohmann::json json = nlohmann::json::parse(file);
    network_ = train::make_trainable_network(
        {json.at("architecture"), json.at("hyper_parameters").dump(), name},
        {.seed = 1, .dropout = 0.0, .norm_momentum = 0.02});
    train::ParameterSet& set = network_->parameters();
    FormulaWeights::Shapes shapes;
    for (const train::Parameter& p : set.parameters()) shapes[p.name] = p.shape;
    for (const train::Buffer& b : set.buffers()) shapes[b.name] = b.shape;
    set.load(FormulaWeights(shapes, "", "formula"));
    labels_ = golden_.integers("labels");
  }

  void expect_steps_of_pytorch() {
    train::ParameterSet& set = network_->parameters();
    std::vector<train::ParameterGroup> groups;
    for (train::Parameter& p : set.parameters()) {
      groups.push_back({p.value, p.gradient, 1.0, p.decays ? kWeightDecay : 0.0});
    }
    train::AdamW optimizer(groups, {.epsilon = 1e-4});
    for (int step = 0; step < kSteps; ++step) {
      set.clear_gradients();
      take_step(step);
      optimizer.step(kRate);
    }
    for (const train::Parameter& p : set.parameters()) expect_near("after." + p.name, p.value, 0.1);
    for (const train::Buffer& b : set.buffers()) expect_near("after." + b.name, b.value, 0.1);
  }

 private:
  [[nodiscard]] static std::string folder() { return PTATTN_TEST_DIR "/golden/train/"; }

  void take_step(int step) {
    double loss = 0.0;
    network_->step(input_.view(), {1, static_cast<std::uint64_t>(step)},
                   [&](MatrixView logits, MutableMatrixView d_logits) {
                     loss = cross_entropy(logits, labels_, d_logits);
                     if (step == 0)
                       expect_near("logits", {logits.data, logits.rows * logits.cols}, 0);
                   });
    if (step > 0) return;
    EXPECT_NEAR(loss, golden_.values("loss").front(), 1e-5);
    double largest = 0.0;
    for (const train::Parameter& p : network_->parameters().parameters()) {
      for (const float g : golden_.values("gradient." + p.name)) {
        largest = std::max(largest, std::abs(double{g}));
      }
    }
    for (const train::Parameter& p : network_->parameters().parameters()) {
      expect_near("gradient." + p.name, p.gradient, 1e-2 * largest);
    }
  }

  /// @param least_scale  differences are compared with this at least
  void expect_near(const std::string& name, std::span<const float> actual, double least_scale) {
    EXPECT_LT(relative_difference(actual, golden_.values(name), least_scale), kTolerance) << name;
  }

  SafetensorsFile golden_;
  PointCase input_;
  std::unique_ptr<train::TrainableNetwork> network_;
  std::vector<std::int64_t> labels_;
};

class TrainingSteps : public testing::TestWithParam<std::string> {};

TEST_P(TrainingSteps, are_those_of_pytorch) {
  TrainingCase(GetParam()).expect_steps_of_pytorch();
}

INSTANTIATE_TEST_SUITE_P(networks, TrainingSteps, testing::Values("litept", "pct", "ptv3", "volt"),
                         [](const auto& network) { return network.param; });

}  // namespace
}  // namespace ptattn::test
