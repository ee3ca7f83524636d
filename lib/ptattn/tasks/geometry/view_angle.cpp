#include "ptattn/tasks/geometry/view_angle.hpp"

namespace ptattn {

double view_angle(std::size_t view, std::size_t views, double half_range) {
  if (view == 0) return 0.0;
  const auto i = static_cast<double>(view);
  if (half_range >= 180.0) return 360.0 * i / static_cast<double>(views);
  const double side = view % 2 == 1 ? 1.0 : -1.0;
  const auto step = static_cast<double>((view + 1) / 2);
  return side * half_range * step / static_cast<double>(views / 2);
}

}  // namespace ptattn
