#include "ptattn/tasks/segment/voxel_sample.hpp"

#include <algorithm>

#include "ptattn/tasks/geometry/neighborhood.hpp"

namespace ptattn {

ClassifiedFeatures sample_voxels(MatrixView channels, MatrixView probabilities) {
  const std::vector<std::uint32_t> rows = spread_rows(channels.rows, kMostSampledVoxels);
  ClassifiedFeatures sample{Matrix(rows.size(), channels.cols), {}};
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::copy_n(channels.row(rows[i]), channels.cols, sample.features.row(i));
    const float* const p = probabilities.row(rows[i]);
    sample.classes.push_back(
        static_cast<std::uint32_t>(std::max_element(p, p + probabilities.cols) - p));
  }
  return sample;
}

}  // namespace ptattn
