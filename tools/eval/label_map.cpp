#include "label_map.hpp"

#include <cstdint>
#include <limits>
#include <nlohmann/json.hpp>
#include <string_view>

#include "../label_text.hpp"
#include "../text.hpp"
#include "../text_file.hpp"
#include "ptattn/core/error.hpp"

namespace ptattn::tools {
namespace {

constexpr const char* kBlanks = " \t\r";

std::string trimmed(const std::string& text) {
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

/// True for what a field of labels is read as.
bool is_readable(std::optional<std::int64_t> label) {
  using Limits = std::numeric_limits<std::int32_t>;
  return label && *label >= Limits::min() && *label <= Limits::max();
}

}  // namespace

LabelMap::LabelMap(const std::filesystem::path& path, LabelKind kind) : kind_(kind) {
  const std::string text = read_text_file(path);
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first != std::string::npos && text[first] == '{') {
    read_json(text, path.string());
  } else {
    read_text(text, path.string());
  }
  if (empty()) throw Error(Fault::kInput, path.string(), "names no label, expected LABEL CLASS");
}

LabelMap::LabelMap(const std::map<std::string, std::string>& classes_by_label) {
  for (const auto& [label, name] : classes_by_label) add(label, name, "map");
}

void LabelMap::read_text(const std::string& text, const std::string& subject) {
  std::string_view rest = text;
  std::size_t number = 0;
  for (std::string_view line; take_line(rest, line);) {
    ++number;
    const std::string content = trimmed(std::string(line.substr(0, line.find('#'))));
    if (content.empty()) continue;
    const std::size_t end = content.find_first_of(kBlanks);
    if (end == std::string::npos) {
      throw Error(
          Fault::kInput, subject,
          "line " + std::to_string(number) + " is \"" + content + "\", expected LABEL CLASS");
    }
    add(content.substr(0, end), trimmed(content.substr(end)), subject);
  }
}

// Entry by entry: a map of a hundred thousand labels takes the time of their number (ordered_json
// looks for each key among all before it), and values that nest deep are refused where they begin.
void LabelMap::read_json(const std::string& text, const std::string& subject) {
  using nlohmann::json;
  std::string label;
  const auto refuse = [&](const std::string& value) {
    throw Error(Fault::kInput, subject,
                std::string("maps \"") + label + "\" to " + value +
                    ", expected the name of a class or null");
  };
  const auto take = [&](int depth, json::parse_event_t event, json& value) {
    if (depth != 1) return true;
    if (event == json::parse_event_t::key) label = value.get<std::string>();
    if (event == json::parse_event_t::array_start) refuse("an array");
    if (event == json::parse_event_t::object_start) refuse("an object");
    if (event != json::parse_event_t::value) return true;
    if (!value.is_string() && !value.is_null()) refuse(value.dump());
    add(label, value.is_null() ? kIgnore : value.get<std::string>(), subject);
    return false;  // need not be kept
  };
  const json parsed = json::parse(text, take, false);
  if (!parsed.is_object()) throw Error(Fault::kInput, subject, "is not valid JSON");
}

void LabelMap::add(const std::string& given, const std::string& name, const std::string& subject) {
  if (given.empty() || name.empty()) throw Error(Fault::kInput, subject, "holds an empty name");
  const std::string label = kind_ == LabelKind::kNumbers ? plain_label(given) : given;
  if (kind_ == LabelKind::kNumbers && label != "*" && label != kNoLabelText &&
      !is_readable(parse_label(label))) {
    throw Error(Fault::kInput, subject,
                "names the label " + given + ", expected a whole number, nan or *");
  }
  if (!classes_by_label_.emplace(label, name).second) {
    throw Error(Fault::kInput, subject, "names the label " + label + " twice");
  }
  if (name != kIgnore && known_.insert(name).second) classes_.push_back(name);
}

std::optional<std::string> LabelMap::find(const std::string& label) const {
  auto found = classes_by_label_.find(label);
  if (found == classes_by_label_.end()) found = classes_by_label_.find("*");
  if (found == classes_by_label_.end()) return std::nullopt;
  return found->second;
}

std::vector<std::string> LabelMap::labels() const {
  std::vector<std::string> labels;
  for (const auto& [label, name] : classes_by_label_) labels.push_back(label);
  return labels;
}

}  // namespace ptattn::tools
