#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "ptattn/core/matrix.hpp"
#include "ptattn/nn/kernels/pooling_kernel.hpp"

namespace ptattn {

/// Keys pooled between two looks at the running minimum; a multiple of every vector's width.
inline constexpr std::size_t kPoolingBlock = 256;

/// Keys axis by axis within blocks of kPoolingBlock, so that vectors run over keys.
class BlockedKeys {
 public:
  explicit BlockedKeys(MatrixView keys);

  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] std::size_t axes() const { return axes_; }
  /// kPoolingBlock values of each axis; behind the last key they are zeros.
  [[nodiscard]] const float* block(std::size_t b) const {
    return values_.data() + b * kPoolingBlock * axes_;
  }

 private:
  std::size_t count_;
  std::size_t axes_;
  std::vector<float> values_;
};

/// kernel_regression of queries [begin, end), unchecked, on the calling thread.
void pool_all(MatrixView queries, const BlockedKeys& keys, MatrixView values,
              const KernelPooling& pooling, std::size_t begin, std::size_t end,
              MutableMatrixView out, std::span<float> support);

/// neighbor_kernel_weights of queries [begin, end), unchecked, on the calling thread.
/// @param weights  [end - begin, r], of the queries from `begin` on
void weigh_neighbors(MatrixView queries, MatrixView keys, std::span<const std::uint32_t> neighbors,
                     const KernelPooling& pooling, std::size_t begin, std::size_t end,
                     MutableMatrixView weights, std::span<float> support);

/// Turns squared distances in units of h into weights, in place, on the calling thread: what
/// kernel_weights does.
float weigh_distances(Kernel kernel, std::span<float> squared);

/// out = sum_j weights[j] values[indices[j]] over the weights that are not zero, on the calling
/// thread. An index without weight is not looked at.
void add_weighted_rows(std::span<const float> weights, const std::uint32_t* indices,
                       MatrixView values, float* out);

}  // namespace ptattn
