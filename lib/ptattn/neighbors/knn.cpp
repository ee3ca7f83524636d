#include "ptattn/neighbors/knn.hpp"

#include "ptattn/neighbors/kd_tree.hpp"

namespace ptattn {

IndexTable k_nearest(MatrixView points, MatrixView queries, std::size_t k) {
  return KdTree(points).k_nearest(queries, k);
}

}  // namespace ptattn
