#pragma once

#include "ptattn/train/trainable_network.hpp"

namespace ptattn::test {

/// Scores that are linear in the features: the simplest network that learns.
class LinearNetwork final : public train::TrainableNetwork {
 public:
  LinearNetwork(std::size_t channels, std::size_t classes)
      : channels_(channels), classes_(classes) {
    parameters_.declare(train::Parameter{
        .name = "seg_head.weight", .shape = {classes, channels}, .decays = true, .is_head = true});
    parameters_.declare(
        train::Parameter{.name = "seg_head.bias", .shape = {classes}, .is_head = true});
    parameters_.declare(train::Buffer{.name = "seen", .shape = {1}});
    parameters_.allocate();
  }

  [[nodiscard]] std::size_t in_channels() const override { return channels_; }
  [[nodiscard]] std::size_t class_count() const override { return classes_; }
  [[nodiscard]] bool labels_points() const override { return true; }
  [[nodiscard]] bool needs_grid() const override { return false; }
  [[nodiscard]] std::size_t bytes_planned(std::size_t /*rows*/) const override { return 0; }

  void step(const PointInput& input, const train::StepSeed& /*seed*/,
            const train::LogitsLoss& loss) override {
    const Matrix logits = scores(input);
    Matrix slope(logits.rows(), logits.cols());
    loss(logits, slope);
    const auto& list = parameters_.parameters();
    for (std::size_t i = 0; i < logits.rows(); ++i) {
      for (std::size_t c = 0; c < classes_; ++c) {
        list[1].gradient[c] += slope(i, c);
        for (std::size_t k = 0; k < channels_; ++k) {
          list[0].gradient[c * channels_ + k] += slope(i, c) * input.features(i, k);
        }
      }
    }
    if (!norms_frozen_) parameters_.buffer_values()[0] += 1.0F;
  }

  [[nodiscard]] Matrix scores(const PointInput& input) override {
    const auto& list = parameters_.parameters();
    Matrix logits(input.features.rows, classes_);
    for (std::size_t i = 0; i < logits.rows(); ++i) {
      for (std::size_t c = 0; c < classes_; ++c) {
        logits(i, c) = list[1].value[c];
        for (std::size_t k = 0; k < channels_; ++k) {
          logits(i, c) += list[0].value[c * channels_ + k] * input.features(i, k);
        }
      }
    }
    return logits;
  }

 private:
  std::size_t channels_;
  std::size_t classes_;
};

}  // namespace ptattn::test
