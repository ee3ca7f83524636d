#pragma once

#include <string>

#include "tool.hpp"

namespace ptattn::tools {

/// The completion scripts of a command. They ask the command itself what may follow
/// (`describe/complete.hpp`), so that models, layers, categories and fields are those at hand;
/// files are found by the shell.
[[nodiscard]] std::string bash_completion(const About& about);
[[nodiscard]] std::string zsh_completion(const About& about);
[[nodiscard]] std::string fish_completion(const About& about);

}  // namespace ptattn::tools
