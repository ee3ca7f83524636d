#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "ptattn/train/weight_type.hpp"

namespace ptattn::train {

/// Represents a tensor to be written, a view.
struct NamedTensor {
  std::string name;
  std::vector<std::size_t> shape;
  std::span<const float> values;  ///< row-major, as many as the shape says
  WeightType type = WeightType::kFloat32;
};

/// Returns the float16 nearest to a number, as its bits; ties go to the even one, numbers from
/// 65520 on to infinity.
[[nodiscard]] std::uint16_t to_half(float value);

/// Writes a safetensors file, tensors in the order given. The file appears complete or not at all.
/// Tensors with a number beyond the range of float16 are written as float32.
/// @throws Error(Fault::kInput) when it cannot be written, Error(Fault::kUsage) when a name occurs
///         twice or a shape does not fit its values
void write_safetensors(const std::filesystem::path& path, std::span<const NamedTensor> tensors);

}  // namespace ptattn::train
