#include "ptattn/neighbors/knn.hpp"

#include <algorithm>
#include <bit>
#include <string>

#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"

namespace ptattn {

IndexTable k_nearest(MatrixView points, MatrixView queries, std::size_t k) {
  if (points.cols != 3 || queries.cols != 3) {
    throw Error(Fault::kUsage, "k_nearest", "points and queries must have three columns");
  }
  if (k == 0 || k > points.rows) {
    throw Error(Fault::kUsage, "k_nearest",
                "k is " + std::to_string(k) + ", expected 1 to " + std::to_string(points.rows));
  }
  IndexTable table{queries.rows, k, std::vector<std::uint32_t>(queries.rows * k)};
  parallel_ranges(queries.rows, 16, [&](std::size_t begin, std::size_t end) {
    std::vector<std::uint64_t> keys(points.rows);
    for (std::size_t q = begin; q < end; ++q) {
      const float* query = queries.row(q);
      for (std::size_t i = 0; i < points.rows; ++i) {
        const float* p = points.row(i);
        const float dx = p[0] - query[0];
        const float dy = p[1] - query[1];
        const float dz = p[2] - query[2];
        const float d = (dx * dx + dy * dy) + dz * dz;
        keys[i] = std::uint64_t{std::bit_cast<std::uint32_t>(d)} << 32 | i;
      }
      const auto kth = keys.begin() + static_cast<std::ptrdiff_t>(k);
      std::partial_sort(keys.begin(), kth, keys.end());
      for (std::size_t j = 0; j < k; ++j) {
        table.indices[q * k + j] = static_cast<std::uint32_t>(keys[j]);
      }
    }
  });
  return table;
}

}  // namespace ptattn
