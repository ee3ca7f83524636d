#include "include_arrows.hpp"

#include <algorithm>
#include <fstream>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <tuple>

namespace ptattn::test {
namespace {

using Modules = std::set<std::string, std::less<>>;

/// The arrows of the architecture: a module and the modules it points to.
const std::map<std::string, Modules, std::less<>> kArrows = {
    {"core", {}},
    {"cloud", {"core"}},
    {"io", {"cloud"}},
    {"neighbors", {"cloud"}},
    {"sampling", {"neighbors"}},
    {"nn", {"core"}},
    {"models", {"nn", "sampling"}},
    {"tasks", {"models"}},
    {"train", {"tasks", "io"}},
    {"view", {"cloud"}},
    {"tools", {"tasks", "io", "view", "train"}},
};

void add_reachable(const std::string& module, Modules& reached) {
  for (const std::string& next : kArrows.at(module)) {
    if (reached.insert(next).second) add_reachable(next, reached);
  }
}

std::optional<std::string> include_of(std::string_view line) {
  const auto hash = line.find_first_not_of(" \t");
  if (hash == std::string_view::npos || line[hash] != '#') return std::nullopt;
  const auto word = line.find_first_not_of(" \t", hash + 1);
  if (word == std::string_view::npos || !line.substr(word).starts_with("include")) {
    return std::nullopt;
  }
  const auto open = line.find_first_of("<\"", word);
  if (open == std::string_view::npos) return std::nullopt;
  const auto close = line.find_first_of(">\"", open + 1);
  if (close == std::string_view::npos) return std::nullopt;
  return std::string(line.substr(open + 1, close - open - 1));
}

bool is_source(const std::filesystem::path& path) {
  static const std::set<std::string> kExtensions = {".hpp", ".cpp", ".h", ".inl"};
  return kExtensions.contains(path.extension().string());
}

std::optional<std::string> reason_against(const std::string& module, const std::string& included) {
  constexpr std::string_view kPrefix = "ptattn/";
  if (included.starts_with("pcl/") && module != "io") return "PCL stays inside io";
  if (included.starts_with("open3d/") && module != "view") return "Open3D stays inside view";
  if ((included.starts_with("tbb/") || included.starts_with("oneapi/")) && module != "core") {
    return "TBB stays inside core";
  }
  if (!included.starts_with(kPrefix)) return std::nullopt;

  const std::string rest = included.substr(kPrefix.size());
  const std::string target = rest.substr(0, rest.find('/'));
  if (!kArrows.contains(target)) return "no such module: " + target;
  Modules allowed{module};
  add_reachable(module, allowed);
  if (!allowed.contains(target)) return "no arrow from " + module + " to " + target;
  return std::nullopt;
}

void check_folder(const std::filesystem::path& root, const std::filesystem::path& folder,
                  const std::string& module, std::vector<Violation>& found) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file() || !is_source(entry.path())) continue;
    std::ifstream file(entry.path());
    for (std::string line; std::getline(file, line);) {
      const auto included = include_of(line);
      if (!included) continue;
      if (const auto reason = reason_against(module, *included)) {
        found.push_back({entry.path().lexically_relative(root).string(), *included, *reason});
      }
    }
  }
}

}  // namespace

std::vector<Violation> check_include_arrows(const std::filesystem::path& root) {
  std::vector<Violation> found;
  for (const auto& entry : std::filesystem::directory_iterator(root / "lib/ptattn")) {
    if (!entry.is_directory()) continue;
    const std::string module = entry.path().filename().string();
    if (!kArrows.contains(module)) {
      found.push_back({"lib/ptattn/" + module, "", "a module without arrows"});
      continue;
    }
    check_folder(root, entry.path(), module, found);
  }
  check_folder(root, root / "tools", "tools", found);
  std::sort(found.begin(), found.end(), [](const Violation& a, const Violation& b) {
    return std::tie(a.file, a.included) < std::tie(b.file, b.included);
  });
  return found;
}

}  // namespace ptattn::test
