#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace ptattn {

/// Holds weights by name, whatever they came from (a safetensors file, a formula). Safe from many
/// threads.
class WeightSource {
 public:
  virtual ~WeightSource() = default;
  /// Returns the names of all tensors.
  [[nodiscard]] virtual std::vector<std::string> names() const = 0;
  /// Returns nullptr when there is no such tensor.
  [[nodiscard]] virtual const std::vector<std::size_t>* shape(std::string_view name) const = 0;
  /// Returns the values as float32, row-major. The name must exist.
  [[nodiscard]] virtual std::vector<float> values(std::string_view name) const = 0;
  /// Returns what error messages call it, such as the file's path.
  [[nodiscard]] virtual std::string subject() const = 0;
};

}  // namespace ptattn
