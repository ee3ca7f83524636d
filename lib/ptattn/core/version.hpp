#pragma once

#include <string_view>

namespace ptattn {

/// The version of the library and its tools, "major.minor.patch".
[[nodiscard]] std::string_view version();

}  // namespace ptattn
