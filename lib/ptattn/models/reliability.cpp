#include "ptattn/models/reliability.hpp"

#include <algorithm>

namespace ptattn {

bool Reliability::proves(std::size_t class_number) const {
  return !std::ranges::binary_search(unproven, class_number);
}

}  // namespace ptattn
