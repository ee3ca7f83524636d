#include "talk.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <string>

namespace ptattn::tools {
namespace {

constexpr const char* kRed = "\033[31m";
constexpr const char* kPlain = "\033[0m";

Talk current;

}  // namespace

void set_talk(const Talk& talk) {
  current = talk;
}

const Talk& talk() {
  return current;
}

bool wants_color(int descriptor) {
  const char* const refused = std::getenv("NO_COLOR");
  const char* const terminal = std::getenv("TERM");
  return (refused == nullptr || *refused == '\0') && terminal != nullptr &&
         std::string_view(terminal) != "dumb" && ::isatty(descriptor) == 1;
}

void say(std::string_view name, std::string_view text, bool is_error) {
  std::string line(text);
  std::replace_if(
      line.begin(), line.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  std::string head(name);
  head += ':';
  if (is_error && wants_color(STDERR_FILENO)) head = kRed + head + kPlain;
  std::fprintf(stderr, "%s %s\n", head.c_str(), line.c_str());
}

}  // namespace ptattn::tools
