#include "ptattn/core/version.hpp"

namespace ptattn {

std::string_view version() {
  return PTATTN_VERSION;
}

}  // namespace ptattn
