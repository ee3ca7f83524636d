#pragma once

#include "ptattn/models/model_folder.hpp"

namespace ptattn::tools {

/// --list-models: name, architecture and classes of every model of a task that is found, a line
/// each, on standard output. The classes of models over points have their numbers before them.
/// @return  the exit code, 0
/// @throws  Error(Fault::kModel) when there is none, or one is broken
int print_models(ModelTask task);

}  // namespace ptattn::tools
