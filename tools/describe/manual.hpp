#pragma once

#include <string>

#include "tool.hpp"

namespace ptattn::tools {

/// A command's manual page (section 1, man macros), made of what its --help is made of: name,
/// synopsis, description, options in their groups, exit status, environment, notes, examples.
/// Hyphens of options and examples stay plain, so that they can be copied from a terminal.
[[nodiscard]] std::string manual_page(const About& about, const CLI::App& app);

}  // namespace ptattn::tools
