#pragma once

#include <string>
#include <vector>

namespace ptattn {

/// Says why results on a cloud may be worth less than they look.
struct Hint {
  std::string code;  ///< one word for programs: unit, up, density, ...
  std::string text;  ///< what was noticed and what may help, behind the name of the cloud
};

/// Holds what there is to say about the work on a cloud.
struct Remarks {
  std::vector<std::string> notes{};  ///< what was chosen and what stood in for it, a line each
  std::vector<Hint> warnings{};      ///< why the result needs a look
};

}  // namespace ptattn
