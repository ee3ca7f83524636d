#include "ptattn/survey/point_layout.hpp"

#include <cmath>

#include "ptattn/cloud/orientation.hpp"
#include "ptattn/io/las/las_header.hpp"

namespace ptattn {

std::size_t PointLayout::stride() const {
  std::size_t bytes = sizeof(Position) + (order ? sizeof(std::uint64_t) : 0);
  for (const Kept& kept : fields) bytes += size_of(kept.type) * kept.count;
  return bytes;
}

std::array<AxisSteps, 3> steps_of(const PointCloud& head, const CloudFrame& frame) {
  std::array<AxisSteps, 3> steps{};
  if (head.metadata().las == nullptr) return steps;
  const io::las::LasHeader header = io::las::parse_las_header(head.metadata().las->header);
  const Position axes = upright({1.0, 2.0, 3.0}, frame.up);  // numbers of axes, with their signs
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const auto from = static_cast<std::size_t>(std::abs(axes[axis])) - 1;
    steps[axis] = {header.scale[from], header.offset[from],
                   std::copysign(frame.metres, axes[axis])};
  }
  return steps;
}

}  // namespace ptattn
