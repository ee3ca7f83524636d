#include "made_by.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "describe/command_options.hpp"
#include "models.hpp"
#include "ptattn/core/text.hpp"
#include "ptattn/core/version.hpp"
#include "ptattn/models/model_description.hpp"
#include "ptattn/models/model_hash.hpp"

namespace ptattn::tools {
namespace {

constexpr std::size_t kLongestValue = 200;

/// Options that leave the result as it is.
constexpr std::array<std::string_view, 28> kOfTheCourse{
    "--help",        "--version", "--quiet",       "--verbose",     "--no-progress", "--threads",
    "--output",      "--format",  "--resume",      "--keep-going",  "--fail-fast",   "--no-timing",
    "--dry-run",     "--null",    "--list-models", "--list-layers", "--matrix",      "--names",
    "--per-file",    "--batch",   "--model",       "--generate",    "--stream",      "--scratch",
    "--out-of-core", "--plan",    "--tile",        "--merge"};

/// Those that do so for some commands, of which others see what fits into memory at a time.
constexpr std::array<std::pair<std::string_view, std::string_view>, 2> kOfTheCourseOf{
    {{"ptattn-smooth", "--memory"}, {"ptattn-features", "--memory"}}};

bool is_of_the_course(const std::string& command, const std::string& option) {
  const std::pair<std::string_view, std::string_view> both(command, option);
  return std::ranges::find(kOfTheCourse, option) != kOfTheCourse.end() ||
         std::ranges::find(kOfTheCourseOf, both) != kOfTheCourseOf.end();
}

std::string long_name(const CLI::Option& option) {
  const std::vector<std::string> all = names(option);
  const auto found =
      std::ranges::find_if(all, [](const std::string& name) { return name.starts_with("--"); });
  return found == all.end() ? all.front() : *found;
}

bool names_files(const CLI::Option& option) {
  constexpr std::array<std::string_view, 3> kKinds{"FILE", "PATH", "FOLDER"};
  return std::ranges::find(kKinds, value_name(option)) != kKinds.end();
}

std::string value_text(const CLI::Option& option) {
  std::string text;
  for (std::string value : option.results()) {
    // A reference system is a code, WKT, or a file of it.
    const bool is_file = names_files(option) ||
                         (value_name(option) == "CRS" && value.find('[') == std::string::npos);
    if (is_file) value = std::filesystem::path(value).filename().string();
    text.append(text.empty() ? "" : ",").append(value);
  }
  const bool plain = std::ranges::all_of(text, [](unsigned char c) { return c >= 0x20; });
  return plain && text.size() <= kLongestValue ? text : "xxh128:" + hash_text(text);
}

/// What --help says of an option that is not given: the text between the last brackets.
std::string usual_value(const CLI::Option& option) {
  const std::string& words = option.get_description();
  const std::size_t begin = words.rfind('[');
  if (begin == std::string::npos || !words.ends_with(']')) return "";
  return words.substr(begin + 1, words.size() - begin - 2);
}

Provenance& current_run() {
  static Provenance run{.tool = "ptattn", .version = std::string(version())};
  return run;
}

std::string text_of(const std::vector<std::string>& options) {
  return options.empty() ? "no options" : comma_joined(options);
}

}  // namespace

std::vector<std::string> result_options(const CLI::App& app) {
  std::vector<std::string> options;
  for (const CLI::Option* const option : shown_options(app)) {
    const std::string name = long_name(*option);
    if (option->count() == 0 || is_of_the_course(app.get_name(), name)) continue;
    std::string text = name.substr(name.find_first_not_of('-'));
    if (!value_name(*option).empty()) {
      const std::string value = value_text(*option);
      if (value == usual_value(*option)) continue;
      text.append("=").append(value);
    }
    options.push_back(std::move(text));
  }
  return options;
}

void set_run(const std::string& tool, const CLI::App& app) {
  current_run() = {.tool = tool, .version = std::string(version()), .options = result_options(app)};
}

Provenance made_by() {
  return current_run();
}

Provenance made_by(const std::string& model, const std::filesystem::path& folder) {
  Provenance run = current_run();
  run.model = model;
  run.model_hash = hash_model(folder);
  return run;
}

Provenance made_by_model(const std::string& name_or_folder) {
  const std::filesystem::path folder = locate_model(name_or_folder);
  return made_by(read_model_description(folder).name, folder);
}

nlohmann::ordered_json as_json(const Provenance& run) {
  nlohmann::ordered_json json{{"tool", run.tool}, {"version", run.version}};
  if (!run.model.empty()) {
    json["model"] = run.model;
    json["model_hash"] = run.model_hash;
  }
  json["options"] = run.options;
  return json;
}

std::optional<Provenance> run_of_json(const nlohmann::json& json) {
  const auto text = [&](const char* key) {
    const auto found = json.find(key);
    return found != json.end() && found->is_string() ? found->get<std::string>() : std::string();
  };
  if (!json.is_object() || text("tool").empty()) return std::nullopt;
  Provenance run{.tool = text("tool"),
                 .version = text("version"),
                 .model = text("model"),
                 .model_hash = text("model_hash")};
  const auto options = json.find("options");
  if (options == json.end() || !options->is_array()) return std::nullopt;
  for (const nlohmann::json& option : *options) {
    if (!option.is_string()) return std::nullopt;
    run.options.push_back(option.get<std::string>());
  }
  return run;
}

std::string difference_of(const Provenance& earlier, const Provenance& now) {
  if (earlier.tool != now.tool) return "made by " + earlier.tool;
  if (earlier.model != now.model) {
    return "made with " + (earlier.model.empty() ? "no model" : "the model " + earlier.model) +
           ", now " + now.model;
  }
  if (earlier.model_hash != now.model_hash) {
    return "made with another version of the model " + now.model;
  }
  if (earlier.options != now.options) {
    return "made with " + text_of(earlier.options) + ", now " + text_of(now.options);
  }
  return "";
}

}  // namespace ptattn::tools
