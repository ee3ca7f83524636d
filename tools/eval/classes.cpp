#include "classes.hpp"

#include <algorithm>
#include <charconv>

#include "../suggest.hpp"
#include "../text.hpp"
#include "ptattn/core/error.hpp"

namespace ptattn::tools {
namespace {

std::optional<std::int64_t> as_number(const std::string& text) {
  std::int64_t value = 0;
  const char* const end = text.data() + text.size();
  const auto [last, error] = std::from_chars(text.data(), end, value);
  if (error != std::errc{} || last != end) return std::nullopt;
  return value;
}

/// Numbers by value, then texts.
bool label_less(const std::string& a, const std::string& b) {
  const auto number_a = as_number(a);
  const auto number_b = as_number(b);
  if (number_a && number_b) return *number_a < *number_b;
  if (number_a.has_value() != number_b.has_value()) return number_a.has_value();
  return a < b;
}

}  // namespace

/// One of the two labels of an item.
struct Classes::Side {
  const char* name;
  const LabelMap& map;
};

Classes::Classes(ClassSettings settings)
    : settings_(std::move(settings)), named_(settings_.names.begin(), settings_.names.end()) {
  for (const std::string& name : settings_.names) add_name(name);
  fixed_ = !named_.empty() || !(settings_.truth_map.empty() || settings_.predicted_map.empty());
  for (const LabelMap* map : {&settings_.truth_map, &settings_.predicted_map}) {
    for (const std::string& name : map->classes()) {
      if (index_of(name) || named_.contains(name)) continue;
      if (!settings_.names.empty()) {
        throw Error(Fault::kUsage, "--map", "leads to \"" + name + "\", which is no named class");
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
  std::string name = label;
  if (!side.map.empty()) {
    const auto mapped = side.map.find(label);
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
  std::set<std::string> found;
  for (const LabelledInput& input : inputs) {
    for (const auto& [pair, count] : input.pairs) {
      const auto truth = class_of(pair.first, {"truth", settings_.truth_map}, input.name);
      if (!truth) continue;
      found.insert(*truth);
      const auto predicted =
          class_of(pair.second, {"prediction", settings_.predicted_map}, input.name);
      if (predicted) found.insert(*predicted);
    }
  }
  std::vector<std::string> sorted(found.begin(), found.end());
  std::ranges::stable_sort(sorted, label_less);
  for (const std::string& name : sorted) add_name(name);
  check_number();
}

std::size_t Classes::require(const std::string& name, const std::string& option) {
  if (const auto found = index_of(name)) return *found;
  const auto number = as_number(name);
  if (number && *number >= 0 && *number < static_cast<std::int64_t>(settings_.names.size())) {
    if (const auto found = index_of(settings_.names[static_cast<std::size_t>(*number)]))
      return *found;
  }
  if (fixed_) {
    throw Error(Fault::kUsage, option,
                quoted(name) + " is none of the classes" + did_you_mean(name, names_));
  }
  indices_.emplace(name, names_.size());
  names_.push_back(name);
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
        class_of(pair.second, {"prediction", settings_.predicted_map}, input.name);
    confusion.add(*index_of(*truth), predicted ? *index_of(*predicted) : confusion.none(), count);
  }
  return ignored;
}

}  // namespace ptattn::tools
