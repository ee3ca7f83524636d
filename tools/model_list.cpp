#include "model_list.hpp"

#include <filesystem>
#include <string>

#include "output.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/models/model_folder.hpp"
#include "ptattn/models/model_search.hpp"

namespace ptattn::tools {
namespace {

std::string line_of(const ModelDescription& model, bool numbered) {
  std::string line = model.name + "  " + model.architecture.architecture + "  " +
                     std::to_string(model.classes.size()) + " classes:";
  for (std::size_t c = 0; c < model.classes.size(); ++c) {
    if (numbered) line.append(" ").append(std::to_string(c));
    line.append(" ").append(model.classes[c]);
  }
  return line + "\n";
}

}  // namespace

int print_models(ModelTask task) {
  std::string text;
  for (const std::string& name : list_models()) {
    const std::filesystem::path folder = find_model(name);
    if (read_model_task(folder) != task) continue;
    text += line_of(read_model_description(folder), task == ModelTask::kPoints);
  }
  if (text.empty()) throw Error(Fault::kModel, "--list-models", "no model found");
  Output::to_stdout().write(text);
  return 0;
}

}  // namespace ptattn::tools
