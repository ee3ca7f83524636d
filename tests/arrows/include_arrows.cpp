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
    {"survey", {"tasks", "io"}},
    {"train", {"tasks", "io"}},
    {"view", {"cloud"}},
    {"tools", {"tasks", "io", "survey", "view", "train"}},
};

/// The arrows inside of modules: a room and the rooms of its module that it points to. A room is a
/// folder, or the files of one name; it holds what lies below it and is no room of its own.
const std::map<std::string, Modules, std::less<>> kRooms = {
    {"nn/kernels", {}},
    {"nn", {"nn/kernels"}},
    {"nn/encoding", {"nn"}},
    {"nn/attention", {"nn/encoding"}},
    {"nn/pooling", {"nn"}},
    {"nn/transformer", {"nn/attention"}},  //
    {"models/files", {}},
    {"models", {"models/files"}},
    {"models/pct", {"models"}},
    {"models/ptv1", {"models"}},
    {"models/ptv3", {"models"}},
    {"models/litept", {"models/ptv3"}},
    {"models/volt", {"models/ptv3"}},
    {"models/registry", {"models/pct", "models/ptv1", "models/litept", "models/volt"}},
    {"models/model_description", {"models/registry"}},
    {"models/model_folder", {"models/model_description"}},  //
    {"tasks", {}},
    {"tasks/geometry", {"tasks"}},
    {"tasks/classify", {"tasks/geometry"}},
    {"tasks/features", {"tasks/geometry"}},
    {"tasks/smooth", {"tasks/geometry"}},
    {"tasks/transfer", {"tasks/geometry"}},
    {"tasks/scene", {"tasks/geometry"}},
    {"tasks/segment", {"tasks/scene"}},
    {"tasks/inspect", {"tasks/segment", "tasks/classify"}},  //
};

/// Rooms that other modules may not enter, and the modules that may all the same.
const std::map<std::string, Modules, std::less<>> kPrivateRooms = {
    {"nn/kernels", {"models", "train"}},
};

void add_reachable(const std::map<std::string, Modules, std::less<>>& arrows,
                   const std::string& from, Modules& reached) {
  for (const std::string& next : arrows.at(from)) {
    if (reached.insert(next).second) add_reachable(arrows, next, reached);
  }
}

/// The room of a file, such as "nn/kernels" of "nn/kernels/rows.hpp"; of a module without rooms "".
std::string room_of(const std::string& file) {
  std::string room = file.substr(0, file.rfind('.'));
  while (!kRooms.contains(room)) {
    const auto slash = room.rfind('/');
    if (slash == std::string::npos) return "";
    room.erase(slash);
  }
  return room;
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

std::optional<std::string> reason_against_rooms(const std::string& module, const std::string& file,
                                                const std::string& included) {
  const std::string to = room_of(included);
  if (!included.starts_with(module + "/")) {
    const auto hidden = kPrivateRooms.find(to);
    if (hidden == kPrivateRooms.end() || hidden->second.contains(module)) return std::nullopt;
    return to + " is not for " + module;
  }
  const std::string from = room_of(file);
  if (from.empty()) return std::nullopt;
  Modules allowed{from};
  add_reachable(kRooms, from, allowed);
  if (allowed.contains(to)) return std::nullopt;
  return "no arrow from " + from + " to " + to;
}

std::optional<std::string> reason_against(const std::string& module, const std::string& file,
                                          const std::string& included) {
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
  add_reachable(kArrows, module, allowed);
  if (!allowed.contains(target)) return "no arrow from " + module + " to " + target;
  return reason_against_rooms(module, file, rest);
}

void check_folder(const std::filesystem::path& root, const std::filesystem::path& folder,
                  const std::string& module, std::vector<Violation>& found) {
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
    if (!entry.is_regular_file() || !is_source(entry.path())) continue;
    const std::string file = module / entry.path().lexically_relative(folder);
    std::ifstream text(entry.path());
    for (std::string line; std::getline(text, line);) {
      const auto included = include_of(line);
      if (!included) continue;
      if (const auto reason = reason_against(module, file, *included)) {
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
