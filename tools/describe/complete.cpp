#include "describe/complete.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <exception>
#include <filesystem>
#include <fstream>
#include <map>
#include <string_view>

#include "describe/command_options.hpp"
#include "models.hpp"
#include "ptattn/io/cloud_io.hpp"
#include "ptattn/models/model_description.hpp"
#include "target.hpp"
#include "text.hpp"

namespace ptattn::tools {
namespace {

using Words = std::vector<std::string>;

constexpr std::size_t kHeaderBytes = 65536;
constexpr std::uintmax_t kQuickBytes = 32U << 20U;  // read within the patience of a key press

/// Values that are usual for options which take others as well.
const std::map<std::string, Words>& usual_values() {
  static const std::map<std::string, Words> values{
      {"CAMERA", {"back", "bottom", "front", "iso", "left", "right", "top"}},
      {"COLOR", {"black", "grey", "white"}},
      {"HEAD", {"mean"}},
      {"X|auto", {"auto"}}};
  return values;
}

/// The option that takes `word` as its value; nullptr for an input or a flag.
const CLI::Option* option_before(const CLI::App& app, const std::string& word) {
  for (const CLI::Option* option : shown_options(app)) {
    const Words all = names(*option);
    if (std::ranges::find(all, word) != all.end() && !value_name(*option).empty()) return option;
  }
  return nullptr;
}

/// The model that the command line names, or would use.
std::string model_of(const CLI::App& app, const Words& words) {
  for (std::size_t i = 0; i < words.size(); ++i) {
    if (words[i] == "--model" && i + 1 < words.size()) return words[i + 1];
    if (words[i].starts_with("--model=")) return words[i].substr(std::string("--model=").size());
  }
  const CLI::Option* const option = app.get_option_no_throw("--model");
  if (option == nullptr) return "";
  const std::string text = option->get_description();  // "Use this model, ... [aerial]"
  const std::size_t open = text.rfind('[');
  return open == std::string::npos ? "" : text.substr(open + 1, text.rfind(']') - open - 1);
}

/// Fields of the clouds that the command line names.
Words fields_of(const Words& words) {
  Words fields{"xyz", "normals", "colors", "rgb", "height", "features"};
  bool found = false;
  for (const std::string& word : words) {
    if (!has_cloud_extension(word)) continue;
    const Words more = fields_of_file(word);
    if (!more.empty() && !found) fields.clear();
    found = found || !more.empty();
    fields.insert(fields.end(), more.begin(), more.end());
  }
  return fields;
}

/// Values of an option that depend on models and files.
Words looked_up(const std::string& value, const About& about, const CLI::App& app,
                const Words& words) try {
  if (value == "MODEL") return model_names(about.task);
  if (value == "FIELD" || value == "FIELDS") return fields_of(words);
  const std::string model = model_of(app, words);
  if (value == "LAYER" && about.layers) return about.layers(model);
  if (value == "CATEGORY") return read_segmenter_description(locate_model(model)).categories;
  return {};
} catch (const std::exception&) {  // a key press is no place for error messages
  return {};
}

/// What may be typed for an option's value.
Completion values_of(const CLI::Option& option, const About& about, const CLI::App& app,
                     const Words& words) {
  const std::string value = value_name(option);
  if (value == "FILE" || value == "PATH" || value == "FOLDER") return {.kind = "files"};
  if (const Words fixed = choices(option); !fixed.empty()) return {.words = fixed};
  if (const auto usual = usual_values().find(value); usual != usual_values().end()) {
    return {.words = usual->second};
  }
  return {.kind = value == "MODEL" ? "either" : "words",
          .words = looked_up(value, about, app, words)};
}

/// Keeps what begins like `word`; in a list with commas, like its last item.
void keep_fitting(Words& known, const std::string& word) {
  const std::size_t comma = word.rfind(',');
  const std::string before = comma == std::string::npos ? "" : word.substr(0, comma + 1);
  for (std::string& name : known) name.insert(0, before);
  std::erase_if(known, [&](const std::string& name) { return !name.starts_with(word); });
  std::ranges::sort(known);
  known.erase(std::unique(known.begin(), known.end()), known.end());
}

}  // namespace

Completion complete(const About& about, const CLI::App& app, const Words& words) {
  std::string word = words.empty() ? "" : words.back();
  std::string before = words.size() < 2 ? "" : words[words.size() - 2];
  const std::size_t equals = word.find('=');
  if (word.starts_with("--") && equals != std::string::npos) {
    before = word.substr(0, equals);
    word.erase(0, equals + 1);
  }
  Completion completion{.kind = "clouds"};
  if (const CLI::Option* const option = option_before(app, before)) {
    completion = values_of(*option, about, app, words);
  } else if (word.starts_with('-')) {
    completion.kind = "words";
    for (const CLI::Option* shown : shown_options(app)) {
      std::ranges::copy(names(*shown), std::back_inserter(completion.words));
    }
  }
  keep_fitting(completion.words, word);
  return completion;
}

std::string completion_text(const Completion& completion) {
  std::string text = completion.kind + "\n";
  for (const std::string& word : completion.words) text.append(word).append("\n");
  return text;
}

Words fields_of_file(const std::string& path) {
  std::error_code failed;
  const std::uintmax_t size = std::filesystem::file_size(path, failed);
  if (failed) return {};
  std::ifstream file(path, std::ios::binary);
  std::string head(kHeaderBytes, '\0');
  file.read(head.data(), static_cast<std::streamsize>(head.size()));
  head.resize(static_cast<std::size_t>(file.gcount()));
  std::string_view rest = head;
  Words fields;
  bool in_vertices = false;
  for (std::string_view line; take_line(rest, line) && !line.starts_with("end_header");) {
    Words parts;
    for (std::string_view word; take_word(line, word);) parts.emplace_back(word);
    if (parts.size() < 2) continue;
    if (parts[0] == "FIELDS") return {parts.begin() + 1, parts.end()};
    if (parts[0] == "element") in_vertices = parts[1] == "vertex";
    if (parts[0] == "property" && in_vertices) fields.push_back(parts.back());
  }
  if (!fields.empty() || size > kQuickBytes) return fields;
  try {
    return field_names_of(read_cloud(path));
  } catch (const std::exception&) {
    return {};
  }
}

}  // namespace ptattn::tools
