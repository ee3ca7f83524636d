#include "ptattn/sampling/farthest_point.hpp"

#include <limits>
#include <string>

#include "ptattn/core/error.hpp"

namespace ptattn {

std::vector<std::uint32_t> farthest_point_sample(MatrixView points, std::size_t count,
                                                 std::size_t start) {
  if (points.cols != 3) {
    throw Error(Fault::kUsage, "farthest_point_sample", "points must have three columns");
  }
  if (count == 0 || count > points.rows) {
    throw Error(Fault::kUsage, "farthest_point_sample",
                "count is " + std::to_string(count) + ", expected 1 to " +
                    std::to_string(points.rows));
  }
  if (start >= points.rows) {
    throw Error(Fault::kUsage, "farthest_point_sample", "start is not the index of a point");
  }
  std::vector<float> nearest(points.rows, std::numeric_limits<float>::infinity());
  std::vector<std::uint32_t> samples(count);
  std::size_t sample = start;
  for (std::uint32_t& out : samples) {
    out = static_cast<std::uint32_t>(sample);
    const float* s = points.row(sample);
    sample = 0;
    for (std::size_t i = 0; i < points.rows; ++i) {
      const float* p = points.row(i);
      const float dx = p[0] - s[0];
      const float dy = p[1] - s[1];
      const float dz = p[2] - s[2];
      const float d = (dx * dx + dy * dy) + dz * dz;
      if (d < nearest[i]) nearest[i] = d;
      if (nearest[i] > nearest[sample]) sample = i;
    }
  }
  return samples;
}

}  // namespace ptattn
