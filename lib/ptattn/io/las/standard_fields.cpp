#include "ptattn/io/las/standard_fields.hpp"

#include <array>

#include "ptattn/cloud/field_meaning.hpp"

namespace ptattn::io::las {

const Field* find_standard(const PointCloud& cloud, std::string_view name) {
  if (const Field* const field = cloud.find(name)) return field;
  // Those that come in threes; others are known by their names alone.
  switch (const Meaning meaning = meaning_of(name)) {
    case Meaning::kX:
    case Meaning::kY:
    case Meaning::kZ:
    case Meaning::kRed:
    case Meaning::kGreen:
    case Meaning::kBlue:
    case Meaning::kReturnNumber:
    case Meaning::kNumberOfReturns:
      return find_field(cloud, meaning);
    default:
      return find_alike(cloud, name);
  }
}

}  // namespace ptattn::io::las
