#include "display.hpp"

#include <unistd.h>

#include <cstdlib>
#include <string_view>
#include <vector>

namespace ptattn::tools {
namespace {

bool has_display() {
  const char* const display = std::getenv("DISPLAY");
  return display != nullptr && *display != '\0';
}

}  // namespace

void use_virtual_display(int argc, char** argv) {
  if (has_display()) return;
  // -noreset: a server that starts anew when a window closes signals xvfb-run, whose end then
  // fails.
  std::string run = "xvfb-run", automatic = "-a", screen_option = "-s",
              screen = "-screen 0 64x64x24 -noreset", self = "/proc/self/exe";
  std::vector<char> resolved(4096, '\0');
  if (::readlink(self.c_str(), resolved.data(), resolved.size() - 1) > 0) self = resolved.data();
  std::vector<char*> arguments{run.data(), automatic.data(), screen_option.data(), screen.data(),
                               self.data()};
  for (int i = 1; i < argc; ++i) arguments.push_back(argv[i]);
  arguments.push_back(nullptr);
  ::execvp(run.c_str(), arguments.data());  // returns when there is no xvfb-run
}

std::string display_advice(bool picture) {
  if (has_display()) {
    return "expected an X display with OpenGL 3.3 (Debian: install libgl1-mesa-dri)";
  }
  return picture ? "for pictures without a display install xvfb and xauth"
                 : "a window needs a desktop or ssh -X; --output works without one if xvfb and "
                   "xauth are installed";
}

}  // namespace ptattn::tools
