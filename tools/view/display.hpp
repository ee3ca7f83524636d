#pragma once

#include <string>

namespace ptattn::tools {

/// Starts this program anew under xvfb-run when there is no display and xvfb-run is installed, and
/// does not return then. Does nothing otherwise.
void use_virtual_display(int argc, char** argv);

/// What to do about a window that cannot be opened.
/// @param picture  it was only needed for a picture
[[nodiscard]] std::string display_advice(bool picture);

}  // namespace ptattn::tools
