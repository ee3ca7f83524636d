#include "origin.hpp"

#include <algorithm>
#include <cstdint>
#include <utility>
#include <vector>

#include "ptattn/cloud/provenance.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/models/model_folder.hpp"
#include "ptattn/models/model_search.hpp"

namespace ptattn::tools {
namespace {

/// The classes of the model of this name; none when it is not found.
view::ClassTable table_of_model(const std::string& name) {
  try {
    const SegmenterDescription model = read_segmenter_description(find_model(name));
    return view::model_classes(model.classes, model.palette);
  } catch (const Error&) {
    return {};
  }
}

}  // namespace

std::optional<view::ClassTable> classes_by_origin(std::span<const std::string> comments,
                                                  const std::string& field) {
  std::optional<LabelMeaning> labels;
  std::string model;
  for (Provenance& run : read_provenance(comments)) {
    if (!run.labels || run.labels->field != field) continue;
    labels = std::move(run.labels);
    model = run.model;
  }
  if (!labels || labels->classes.empty()) return std::nullopt;
  const bool asprs = labels->codes == LabelCodes::kAsprs;
  const view::ClassTable usual = asprs ? view::asprs_classes() : table_of_model(model);
  std::vector<view::ClassStyle> styles;
  for (const ClassMeaning& one : labels->classes) {
    if (std::ranges::find(styles, one.code, &view::ClassStyle::code) != styles.end()) continue;
    const bool known = asprs || (usual.knows(one.code) && usual[one.code].name == one.name);
    const view::ClassTable none;
    styles.push_back({one.code, one.name, (known ? usual : none)[one.code].color});
  }
  return view::ClassTable(std::move(styles));
}

}  // namespace ptattn::tools
