#pragma once

#include <string>

namespace ptattn {

/// Says why results on a cloud may be worth less than they look.
struct Hint {
  std::string code;  ///< one word for programs: unit, up, density, ...
  std::string text;  ///< what was noticed and what may help, behind the name of the cloud
};

}  // namespace ptattn
