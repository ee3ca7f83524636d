#include "memory_limit.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <fstream>
#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "text.hpp"

namespace ptattn::tools {
namespace {

namespace fs = std::filesystem;

/// A hierarchy of control groups, version 2, or that of the memory of version 1.
struct Hierarchy {
  bool is_unified = false;
  std::string group;  ///< this process's, "/" or "/a/b"
};

/// A mount of a hierarchy: `root`, a group, appears as the folder `point`.
struct Mount {
  bool is_unified = false;
  std::string root;
  std::string point;
};

std::vector<std::string> split(std::string_view line, char separator) {
  std::vector<std::string> parts;
  for (std::string_view part; take_line(line, part, separator);) parts.emplace_back(part);
  return parts;
}

/// Empty where there is no file that can be read.
std::string read_all(const fs::path& path) try {
  std::ifstream file(path);
  return {std::istreambuf_iterator<char>(file), {}};
} catch (const std::ios_base::failure&) {  // a folder
  return {};
}

bool lists(const std::string& controllers, std::string_view name) {
  const std::vector<std::string> all = split(controllers, ',');
  return std::ranges::find(all, name) != all.end();
}

/// Lines of /proc/self/cgroup: number:controllers:group; version 2 has no controllers.
std::vector<Hierarchy> hierarchies(const fs::path& root) {
  std::vector<Hierarchy> found;
  const std::string text = read_all(root / "proc/self/cgroup");
  std::string_view rest = text;
  for (std::string_view line; take_line(rest, line);) {
    const std::size_t first = line.find(':');
    const std::size_t second = line.find(':', first + 1);
    if (first == std::string::npos || second == std::string::npos) continue;
    const std::string controllers(line.substr(first + 1, second - first - 1));
    if (!controllers.empty() && !lists(controllers, "memory")) continue;
    found.push_back({controllers.empty(), std::string(line.substr(second + 1))});
  }
  return found;
}

/// Lines of /proc/self/mountinfo: number parent device root point options ... - type source
/// options.
std::vector<Mount> mounts(const fs::path& root) {
  std::vector<Mount> found;
  const std::string text = read_all(root / "proc/self/mountinfo");
  std::string_view rest = text;
  for (std::string_view line; take_line(rest, line);) {
    const std::vector<std::string> words = split(line, ' ');
    const auto dash = std::ranges::find(words, "-");
    if (words.size() < 6 || words.end() - dash < 4) continue;
    const bool is_unified = dash[1] == "cgroup2";
    if (!is_unified && !(dash[1] == "cgroup" && lists(dash[3], "memory"))) continue;
    found.push_back({is_unified, words[3], words[4]});
  }
  return found;
}

/// The group relative to the root of a mount. In a container the group may be named as the host
/// sees it, out of what is mounted: the mount's root is the container's own group then.
fs::path path_below(const std::string& group, const std::string& root) {
  if (group.find("..") != std::string::npos) return {};
  if (root == "/") return fs::path(group).relative_path();
  const bool is_below =
      group.starts_with(root) && (group.size() == root.size() || group[root.size()] == '/');
  return is_below ? fs::path(group.substr(root.size())).relative_path() : fs::path();
}

/// The number in a file; nullopt for "max", which sets no limit, and without such a file.
std::optional<std::uint64_t> read_number(const fs::path& path) {
  const std::string all = read_all(path);
  std::string_view rest = all;
  std::string_view text;
  if (!take_word(rest, text)) return std::nullopt;
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

void keep_least(std::optional<std::uint64_t>& least, std::optional<std::uint64_t> other) {
  if (other && (!least || *other < *least)) least = other;
}

/// The least limit of a group and of those above it, up to the folder `top`.
std::optional<std::uint64_t> limit_of(const fs::path& top, const fs::path& below, bool is_unified) {
  constexpr std::array kUnified{"memory.max", "memory.high"};
  constexpr std::array kVersion1{"memory.limit_in_bytes"};
  std::optional<std::uint64_t> least;
  const auto read = [&](const fs::path& folder) {
    for (const char* const name : kUnified) {
      if (is_unified) keep_least(least, read_number(folder / name));
    }
    for (const char* const name : kVersion1) {
      if (!is_unified) keep_least(least, read_number(folder / name));
    }
  };
  fs::path folder = top;
  read(folder);
  for (const fs::path& part : below) read(folder /= part);
  return least;
}

std::uint64_t machine_memory() {
  const long pages = ::sysconf(_SC_PHYS_PAGES);
  const long page = ::sysconf(_SC_PAGESIZE);
  if (pages <= 0 || page <= 0) return std::uint64_t{4} << 30U;
  return static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page);
}

}  // namespace

std::optional<std::uint64_t> control_group_limit(const fs::path& root) {
  std::optional<std::uint64_t> least;
  const std::vector<Mount> all = mounts(root);
  for (const Hierarchy& hierarchy : hierarchies(root)) {
    for (const Mount& mount : all) {
      if (mount.is_unified != hierarchy.is_unified) continue;
      keep_least(least, limit_of(root / fs::path(mount.point).relative_path(),
                                 path_below(hierarchy.group, mount.root), mount.is_unified));
    }
  }
  return least;
}

std::size_t default_memory(const fs::path& root) {
  const std::uint64_t machine = machine_memory();
  const std::uint64_t limit = control_group_limit(root).value_or(machine);
  return static_cast<std::size_t>(std::min(limit, machine) / 2);
}

}  // namespace ptattn::tools
