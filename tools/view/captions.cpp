#include "captions.hpp"

#include <algorithm>
#include <cstddef>
#include <filesystem>
#include <set>

namespace ptattn::tools {
namespace {

using Parts = std::vector<std::string>;  // of a path, the file's name first

Parts parts_of(const std::string& path) {
  Parts parts;
  for (const auto& part : std::filesystem::path(path).lexically_normal()) {
    if (part != "/" && part != ".") parts.push_back(part.string());
  }
  std::ranges::reverse(parts);
  return parts;
}

/// The folder at a depth that all paths have in common; none at depth 0, the file's.
bool is_shared(const std::vector<Parts>& all, std::size_t depth) {
  return depth > 0 && std::ranges::all_of(all, [&](const Parts& parts) {
           return depth < parts.size() &&
                  parts[depth] == all.front()[std::min(depth, all.front().size() - 1)];
         });
}

/// The last `count` parts, those that all paths share as dots.
std::string joined(const std::vector<Parts>& all, const Parts& parts, std::size_t count) {
  std::string text;
  bool dots = false;
  for (std::size_t depth = std::min(count, parts.size()); depth-- > 0;) {
    const bool shared = is_shared(all, depth);
    if (!shared) text += parts[depth] + (depth == 0 ? "" : "/");
    if (shared && !dots) text += "…/";
    dots = shared;
  }
  return text;
}

}  // namespace

std::vector<std::string> distinguishing_names(const std::vector<std::string>& paths) {
  std::vector<Parts> all;
  std::size_t longest = 1;
  for (const std::string& path : paths) {
    all.push_back(parts_of(path));
    longest = std::max(longest, all.back().size());
  }
  const std::size_t different = std::set(all.begin(), all.end()).size();
  std::vector<std::string> names;
  for (std::size_t count = 1; count <= longest; ++count) {
    names.clear();
    for (const Parts& parts : all) names.push_back(joined(all, parts, count));
    if (std::set(names.begin(), names.end()).size() == different) break;
  }
  return names;
}

}  // namespace ptattn::tools
