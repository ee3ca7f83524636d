#include "truth.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>

#include <nlohmann/json.hpp>

#include "../asprs.hpp"
#include "../label_text.hpp"
#include "../text.hpp"
#include "../text_file.hpp"
#include "ptattn/cloud/field_meaning.hpp"
#include "ptattn/core/error.hpp"

namespace ptattn::tools {
namespace {

using train::kUnlabelled;
using train::Truth;

constexpr const char* kIgnore = "ignore";

struct Line {
  std::string value;  // empty: none given
  std::string name;
};

std::vector<Line> read_lines(const std::string& path) {
  const std::string text = read_text_file(path);
  std::string_view left = text;
  std::vector<Line> lines;
  for (std::string_view line; take_line(left, line);) {
    std::string_view words = line.substr(0, line.find('#'));
    std::string_view word;
    if (!take_word(words, word)) continue;
    const std::string first(word);
    std::string rest;
    while (take_word(words, word)) rest.append(rest.empty() ? "" : " ").append(word);
    const bool has_value = !rest.empty() && (first == "*" || parse_label(first));
    if (!rest.empty() && !has_value && is_number(first)) {
      throw Error(Fault::kInput, path,
                  "names the value " + first + ", expected a whole number or *");
    }
    if (has_value) {
      lines.push_back({first, rest});
    } else {
      lines.push_back({"", rest.empty() ? first : first + " " + rest});
    }
  }
  if (lines.empty()) throw Error(Fault::kInput, path, "names no class");
  const auto without = std::ranges::find(lines, "", &Line::value);
  if (without != lines.end() && std::ranges::count(lines, "", &Line::value) < std::ssize(lines)) {
    throw Error(Fault::kInput, path,
                "names \"" + without->name + "\" without a value, and other classes with one");
  }
  return lines;
}

bool is_class(const std::string& name) {
  return name != "ignore" && !name.starts_with("not_");
}

void add_class(std::vector<std::string>& classes, const std::string& name,
               const std::string& subject) {
  if (!is_class(name) || std::ranges::find(classes, name) != classes.end()) return;
  classes.push_back(name);
  check_number_of_classes(classes, subject);
}

void add_label(Truth& truth, const std::string& value, train::Label label,
               const std::string& subject) {
  if (value == "*") {
    truth.others = label;
    return;
  }
  const auto number = parse_label(value);
  if (!number) throw Error(Fault::kInput, subject, "holds \"" + value + "\", expected a number");
  if (!truth.labels.emplace(*number, label).second) {
    throw Error(Fault::kInput, subject, "names the value " + value + " twice");
  }
}

void read_classes(const std::string& path, TruthPlan& plan) {
  const std::vector<Line> lines = read_lines(path);
  for (const Line& line : lines) add_class(plan.space.classes, line.name, path);
  std::size_t next = 0;
  for (const Line& line : lines) {
    const std::string value = line.value.empty() ? std::to_string(next++) : line.value;
    add_label(plan.common, value, plan.space.find_or_add(line.name, path), path);
  }
}

void read_maps(const std::string& path, TruthPlan& plan) {
  // Not ordered_json, which looks for each key among all before it.
  const auto json = nlohmann::json::parse(read_text_file(path), nullptr, false);
  if (!json.is_object()) throw Error(Fault::kInput, path, "is not a JSON object");
  for (const auto& file : json.items()) {
    if (!file.value().is_object() || !file.value().contains("map") ||
        !file.value().at("map").is_object()) {
      throw Error(Fault::kInput, path, "has no \"map\" for " + file.key());
    }
    Truth truth{.field = plan.common.field, .labels = {}, .others = {}};
    for (const auto& item : file.value().at("map").items()) {
      if (!item.value().is_string()) throw Error(Fault::kInput, path, "maps a value to no name");
      add_label(truth, item.key(), plan.space.find_or_add(item.value().get<std::string>(), path),
                path);
    }
    plan.by_file[file.key()] = std::move(truth);
  }
}

/// The first value of each class that is a code of ASPRS LAS files; empty where one has none.
std::vector<std::uint8_t> codes_of(const TruthPlan& plan) {
  std::vector<std::uint8_t> codes;
  for (std::size_t c = 0; c < plan.space.classes.size(); ++c) {
    const auto found = std::ranges::find(plan.common.labels, c, [](const auto& item) {
      return static_cast<std::size_t>(item.second);
    });
    if (found == plan.common.labels.end() || found->first < 0 || found->first > 255) return {};
    codes.push_back(static_cast<std::uint8_t>(found->first));
  }
  return codes;
}

/// What data sets write for "no label": the largest byte, or 16-bit number, far above all others.
bool seems_unlabelled(std::int64_t value, const std::map<std::int64_t, std::size_t>& values) {
  if ((value != 255 && value != 65535) || value != values.rbegin()->first) return false;
  return values.size() > 1 && std::next(values.rbegin())->first < value / 2;
}

}  // namespace

const Truth& TruthPlan::of(const std::filesystem::path& path) const {
  const auto found = by_file.find(path.stem().string());
  return found == by_file.end() ? common : found->second;
}

void check_number_of_classes(const std::vector<std::string>& classes, const std::string& subject) {
  if (classes.size() <= train::LabelSpace::kMost) return;
  throw Error(Fault::kInput, subject,
              "makes more than " + std::to_string(train::LabelSpace::kMost) + " classes");
}

TruthPlan read_truth(const TrainSettings& settings, const std::string& field,
                     const std::vector<std::string>& classes) {
  TruthPlan plan{.space = {.classes = classes},
                 .common = {.field = field, .labels = {}},
                 .by_file = {},
                 .asprs_codes = {}};
  read_classes(settings.classes, plan);
  if (!settings.maps.empty()) read_maps(settings.maps, plan);
  if (names_asprs_codes(field)) plan.asprs_codes = codes_of(plan);
  return plan;
}

TruthPlan truth_of_model(const train::ModelSpec& model, const std::string& field,
                         const std::vector<std::string>& added, bool asprs) {
  TruthPlan plan{.space = {.classes = model.classes},
                 .common = {.field = field, .labels = {}, .others = kUnlabelled},
                 .by_file = {},
                 .asprs_codes = {}};
  asprs = asprs && !model.asprs_codes.empty();
  for (std::size_t c = 0; c < model.classes.size(); ++c) {
    const std::size_t value = asprs ? model.asprs_codes[c] : c;
    if (asprs && value < 2) continue;  // written for what has no code, and read as unlabelled
    plan.common.labels.emplace(static_cast<std::int64_t>(value), static_cast<train::Label>(c));
  }
  for (const std::string& text : added) {
    const std::size_t equals = text.find('=');
    const std::string after = equals == std::string::npos ? "" : text.substr(equals + 1);
    const std::optional<std::int64_t> value = parse_label(after);
    const std::string name = text.substr(0, equals);
    if (!value || name.empty() || !is_class(name)) {
      throw Error(Fault::kUsage, "--add-class", "is \"" + text + "\", expected NAME=VALUE");
    }
    if (std::ranges::find(plan.space.classes, name) != plan.space.classes.end()) {
      throw Error(Fault::kUsage, "--add-class", "names \"" + name + "\", which the model has");
    }
    plan.common.labels[*value] = static_cast<train::Label>(plan.space.classes.size());
    plan.space.classes.push_back(name);
    if (asprs) plan.asprs_codes.push_back(static_cast<std::uint8_t>(*value));
  }
  if (asprs) {
    plan.asprs_codes.insert(plan.asprs_codes.begin(), model.asprs_codes.begin(),
                            model.asprs_codes.end());
  }
  return plan;
}

void match_names(TruthPlan& plan, const LabelMeaning& origin, const train::ModelSpec& model) {
  std::map<std::int64_t, train::Label> labels{{-1, kUnlabelled}};
  bool any = false;
  for (const ClassMeaning& one : origin.classes) {
    const auto found = std::ranges::find(model.classes, one.name);
    const bool known = found != model.classes.end();
    labels[one.code] =
        known ? static_cast<train::Label>(found - model.classes.begin()) : kUnlabelled;
    any = any || known;
  }
  if (!any) {
    throw Error(Fault::kInput, origin.field,
                "holds other classes than those of " + model.name + ", such as " +
                    (origin.classes.empty() ? "none" : origin.classes.front().name) +
                    ", say by --classes what they mean");
  }
  for (const auto& [value, label] : plan.common.labels) {  // added classes have values of their own
    if (label >= model.classes.size()) labels[value] = label;
  }
  plan.common.labels = std::move(labels);
}

TruthPlan truth_of_origin(const LabelMeaning& origin, const std::string& field) {
  TruthPlan plan{.space = {},
                 .common = {.field = field, .labels = {{-1, kUnlabelled}}},
                 .by_file = {},
                 .asprs_codes = {}};
  for (const ClassMeaning& one : origin.classes) {
    add_class(plan.space.classes, one.name, field);
    plan.common.labels[one.code] = plan.space.find_or_add(one.name, field);
  }
  return plan;
}

TruthPlan guess_truth(const std::string& field, const std::map<std::int64_t, std::size_t>& values,
                      bool asprs) {
  TruthPlan plan{
      .space = {}, .common = {.field = field, .labels = {}}, .by_file = {}, .asprs_codes = {}};
  for (const auto& [value, count] : values) {
    std::string name = "class " + std::to_string(value);
    if (asprs) {
      name = asprs_class_of(value);
      if (name.empty()) name = kIgnore;
    } else if (value < 0 || seems_unlabelled(value, values)) {
      name = kIgnore;
      if (value >= 0) plan.note = std::to_string(value) + " is taken as no label (--classes)";
    }
    add_class(plan.space.classes, name, field);
    plan.common.labels[value] = plan.space.find_or_add(name, field);
  }
  if (asprs) plan.asprs_codes = codes_of(plan);
  return plan;
}

}  // namespace ptattn::tools
