#include "origin.hpp"

#include <algorithm>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

#include "ptattn/cloud/provenance.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/text.hpp"
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

/// What the files that say something of a field say.
std::vector<LabelMeaning> meanings_of(std::span<const FileComments> files,
                                      const std::string& field) {
  std::vector<LabelMeaning> meanings;
  for (const FileComments& comments : files) {
    if (auto own = find_label_meaning(comments, field)) meanings.push_back(*std::move(own));
  }
  return meanings;
}

bool are_equal(std::span<const LabelMeaning> meanings) {
  return std::ranges::adjacent_find(meanings, std::ranges::not_equal_to()) == meanings.end();
}

bool are_codes(std::span<const LabelMeaning> meanings) {
  return std::ranges::all_of(
      meanings, [](const LabelMeaning& meaning) { return meaning.codes == LabelCodes::kAsprs; });
}

}  // namespace

bool agree_on(std::span<const FileComments> files, const std::string& field) {
  const std::vector<LabelMeaning> meanings = meanings_of(files, field);
  return are_codes(meanings) || are_equal(meanings);
}

std::string unlike_classes(std::span<const FileComments> files, const std::string& field,
                           const view::ClassTable& table) {
  constexpr std::size_t kShown = 3;
  for (const LabelMeaning& meaning : meanings_of(files, field)) {
    const bool alike = std::ranges::all_of(meaning.classes, [&](const ClassMeaning& one) {
      return table.knows(one.code) && table[one.code].name == one.name;
    });
    if (alike) continue;
    std::vector<std::string> names;
    for (const ClassMeaning& one : meaning.classes) {
      if (names.size() < kShown) names.push_back(one.name);
    }
    return comma_joined(names) + (meaning.classes.size() > kShown ? ", ..." : "");
  }
  return "";
}

std::optional<view::ClassTable> classes_by_origin(std::span<const FileComments> files,
                                                  const std::string& field) {
  const std::vector<LabelMeaning> meanings = meanings_of(files, field);
  if (!are_equal(meanings)) {
    return are_codes(meanings) ? view::asprs_classes() : view::ClassTable();
  }
  std::optional<LabelMeaning> labels;
  std::string model;
  for (const FileComments& comments : files) {
    for (Provenance& run : read_provenance(comments)) {
      if (!run.labels || run.labels->field != field) continue;
      labels = std::move(run.labels);
      model = run.model;
    }
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
