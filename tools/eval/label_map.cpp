#include "label_map.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <sstream>

#include "ptattn/core/error.hpp"
#include "text_file.hpp"

namespace ptattn::tools {
namespace {

constexpr const char* kBlanks = " \t\r";

std::string trimmed(const std::string& text) {
  const std::size_t begin = text.find_first_not_of(kBlanks);
  if (begin == std::string::npos) return {};
  return text.substr(begin, text.find_last_not_of(kBlanks) - begin + 1);
}

}  // namespace

LabelMap::LabelMap(const std::filesystem::path& path) {
  const std::string text = read_text_file(path);
  const std::size_t first = text.find_first_not_of(" \t\r\n");
  if (first != std::string::npos && text[first] == '{') {
    read_json(text, path.string());
  } else {
    read_text(text, path.string());
  }
  if (empty()) throw Error(Fault::kInput, path.string(), "names no label, expected LABEL CLASS");
}

void LabelMap::read_text(const std::string& text, const std::string& subject) {
  std::istringstream lines(text);
  std::size_t number = 0;
  for (std::string line; std::getline(lines, line);) {
    ++number;
    const std::string content = trimmed(line.substr(0, line.find('#')));
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

void LabelMap::read_json(const std::string& text, const std::string& subject) {
  const auto parsed = nlohmann::ordered_json::parse(text, nullptr, false);
  if (!parsed.is_object()) throw Error(Fault::kInput, subject, "is not valid JSON");
  for (const auto& item : parsed.items()) {
    if (!item.value().is_string() && !item.value().is_null()) {
      throw Error(Fault::kInput, subject,
                  "maps \"" + item.key() + "\" to " + item.value().dump() +
                      ", expected the name of a class or null");
    }
    add(item.key(), item.value().is_null() ? kIgnore : item.value().get<std::string>(), subject);
  }
}

void LabelMap::add(const std::string& label, const std::string& name, const std::string& subject) {
  if (label.empty() || name.empty()) throw Error(Fault::kInput, subject, "holds an empty name");
  if (!classes_by_label_.emplace(label, name).second) {
    throw Error(Fault::kInput, subject, "names the label " + label + " twice");
  }
  if (name != kIgnore && std::ranges::find(classes_, name) == classes_.end()) {
    classes_.push_back(name);
  }
}

std::optional<std::string> LabelMap::find(const std::string& label) const {
  auto found = classes_by_label_.find(label);
  if (found == classes_by_label_.end()) found = classes_by_label_.find("*");
  if (found == classes_by_label_.end()) return std::nullopt;
  return found->second;
}

}  // namespace ptattn::tools
