#pragma once

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ptattn/models/files/weights.hpp"
#include "ptattn/train/safetensors_writer.hpp"

namespace ptattn::train {

/// Gives tensors in memory to what is read from a file at other times.
class TensorSource final : public WeightSource {
 public:
  /// @param tensors  whose values live longer
  explicit TensorSource(std::vector<NamedTensor> tensors) : tensors_(std::move(tensors)) {}

  [[nodiscard]] std::vector<std::string> names() const override {
    std::vector<std::string> names;
    for (const NamedTensor& tensor : tensors_) names.push_back(tensor.name);
    return names;
  }
  [[nodiscard]] const std::vector<std::size_t>* shape(std::string_view name) const override {
    const auto found = std::ranges::find(tensors_, name, &NamedTensor::name);
    return found == tensors_.end() ? nullptr : &found->shape;
  }
  [[nodiscard]] std::vector<float> values(std::string_view name) const override {
    const auto found = std::ranges::find(tensors_, name, &NamedTensor::name);
    return {found->values.begin(), found->values.end()};
  }
  [[nodiscard]] std::string subject() const override { return "what was fitted"; }

 private:
  std::vector<NamedTensor> tensors_;
};

}  // namespace ptattn::train
