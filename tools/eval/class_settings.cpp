#include "class_settings.hpp"

#include <filesystem>
#include <optional>
#include <set>
#include <utility>

#include "../asprs.hpp"
#include "../label_text.hpp"
#include "../models.hpp"
#include "label_codes.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/models/model_folder.hpp"

namespace ptattn::tools {
namespace {

LabelMap map_of_side(const std::string& own, const std::string& common, LabelKind kind) {
  const std::string& path = own.empty() ? common : own;
  return path.empty() ? LabelMap() : LabelMap(path, kind);
}

/// The classes of a model of any task, and their ASPRS codes if they have any.
NamedClasses classes_of_model(const std::string& name) {
  const std::filesystem::path folder = locate_model(name);
  NamedClasses classes{.whose = name, .of_model = true};
  if (read_model_task(folder) != ModelTask::kPoints) {
    classes.names = read_model_description(folder).classes;
    return classes;
  }
  SegmenterDescription model = read_segmenter_description(folder);
  classes.names = std::move(model.classes);
  classes.codes.assign(model.asprs_codes.begin(), model.asprs_codes.end());
  return classes;
}

/// The classes that the command line names. Those of --classes have ASPRS codes by their names.
NamedClasses named_classes(const EvalSettings& s) {
  NamedClasses classes;
  if (!s.model.empty()) classes = classes_of_model(s.model);
  if (!s.classes.empty()) classes = {.whose = "--classes", .names = s.classes};
  if (!s.classes.empty()) {
    for (const std::string& name : s.classes) classes.codes.push_back(asprs_code_of(name));
  }
  if (std::set(classes.names.begin(), classes.names.end()).size() != classes.names.size()) {
    throw Error(Fault::kUsage, "--classes", "names a class twice");
  }
  return classes;
}

/// What the labels of all inputs are, as the files say; they must agree.
std::optional<LabelMeaning> common_meaning(const std::vector<CloudPair>& pairs,
                                           const std::string& field, bool of_truth) {
  std::optional<LabelMeaning> common;
  for (const CloudPair& pair : pairs) {
    const auto& path = of_truth && !pair.truth.empty() ? pair.truth : pair.predicted;
    std::optional<LabelMeaning> own = read_label_meaning(path, field);
    if (&pair != &pairs.front() && own != common) {
      throw Error(
          Fault::kInput, path.string(),
          field + " holds other classes or codes than in " + pairs.front().predicted.string());
    }
    common = std::move(own);
  }
  return common;
}

}  // namespace

ClassSettings settle_classes(const EvalSettings& s, const std::vector<CloudPair>& pairs,
                             std::vector<std::string>& notes) {
  const LabelKind kind = s.evaluates_results() ? LabelKind::kNames : LabelKind::kNumbers;
  ClassSettings settings{.names = {},
                         .truth_map = map_of_side(s.truth_map, s.map, kind),
                         .predicted_map = map_of_side(s.predicted_map, s.map, kind),
                         .ignored = {},
                         .kind = kind};
  for (const std::string& text : s.ignored) {
    settings.ignored.insert(kind == LabelKind::kNumbers ? plain_label(text) : text);
  }
  NamedClasses named = named_classes(s);
  if (kind == LabelKind::kNames) {
    settings.names = std::move(named.names);
    return settings;
  }
  const SideOfLabels truth{.field = s.truth,
                           .codes = s.truth_codes,
                           .origin = common_meaning(pairs, s.truth, true),
                           .map = std::move(settings.truth_map)};
  const SideOfLabels predicted{.field = s.predicted,
                               .codes = s.predicted_codes,
                               .origin = common_meaning(pairs, s.predicted, false),
                               .map = std::move(settings.predicted_map)};
  SettledLabels settled = settle_labels(truth, predicted, named);
  settings.names = std::move(settled.names);
  settings.truth_map = std::move(settled.truth_map);
  settings.predicted_map = std::move(settled.predicted_map);
  notes = std::move(settled.notes);
  return settings;
}

}  // namespace ptattn::tools
