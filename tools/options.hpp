#pragma once

#include <optional>

#include "ptattn/models/preprocessing.hpp"

namespace CLI {
class App;
}

namespace ptattn::tools {

/// Options that several commands have in common.

/// --up AXIS: z, y, x or auto, which becomes nullopt. `up` holds the default and must outlive the
/// parsing.
void add_up_option(CLI::App& app, std::optional<Axis>& up);

}  // namespace ptattn::tools
