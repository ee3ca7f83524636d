#pragma once

#include <string_view>

namespace ptattn {

/// Returns the version of the library and its tools, "major.minor.patch".
[[nodiscard]] std::string_view version();

}  // namespace ptattn
