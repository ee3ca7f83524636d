#pragma once

#include <cstddef>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

namespace ptattn::train {

/// A tensor to be written, a view.
struct NamedTensor {
  std::string name;
  std::vector<std::size_t> shape;
  std::span<const float> values;  ///< row-major, as many as the shape says
};

/// Writes a safetensors file of float32 tensors, in the order given. The file appears complete or
/// not at all.
/// @throws Error(Fault::kInput) when it cannot be written, Error(Fault::kUsage) when a name occurs
///         twice or a shape does not fit its values
void write_safetensors(const std::filesystem::path& path, std::span<const NamedTensor> tensors);

}  // namespace ptattn::train
