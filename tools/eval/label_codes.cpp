#include "label_codes.hpp"

#include <algorithm>
#include <map>
#include <utility>

#include "../asprs.hpp"
#include "ptattn/cloud/field_meaning.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/text.hpp"

namespace ptattn::tools {
namespace {

constexpr std::size_t kShownNames = 3;

/// What the numbers of a side are.
enum class Kind {
  kMapped,   // a map says what they mean
  kUnknown,  // numbers that nobody explains
  kNumbers,  // of the named classes
  kOrigin,   // of the classes that the file names
  kAsprs
};

struct Side {
  const SideOfLabels& labels;
  LabelSide which;
  Kind kind = Kind::kUnknown;

  [[nodiscard]] std::string option() const {
    return which == LabelSide::kTruth ? "--truth-codes" : "--predicted-codes";
  }
};

std::vector<std::string> names_of(const LabelMeaning& meaning) {
  std::vector<std::string> names;
  for (const ClassMeaning& one : meaning.classes) {
    if (std::ranges::find(names, one.name) == names.end()) names.push_back(one.name);
  }
  return names;
}

/// "ground, vegetation, building, ..."
std::string some_of(const std::vector<std::string>& names) {
  const auto shown = std::span(names).first(std::min(names.size(), kShownNames));
  return comma_joined(shown) + (names.size() > kShownNames ? ", ..." : "");
}

/// Refuses options that say something else than the file.
void check_codes(const Side& side) {
  const auto& origin = side.labels.origin;
  if (!origin || side.labels.codes == Codes::kByField) return;
  const bool asprs = origin->codes == LabelCodes::kAsprs;
  if (asprs == (side.labels.codes == Codes::kAsprs)) return;
  throw Error(Fault::kUsage, side.option(),
              "contradicts the file, whose " + origin->field + " holds " +
                  (asprs ? "ASPRS codes" : "class numbers"));
}

/// Refuses numbers of other classes than those that the user named.
void check_names(const Side& side, const NamedClasses& named) {
  const auto& origin = side.labels.origin;
  if (named.whose.empty() || !origin || origin->codes == LabelCodes::kAsprs) return;
  for (const ClassMeaning& one : origin->classes) {
    const bool known = one.code >= 0 && one.code < static_cast<std::int64_t>(named.names.size());
    if (!known || named.names[static_cast<std::size_t>(one.code)] == one.name) continue;
    throw Error(
        Fault::kInput, named.whose,
        "has other classes than " + origin->field + ", which holds " + some_of(names_of(*origin)));
  }
}

Kind kind_of(const Side& side, const NamedClasses& named) {
  const SideOfLabels& labels = side.labels;
  if (!labels.map.empty()) return Kind::kMapped;
  check_codes(side);
  if (labels.codes == Codes::kAsprs) return Kind::kAsprs;
  if (labels.origin && labels.origin->codes == LabelCodes::kAsprs) return Kind::kAsprs;
  check_names(side, named);
  const bool is_origin = labels.origin && !labels.origin->classes.empty();
  if (labels.codes == Codes::kClass) return is_origin ? Kind::kOrigin : Kind::kNumbers;
  if (is_origin) return Kind::kOrigin;
  const bool may_be_asprs = named.whose.empty() || (named.of_model && !named.codes.empty());
  if (names_asprs_codes(labels.field) && may_be_asprs) return Kind::kAsprs;
  return named.whose.empty() ? Kind::kUnknown : Kind::kNumbers;
}

LabelMap origin_map(const LabelMeaning& origin) {
  std::map<std::string, std::string> map;
  for (const ClassMeaning& one : origin.classes) map.emplace(std::to_string(one.code), one.name);
  return LabelMap(map);
}

/// The classes that a file names, and their ASPRS codes.
NamedClasses classes_of(const LabelMeaning& origin) {
  NamedClasses classes{.whose = origin.field};
  for (const ClassMeaning& one : origin.classes) {
    if (std::ranges::find(classes.names, one.name) != classes.names.end()) continue;
    classes.names.push_back(one.name);
    classes.codes.push_back(one.asprs ? *one.asprs : -1);
  }
  return classes;
}

bool has_codes(const NamedClasses& classes) {
  return std::ranges::any_of(classes.codes, [](int code) { return code >= 0; });
}

/// The classes that both sides are led to; none when labels are compared as they are.
NamedClasses choose_classes(const Side& truth, const Side& predicted, const NamedClasses& named) {
  if (!named.whose.empty()) return named;
  for (const Side* const side : {&predicted, &truth}) {
    const auto& origin = side->labels.origin;
    const bool explains = side->kind == Kind::kOrigin || side->kind == Kind::kAsprs;
    if (explains && origin && !origin->classes.empty()) return classes_of(*origin);
  }
  const bool wanted =
      truth.labels.codes == Codes::kAsprs || predicted.labels.codes == Codes::kAsprs;
  if (!wanted) return {};
  return {.whose = "ASPRS", .names = asprs_names(), .codes = asprs_codes()};
}

/// Refuses a side that nothing leads to the classes, where the other is led to them.
void refuse_unexplained(const Side& side, const Side& other) {
  const std::string numbers = side.labels.field + " holds numbers that nothing explains";
  if (other.labels.codes == Codes::kAsprs) {
    throw Error(Fault::kUsage, side.option(),
                numbers + ", expected " + side.option() + " asprs, --model, --classes or a map");
  }
}

LabelMap map_of(const Side& side, const NamedClasses& classes) {
  if (side.kind == Kind::kMapped) return side.labels.map;
  if (side.kind == Kind::kOrigin) return origin_map(*side.labels.origin);
  if (side.kind != Kind::kAsprs) return {};
  if (!has_codes(classes)) {
    const bool asked = side.labels.codes == Codes::kAsprs;
    throw Error(asked ? Fault::kUsage : Fault::kInput, asked ? side.option() : side.labels.field,
                (asked ? "asprs does not lead to " : "holds ASPRS codes, which do not lead to ") +
                    some_of(classes.names) + "; expected a map");
  }
  return asprs_map(classes.names, classes.codes, side.which);
}

/// Adds the classes of a file that are not among the others.
void add_names(const Side& side, std::vector<std::string>& names) {
  if (side.kind != Kind::kOrigin) return;
  for (const std::string& name : names_of(*side.labels.origin)) {
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  }
}

std::string words_for(const Side& side) {
  const std::string& field = side.labels.field;
  if (side.kind == Kind::kAsprs) return field + " holds ASPRS codes";
  return field + (side.kind == Kind::kMapped ? " has a map" : " holds class numbers");
}

}  // namespace

SettledLabels settle_labels(const SideOfLabels& truth_labels, const SideOfLabels& predicted_labels,
                            const NamedClasses& named) {
  Side truth{.labels = truth_labels, .which = LabelSide::kTruth};
  Side predicted{.labels = predicted_labels, .which = LabelSide::kPredicted};
  truth.kind = kind_of(truth, named);
  predicted.kind = kind_of(predicted, named);
  NamedClasses classes = choose_classes(truth, predicted, named);
  const bool user_says = !named.whose.empty() || classes.whose == "ASPRS";
  if (!user_says && (truth.kind == Kind::kUnknown || predicted.kind == Kind::kUnknown)) {
    classes = {};  // one side explains itself, the other does not: numbers as they are
  }
  SettledLabels settled{.truth_map = truth_labels.map, .predicted_map = predicted_labels.map};
  if (classes.names.empty()) return settled;
  if (truth.kind == Kind::kUnknown) refuse_unexplained(truth, predicted);
  if (predicted.kind == Kind::kUnknown) refuse_unexplained(predicted, truth);
  settled.truth_map = map_of(truth, classes);
  settled.predicted_map = map_of(predicted, classes);
  // Maps of both sides may lead to classes of their own unless these are named.
  const bool mapped = truth.kind == Kind::kMapped && predicted.kind == Kind::kMapped;
  if (mapped && named.whose.empty()) return settled;
  settled.names = classes.names;
  if (user_says) return settled;
  add_names(truth, settled.names);
  if (truth.kind == Kind::kAsprs || predicted.kind == Kind::kAsprs) {
    const std::string ours = words_for(predicted);
    const std::string theirs = words_for(truth);
    settled.notes.push_back((ours == theirs ? ours + " on both sides" : ours + ", " + theirs) +
                            ": compared as " + some_of(settled.names));
  }
  return settled;
}

}  // namespace ptattn::tools
