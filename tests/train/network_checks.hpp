#pragma once

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "ptattn/core/clone.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/core/scratch_memory.hpp"
#include "ptattn/train/trainable_network.hpp"
#include "training_scene.hpp"

namespace ptattn::test {

/// The loss sum over rows of weights . logits + logits^2 / 2, whose derivatives are weights +
/// logits.
class QuadraticLoss {
 public:
  QuadraticLoss(std::size_t rows, std::size_t classes)
      : weights_(random_matrix(rows, classes, 77)) {}

  void operator()(MatrixView logits, MutableMatrixView d_logits) {
    value_ = 0.0;
    for (std::size_t i = 0; i < logits.rows; ++i) {
      for (std::size_t j = 0; j < logits.cols; ++j) {
        const double x = logits(i, j);
        value_ += weights_(i, j) * x + 0.5 * x * x;
        d_logits(i, j) = weights_(i, j) + logits(i, j);
      }
    }
  }
  [[nodiscard]] double value() const { return value_; }

 private:
  Matrix weights_;
  double value_ = 0.0;
};

/// The loss of one step; gradients of the parameters are those of this step alone.
inline double loss_of_step(train::TrainableNetwork& network, const PointInput& input,
                           std::size_t outputs) {
  QuadraticLoss loss(outputs, network.class_count());
  network.parameters().clear_gradients();
  network.step(input, {5, 3},
               [&](MatrixView logits, MutableMatrixView d_logits) { loss(logits, d_logits); });
  return loss.value();
}

/// Along its own gradient g a parameter changes the loss by |g|^2 per unit: checked for every
/// parameter by central differences of the network itself, in float32.
/// A step moves the loss by kShare of itself: less and the loss's rounding shows, more and its
/// bends.
/// @param move  how far a parameter is moved at most, per its length where that is above 1: small
///              where maxima and ReLU bend the loss
inline void expect_gradients_are_slopes(train::TrainableNetwork& network, const PointInput& input,
                                        std::size_t outputs, double tolerance, double move = 3e-2) {
  constexpr double kShare = 3e-3;
  network.freeze_norm_statistics(false);
  (void)loss_of_step(network, input, outputs);
  for (train::Parameter& parameter : network.parameters().parameters()) {
    const double loss = loss_of_step(network, input, outputs);
    const std::vector<float> gradient(parameter.gradient.begin(), parameter.gradient.end());
    const std::vector<float> value(parameter.value.begin(), parameter.value.end());
    double square = 0.0;
    for (const float g : gradient) square += double{g} * g;
    const double norm = std::sqrt(square);
    // A bias in front of a batch norm changes nothing: all that is left is rounding.
    if (norm < 1e-3) continue;
    double size = 0.0;
    for (const float v : value) size += double{v} * v;
    const double step =
        std::min(move * std::max(1.0, std::sqrt(size)) / norm, kShare * std::abs(loss) / square);
    const auto loss_at = [&](double by) {
      for (std::size_t i = 0; i < value.size(); ++i) {
        parameter.value[i] = static_cast<float>(value[i] + by * gradient[i]);
      }
      return loss_of_step(network, input, outputs);
    };
    const double slope = (loss_at(step) - loss_at(-step)) / (2.0 * step);
    std::copy(value.begin(), value.end(), parameter.value.begin());
    EXPECT_NEAR(slope / square, 1.0, tolerance) << parameter.name << " |g| " << norm;
  }
}

/// A step gives the same gradients whatever the number of threads.
inline void expect_same_bytes_for_any_thread_count(train::TrainableNetwork& network,
                                                   const PointInput& input, std::size_t outputs) {
  std::vector<std::vector<float>> gradients;
  for (const int threads : {1, 2, 8}) {
    const ThreadLimit limit(threads);
    (void)loss_of_step(network, input, outputs);
    const auto all = network.parameters().gradients();
    gradients.emplace_back(all.begin(), all.end());
  }
  EXPECT_TRUE(gradients[0] == gradients[1]);
  EXPECT_TRUE(gradients[0] == gradients[2]);
}

}  // namespace ptattn::test
