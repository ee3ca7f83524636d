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

/// Holds keys axis by axis within blocks of kPoolingBlock, so that vectors run over keys.
class BlockedKeys {
 public:
  explicit BlockedKeys(MatrixView keys);

  [[nodiscard]] std::size_t count() const { return count_; }
  [[nodiscard]] std::size_t axes() const { return axes_; }
  /// Returns kPoolingBlock values of each axis; behind the last key they are zeros.
  [[nodiscard]] const float* block(std::size_t b) const {
    return values_.data() + b * kPoolingBlock * axes_;
  }

 private:
  std::size_t count_;
  std::size_t axes_;
  std::vector<float> values_;
};

/// Asks for some queries of a pooling.
struct PoolingRequest {
  MatrixView queries;            ///< all of them
  const KernelPooling& pooling;  ///< with settings of all of them
  std::size_t begin;             ///< queries [begin, end) are worked on
  std::size_t end;
  std::span<float> support;  ///< [queries] gets their sums of weights; may be empty
};

/// Computes kernel_regression of the queries asked for, unchecked, on the calling thread.
void pool_all(const PoolingRequest& request, const BlockedKeys& keys, MatrixView values,
              MutableMatrixView out);

/// Computes neighbor_kernel_weights of the queries asked for, unchecked, on the calling thread.
/// @param weights  [end - begin, r], of the queries from `begin` on
void weigh_neighbors(const PoolingRequest& request, MatrixView keys,
                     std::span<const std::uint32_t> neighbors, MutableMatrixView weights);

/// Turns squared distances in units of h into weights, in place, on the calling thread: what
/// kernel_weights does.
float weigh_distances(Kernel kernel, std::span<float> squared);

/// out = sum_j weights[j] values[indices[j]] over the weights that are not zero, on the calling
/// thread. An index without weight is not looked at.
void add_weighted_rows(std::span<const float> weights, const std::uint32_t* indices,
                       MatrixView values, float* out);

}  // namespace ptattn
