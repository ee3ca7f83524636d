#pragma once

#include <string>
#include <vector>

#include "tool.hpp"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace ptattn::tools {

/// What help, manual page and completion say about the options of a command.

/// What an option's value is called, "FORMAT"; empty for flags and for INPUT.
[[nodiscard]] std::string value_name(const CLI::Option& option);

/// The values that an option with the check CLI::IsMember takes, in its order; empty for others.
[[nodiscard]] std::vector<std::string> choices(const CLI::Option& option);

/// "-o", "--output": all names of an option; empty for INPUT.
[[nodiscard]] std::vector<std::string> names(const CLI::Option& option);

/// The options that users see, in order, without INPUT; those of the group "" are hidden.
[[nodiscard]] std::vector<const CLI::Option*> shown_options(const CLI::App& app);

/// The environment variables that the command looks at; models are for those with --model.
[[nodiscard]] std::vector<Variable> variables(const CLI::App& app);

/// INPUT and the like.
[[nodiscard]] std::vector<const CLI::Option*> positionals(const CLI::App& app);

}  // namespace ptattn::tools
