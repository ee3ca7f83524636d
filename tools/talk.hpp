#pragma once

#include <string_view>

namespace ptattn::tools {

/// How much a command says on standard error, and how. One of a process; `run_tool` sets it from
/// the command line before the command's work begins.
struct Talk {
  bool quiet = false;    ///< -q: errors and warnings only
  bool verbose = false;  ///< -v: notes on every file
  bool progress = true;  ///< the line of progress on a terminal; off with --no-progress and -q
};
void set_talk(const Talk& talk);
[[nodiscard]] const Talk& talk();

/// Returns true when text on `descriptor` may have colours: a terminal that is not "dumb", and
/// NO_COLOR (no-color.org) is empty or not set.
[[nodiscard]] bool wants_color(int descriptor);

/// Writes the line `<name>: <text>` to standard error, the name of an error red on a terminal.
/// Control characters in `text` become blanks.
void say(std::string_view name, std::string_view text, bool is_error = false);

}  // namespace ptattn::tools
