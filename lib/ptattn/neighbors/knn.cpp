#include "ptattn/neighbors/knn.hpp"

#include "ptattn/core/scratch_memory.hpp"
#include "ptattn/neighbors/kd_tree.hpp"

namespace ptattn {

IndexTable k_nearest(MatrixView points, MatrixView queries, std::size_t k) {
  return KdTree(points).k_nearest(queries, k);
}

void k_nearest(MatrixView points, MatrixView queries, std::size_t k, std::span<std::uint32_t> out) {
  ScratchMemory scratch;
  KdTree(points, scratch).k_nearest(queries, k, out);
}

}  // namespace ptattn
