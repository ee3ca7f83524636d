#include "ptattn/models/model_search.hpp"

#include <algorithm>
#include <cstdlib>
#include <new>
#include <set>
#include <system_error>

#include "ptattn/core/error.hpp"
#include "ptattn/core/text.hpp"

namespace ptattn {
namespace {

namespace fs = std::filesystem;

bool is_model(const fs::path& folder) {
  std::error_code ignored;
  return fs::is_regular_file(folder / "config.json", ignored);
}

std::string joined(const std::vector<std::string>& items) {
  return items.empty() ? "none" : comma_joined(items);
}

/// The parts of `list` between colons; empty ones mean nothing.
std::vector<fs::path> split(std::string_view list) {
  std::vector<fs::path> folders;
  while (!list.empty()) {
    const std::size_t length = std::min(list.find(':'), list.size());
    if (length > 0) folders.emplace_back(list.substr(0, length));
    list.remove_prefix(std::min(length + 1, list.size()));
  }
  return folders;
}

}  // namespace

std::vector<fs::path> model_search_path(const fs::path& package) {
  std::vector<fs::path> folders;
  if (const char* list = std::getenv("PTATTN_MODELS")) folders = split(list);
  std::error_code failed;
  const fs::path program = fs::read_symlink("/proc/self/exe", failed);
  const auto add = [&](const fs::path& folder) {
    if (std::ranges::find(folders, folder) == folders.end()) folders.push_back(folder);
  };
  if (!failed) add((program.parent_path() / "../share/ptattn/models").lexically_normal());
  if (!package.empty()) add(package);
  add(PTATTN_INSTALLED_MODELS);
  return folders;
}

std::vector<std::string> list_models(const fs::path& package) {
  std::set<std::string> names;
  for (const fs::path& folder : model_search_path(package)) {
    std::error_code failed;  // often: not every folder of the path need exist
    for (fs::directory_iterator entry(folder, failed), end; entry != end; entry.increment(failed)) {
      if (is_model(entry->path())) names.insert(entry->path().filename().string());
    }
    if (failed == std::errc::not_enough_memory) throw std::bad_alloc();
  }
  return {names.begin(), names.end()};
}

fs::path find_model(std::string_view name_or_folder, const fs::path& package) {
  const fs::path given(name_or_folder);
  if (is_model(given)) return given;
  std::vector<std::string> searched;
  for (const fs::path& folder : model_search_path(package)) {
    // A name, not a path that could lead elsewhere.
    if (given == given.filename() && is_model(folder / given)) return folder / given;
    searched.push_back(folder.string());
  }
  std::error_code ignored;
  if (fs::is_directory(given, ignored)) {
    throw Error(Fault::kModel, given.string(), "holds no config.json, expected a model folder");
  }
  throw Error(
      Fault::kModel, given.empty() ? "model" : given.string(),
      "no such model, searched " + joined(searched) + ", found " + joined(list_models(package)));
}

}  // namespace ptattn
