#pragma once

#include <string>
#include <string_view>

#include "ptattn/cloud/field_meaning.hpp"
#include "ptattn/core/error.hpp"

namespace ptattn::tools {

/// PCD files keep colours as four bytes of one number, and the mean of two such numbers is no
/// colour between them.
/// @throws Error(Fault::kUsage) for a packed colour
inline void refuse_packed_color(const Field& field, std::string_view option) {
  if (is_packed_color(field)) {
    throw Error(Fault::kUsage, option,
                field.name() + " packs colours into one number, which has no mean, expected " +
                    "fields of their own such as red, green and blue");
  }
}

}  // namespace ptattn::tools
