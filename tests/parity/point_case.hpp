#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "ptattn/core/matrix.hpp"
#include "ptattn/models/files/safetensors.hpp"
#include "ptattn/models/point_network.hpp"

namespace ptattn::test {

/// The inputs of a golden case for networks over points; see compare(PointNetwork).
class PointCase {
 public:
  /// @throws Error(Fault::kModel) when a tensor is not of its kind
  explicit PointCase(const SafetensorsFile& data);
  [[nodiscard]] PointInput view() const { return {positions_, features_, grid_, ends_, category_}; }

 private:
  Matrix positions_;
  Matrix features_;
  std::vector<std::int32_t> grid_;
  std::vector<std::size_t> ends_;
  std::optional<std::size_t> category_;
};

}  // namespace ptattn::test
