#pragma once

#include <cstdint>
#include <span>

namespace ptattn {

/// Says how a weight falls with u = |x - x_i| / h >= 0.
enum class Kernel : std::uint8_t {
  kConstant,      ///< 1: average pooling, whatever h
  kGaussian,      ///< exp(-u^2 / 2)
  kBoxcar,        ///< 1 for u <= 1, else 0
  kEpanechnikov,  ///< max(0, 1 - u^2)   (Epanechnikov 1969)
  kTriangular,    ///< max(0, 1 - u); some texts call this one Epanechnikov's
};

/// Chooses the kernel, its width, and the key that each query does not see.
struct KernelPooling {
  Kernel kernel = Kernel::kGaussian;
  /// h in the unit of the keys, not negative: one for all queries or one each. 0 is the limit of
  /// ever narrower Gaussians: the nearest key decides, several at the same distance share.
  std::span<const float> bandwidth{};
  /// Leave-one-out: the key that each query is and does not see, [m]; empty: all see all. A number
  /// that is no key's leaves nothing out.
  std::span<const std::uint32_t> self{};
};

}  // namespace ptattn
