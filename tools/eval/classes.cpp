#include "classes.hpp"

#include <algorithm>
#include <iterator>

#include "../label_text.hpp"
#include "../suggest.hpp"
#include "../text.hpp"
#include "ptattn/core/error.hpp"

namespace ptattn::tools {
namespace {

std::optional<std::int64_t> as_number(const std::string& text) {
  return parse_label(text);
}

bool are_numbers(const std::set<std::string>& names) {
  return std::ranges::all_of(names,
                             [](const std::string& name) { return as_number(name).has_value(); });
}

/// Refuses numbers on one side and names on the other.
void check_common(const std::set<std::string>& truth, const std::set<std::string>& predicted) {
  if (truth.empty() || predicted.empty() || are_numbers(truth) == are_numbers(predicted)) return;
  const auto is_common = [&](const std::string& name) { return predicted.contains(name); };
  if (std::ranges::any_of(truth, is_common)) return;
  throw Error(Fault::kInput, "classes",
              "the truth's start with " + *truth.begin() + ", the prediction's with " +
                  *predicted.begin() +
                  ", and none is on both sides; a map of both, --classes or --model can name them");
}

/// All labels of both sides.
std::set<std::string> labels_of(const std::vector<LabelledInput>& inputs) {
  std::set<std::string> labels;
  for (const LabelledInput& input : inputs) {
    for (const auto& [pair, count] : input.pairs) {
      labels.insert(pair.first);
      labels.insert(pair.second);
    }
  }
  return labels;
}

/// Numbers by value, then texts.
bool label_less(const std::string& a, const std::string& b) {
  const auto number_a = as_number(a);
  const auto number_b = as_number(b);
  if (number_a && number_b) return *number_a < *number_b;
  if (number_a.has_value() != number_b.has_value()) return number_a.has_value();
  return a < b;
}

constexpr const char* kUnsureLabel = "-1";  // of ptattn-segment --unsure-below

}  // namespace

/// One of the two labels of an item.
struct Classes::Side {
  const char* name;
  const LabelMap& map;
  bool predicted = false;
};

Classes::Classes(ClassSettings settings)
    : settings_(std::move(settings)), named_(settings_.names.begin(), settings_.names.end()) {
  for (const std::string& name : settings_.names) add_name(name);
  fixed_ = !named_.empty() || !(settings_.truth_map.empty() || settings_.predicted_map.empty());
  for (const LabelMap* map : {&settings_.truth_map, &settings_.predicted_map}) {
    for (const std::string& name : map->classes()) {
      if (index_of(name) || named_.contains(name)) continue;
      if (!settings_.names.empty()) {
        throw Error(Fault::kUsage, "--map",
                    "leads to \"" + name + "\", which is no named class" +
                        did_you_mean(name, settings_.names));
      }
      add_name(name);
    }
  }
  check_number();
}

/// Unless it is ignored or there already.
void Classes::add_name(const std::string& name) {
  if (settings_.ignored.contains(name)) return;
  if (indices_.emplace(name, names_.size()).second) names_.push_back(name);
}

void Classes::check_number() const {
  if (names_.size() <= kMaxClasses) return;
  throw Error(fixed_ ? Fault::kUsage : Fault::kInput, "classes",
              "there are " + std::to_string(names_.size()) + ", expected at most " +
                  std::to_string(kMaxClasses) + (fixed_ ? "" : "; a map can join labels"));
}

std::optional<std::size_t> Classes::index_of(const std::string& name) const {
  const auto found = indices_.find(name);
  if (found == indices_.end()) return std::nullopt;
  return found->second;
}

std::optional<std::string> Classes::class_of(const std::string& label, const Side& side,
                                             const std::string& subject) const {
  if (label.empty() || settings_.ignored.contains(label)) return std::nullopt;
  const bool no_label = settings_.kind == LabelKind::kNumbers && label == kNoLabelText;
  if (no_label && !side.map.names(label)) return std::nullopt;
  std::string name = label;
  if (!side.map.empty()) {
    const auto mapped = side.map.find(label);
    if (!mapped && label == kUnsureLabel && side.predicted) return std::nullopt;
    if (!mapped) {
      throw Error(Fault::kInput, subject,
                  std::string("the ") + side.name + " holds the label " + label +
                      ", which the map does not name");
    }
    name = *mapped;
  } else if (const std::vector<std::string>& named = settings_.names; !named.empty()) {
    const auto number = as_number(label);
    if (number && *number >= 0 && *number < static_cast<std::int64_t>(named.size())) {
      name = named[static_cast<std::size_t>(*number)];
    } else if (label == kUnsureLabel && side.predicted) {
      return std::nullopt;
    } else if (!named_.contains(label)) {
      throw Error(Fault::kInput, subject,
                  std::string("the ") + side.name + " holds the label " + label +
                      ", which is none of the " + std::to_string(named.size()) + " classes");
    }
  }
  if (name == kIgnore || settings_.ignored.contains(name)) return std::nullopt;
  return name;
}

void Classes::discover(const std::vector<LabelledInput>& inputs) {
  if (fixed_) return;
  std::set<std::string> truths;
  std::set<std::string> predictions;
  for (const LabelledInput& input : inputs) {
    for (const auto& [pair, count] : input.pairs) {
      const auto truth = class_of(pair.first, {"truth", settings_.truth_map}, input.name);
      if (!truth) continue;
      truths.insert(*truth);
      const auto predicted =
          class_of(pair.second, {"prediction", settings_.predicted_map, true}, input.name);
      if (predicted) predictions.insert(*predicted);
    }
  }
  check_common(truths, predictions);
  truths.merge(predictions);
  std::vector<std::string> sorted(truths.begin(), truths.end());
  std::ranges::stable_sort(sorted, label_less);
  for (const std::string& name : sorted) add_name(name);
  check_number();
}

/// True when a text is the name of a class or of a label that a map names.
bool Classes::explains(const std::string& text) const {
  if (named_.contains(text) || index_of(text)) return true;
  for (const LabelMap* const map : {&settings_.truth_map, &settings_.predicted_map}) {
    if (map->names(text) || std::ranges::find(map->classes(), text) != map->classes().end()) {
      return true;
    }
  }
  return false;
}

void Classes::check_names(const std::vector<LabelledInput>& inputs) const {
  const std::set<std::string> labels = labels_of(inputs);
  std::vector<std::string> known(names_);
  known.insert(known.end(), labels.begin(), labels.end());
  for (const std::string& text : settings_.ignored) {
    const bool is_label =
        settings_.kind == LabelKind::kNumbers && (as_number(text) || text == kNoLabelText);
    if (is_label || explains(text) || labels.contains(text)) continue;
    throw Error(Fault::kUsage, "--ignore",
                quoted(text) + " is neither a class nor a label" + did_you_mean(text, known));
  }
  if (settings_.kind == LabelKind::kNumbers) return;
  for (const LabelMap* const map : {&settings_.truth_map, &settings_.predicted_map}) {
    std::vector<std::string> unmapped;
    std::ranges::copy_if(labels, std::back_inserter(unmapped), [&](const std::string& label) {
      return !label.empty() && !map->names(label);
    });
    for (const std::string& label : map->labels()) {
      const std::string hint = did_you_mean(label, unmapped);
      if (label == "*" || labels.contains(label) || hint.empty()) continue;
      throw Error(Fault::kUsage, "--map",
                  "names the label " + quoted(label) + ", which no input has" + hint);
    }
  }
}

std::size_t Classes::require(const std::string& name, const std::string& option) {
  if (const auto found = index_of(name)) return *found;
  const auto number = as_number(name);
  if (number && *number >= 0 && *number < static_cast<std::int64_t>(settings_.names.size())) {
    if (const auto found = index_of(settings_.names[static_cast<std::size_t>(*number)]))
      return *found;
  }
  if (fixed_ || !number) {
    throw Error(Fault::kUsage, option,
                quoted(name) + " is none of the classes" + did_you_mean(name, names_));
  }
  const std::string label = std::to_string(*number);
  if (const auto found = index_of(label)) return *found;
  indices_.emplace(label, names_.size());
  names_.push_back(label);
  return names_.size() - 1;
}

std::uint64_t Classes::add(const LabelledInput& input, ConfusionMatrix& confusion) const {
  std::uint64_t ignored = 0;
  for (const auto& [pair, count] : input.pairs) {
    const auto truth = class_of(pair.first, {"truth", settings_.truth_map}, input.name);
    if (!truth) {
      ignored += count;
      continue;
    }
    const auto predicted =
        class_of(pair.second, {"prediction", settings_.predicted_map, true}, input.name);
    confusion.add(*index_of(*truth), predicted ? *index_of(*predicted) : confusion.none(), count);
  }
  return ignored;
}

void Classes::add(const LabelledInput& input, ReliabilityTable& table) const {
  for (const auto& [pair, sure] : input.confidences) {
    const auto truth = class_of(pair.first, {"truth", settings_.truth_map}, input.name);
    const auto predicted =
        class_of(pair.second, {"prediction", settings_.predicted_map, true}, input.name);
    if (!truth || !predicted) continue;
    for (std::size_t b = 0; b < ReliabilityTable::kBins; ++b) {
      const ReliabilityTable::Bin& bin = sure.bins()[b];
      table.add(b, bin.items, bin.confidence, *truth == *predicted);
    }
  }
}

}  // namespace ptattn::tools
