#include "model_list.hpp"

#include <filesystem>
#include <string>

#include "output.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/models/model_search.hpp"
#include "ptattn/models/point_model.hpp"

namespace ptattn::tools {
namespace {

template <class Description>
std::string line_of(const Description& model, bool numbered) {
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
    text += task == ModelTask::kPoints ? line_of(read_point_model_description(folder), true)
                                       : line_of(read_model_description(folder), false);
  }
  if (text.empty()) throw Error(Fault::kModel, "--list-models", "no model found");
  Output::to_stdout().write(text);
  return 0;
}

}  // namespace ptattn::tools
