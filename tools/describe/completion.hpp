#pragma once

#include <string>

#include "tool.hpp"

namespace ptattn::tools {

/// A command's completion script for bash: options, the values of those that have a set of them,
/// names of models, clouds for INPUT and files for FILE and PATH. Needs nothing but bash; a command
/// finds its models by itself.
[[nodiscard]] std::string bash_completion(const About& about, const CLI::App& app);

}  // namespace ptattn::tools
