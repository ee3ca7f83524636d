#include "suggest.hpp"

#include <algorithm>
#include <cctype>
#include <cstddef>
#include <limits>
#include <vector>

namespace ptattn::tools {
namespace {

constexpr std::size_t kAlikeLetters = 4;  // at the beginning of two names
constexpr std::size_t kLongestName = 64;

std::string lower(std::string_view text) {
  std::string small(text);
  std::ranges::transform(small, small.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return small;
}

/// Counts the letters to insert, delete, replace or swap with their neighbor.
std::size_t edit_distance(std::string_view a, std::string_view b) {
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t changed = a[i - 1] == b[j - 1] ? 0 : 1;
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, d[i - 1][j - 1] + changed});
      if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1]) {
        d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
      }
    }
  }
  return d[a.size()][b.size()];
}

bool begins_alike(std::string_view a, std::string_view b) {
  const auto plain = [](std::string_view name) {
    return name.substr(std::min(name.find_first_not_of('-'), name.size()));
  };
  const std::string_view first = plain(a);
  const std::string_view second = plain(b);
  if (first.empty() || second.empty()) return false;
  const auto [end, other] = std::ranges::mismatch(first, second);
  const auto common = static_cast<std::size_t>(end - first.begin());
  return common >= std::min({kAlikeLetters, first.size(), second.size()}) && common > 1;
}

}  // namespace

std::string nearest_name(std::string_view text, std::span<const std::string> known) {
  const std::string typed = lower(text.substr(0, kLongestName));
  std::string nearest;
  std::size_t least = std::numeric_limits<std::size_t>::max();
  for (const std::string& name : known) {
    const std::string candidate = lower(std::string_view(name).substr(0, kLongestName));
    const std::size_t distance = edit_distance(typed, candidate);
    const bool near = distance <= std::max(typed.size(), candidate.size()) / 3;
    if (distance >= least || !(near || begins_alike(typed, candidate))) continue;
    least = distance;
    nearest = name;
  }
  return nearest;
}

std::string did_you_mean(std::string_view text, std::span<const std::string> known) {
  const std::string nearest = nearest_name(text, known);
  return nearest.empty() ? "" : ", did you mean " + nearest + "?";
}

}  // namespace ptattn::tools
