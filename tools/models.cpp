#include "models.hpp"

#include "output.hpp"
#include "ptattn/core/cpu_level.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/models/model_search.hpp"
#include "suggest.hpp"
#include "text.hpp"

namespace ptattn::tools {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr std::size_t kLabelColumns = 12;

/// Those that validation has not found.
std::vector<std::string> unproven_classes(const ModelDescription& model) {
  std::vector<std::string> names;
  for (const std::size_t c : model.reliability.unproven) names.push_back(model.classes[c]);
  return names;
}

Json record_of(const ModelDescription& model, const fs::path& folder, bool labels_points) {
  return {{"name", model.name},
          {"task", labels_points ? "points" : "classification"},
          {"architecture", model.architecture.architecture},
          {"classes", model.classes},
          {"unproven_classes", unproven_classes(model)},
          {"purpose", model.purpose},
          {"terms", model.terms},
          {"accuracy", model.accuracy},
          {"path", folder.string()}};
}

std::string text_of(const Json& record, bool numbered) {
  std::string text = record["name"].get<std::string>() + "  " +
                     record["architecture"].get<std::string>() + "  " +
                     std::to_string(record["classes"].size()) + " classes:";
  for (std::size_t c = 0; c < record["classes"].size(); ++c) {
    if (numbered) text.append(" ").append(std::to_string(c));
    text.append(" ").append(record["classes"][c].get<std::string>());
  }
  text += "\n";
  const auto line = [&](const std::string& label, const std::string& value) {
    if (!value.empty()) text += left_aligned("  " + label, kLabelColumns) + value + "\n";
  };
  for (const char* const key : {"purpose", "terms", "accuracy"}) line(key, record[key]);
  std::string unproven;
  for (const Json& name : record["unproven_classes"]) {
    unproven.append(unproven.empty() ? "" : ", ").append(name.get<std::string>());
  }
  line("unproven", unproven);
  line("path", record["path"]);
  return text;
}

}  // namespace

fs::path locate_model(const std::string& name_or_folder) try {
  return find_model(name_or_folder);
} catch (const Error& error) {
  const std::string hint = did_you_mean(name_or_folder, list_models());
  const std::string what = error.what();
  const std::string prefix = name_or_folder + ": ";
  if (hint.empty() || !what.starts_with(prefix)) throw;
  throw Error(error.fault(), name_or_folder, what.substr(prefix.size()) + hint);
}

std::vector<std::string> model_names(std::optional<ModelTask> task) {
  std::vector<std::string> names;
  for (const std::string& name : list_models()) try {
      if (!task || read_model_task(find_model(name)) == *task) names.push_back(name);
    } catch (const Error&) {  // cannot be used anyway
    }
  return names;
}

int print_models(std::optional<ModelTask> task, std::optional<Format> format) {
  Output output = Output::to_stdout();
  RecordWriter writer(format.value_or(Format::kTable), output);
  bool found = false;
  for (const std::string& name : list_models()) {
    const fs::path folder = find_model(name);
    const ModelTask own = read_model_task(folder);
    if (task && own != *task) continue;
    const bool points = own == ModelTask::kPoints;
    const Json record = record_of(read_model_description(folder), folder, points);
    writer.write(record, text_of(record, points));
    found = true;
  }
  if (!found) throw Error(Fault::kModel, "--list-models", "no model found");
  writer.finish();
  return 0;
}

void tell_precision(Precision precision, Progress& progress) {
  if (precision != Precision::kBf16 || has_bf16_unit()) return;
  progress.note("", "this CPU has no fast instructions for bf16, which takes longer than float32");
}

}  // namespace ptattn::tools
