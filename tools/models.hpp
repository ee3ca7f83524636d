#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "format.hpp"
#include "progress.hpp"
#include "ptattn/models/model_folder.hpp"

namespace ptattn::tools {

/// Finds the folder of a model named on the command line.
/// @throws Error(Fault::kModel) as find_model does, with the nearest name that there is
[[nodiscard]] std::filesystem::path locate_model(const std::string& name_or_folder);

/// The names of the models of a task (of any task: nullopt) that are found; broken ones are left
/// out.
[[nodiscard]] std::vector<std::string> model_names(std::optional<ModelTask> task);

/// Prints --list-models: name, architecture and classes of every model of a task that is found, and
/// below them purpose, terms, accuracy and path. The classes of models over points have their
/// numbers before them.
/// @param task  nullopt: models of all tasks
/// @return  the exit code, 0
/// @throws  Error(Fault::kModel) when there is none, or one is broken
int print_models(std::optional<ModelTask> task, std::optional<Format> format = {});

/// Says once a run when this CPU computes in `precision` more slowly than in float32.
void tell_precision(Precision precision, Progress& progress);

}  // namespace ptattn::tools
