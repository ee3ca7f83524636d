#include "ptattn/tasks/geometry/apart_points.hpp"

#include "ptattn/cloud/strays.hpp"
#include "ptattn/tasks/geometry/scattered_points.hpp"

namespace ptattn {

ApartPoints find_apart_points(std::span<const Position> positions) {
  ApartPoints apart{far_group(positions), "lie apart from the object"};
  if (apart.empty()) apart = {scattered_points(positions), "seem scattered around the object"};
  return apart;
}

std::string apart_note(const ApartPoints& apart, std::size_t points) {
  return std::to_string(apart.rows.size()) + " of " + std::to_string(points) + " points " +
         apart.what + " and are left out";
}

}  // namespace ptattn
