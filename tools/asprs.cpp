#include "asprs.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace ptattn::tools {
namespace {

struct Entry {
  int code;
  const char* name;
};
/// The first of a name is the code of its class.
constexpr std::array<Entry, 14> kClasses{{{2, "ground"},
                                          {5, "vegetation"},
                                          {3, "vegetation"},
                                          {4, "vegetation"},
                                          {6, "building"},
                                          {9, "water"},
                                          {10, "rail"},
                                          {11, "road"},
                                          {14, "wire"},
                                          {13, "wire"},
                                          {16, "wire"},
                                          {15, "tower"},
                                          {17, "bridge"},
                                          {1, "other"}}};
/// What people call them besides.
constexpr std::array<Entry, 10> kSynonyms{{{3, "low vegetation"},
                                           {4, "medium vegetation"},
                                           {5, "high vegetation"},
                                           {5, "tree"},
                                           {6, "roof"},
                                           {7, "noise"},
                                           {10, "railway"},
                                           {11, "road surface"},
                                           {15, "pylon"},
                                           {1, "unclassified"}}};
constexpr std::array<std::int64_t, 6> kSaysNothing{0, 1, 7, 12, 18, 66};

std::string lower(std::string_view text) {
  std::string small(text);
  std::ranges::transform(small, small.begin(), [](unsigned char c) {
    return c == '_' ? ' ' : static_cast<char>(std::tolower(c));
  });
  return small;
}

std::vector<Entry> first_entries() {
  std::vector<Entry> first;
  for (const Entry& entry : kClasses) {
    const auto same = [&](const Entry& known) {
      return std::string_view(known.name) == entry.name;
    };
    if (std::ranges::none_of(first, same)) first.push_back(entry);
  }
  return first;
}

int code_of(std::string_view name) {
  const auto is_name = [&](const Entry& entry) { return name == entry.name; };
  const auto found = std::ranges::find_if(kClasses, is_name);
  if (found != kClasses.end()) return found->code;
  const auto other = std::ranges::find_if(kSynonyms, is_name);
  return other == kSynonyms.end() ? -1 : other->code;
}

}  // namespace

const std::vector<std::string>& asprs_names() {
  static const std::vector<std::string> names = [] {
    std::vector<std::string> all;
    for (const Entry& entry : first_entries()) all.emplace_back(entry.name);
    return all;
  }();
  return names;
}

const std::vector<int>& asprs_codes() {
  static const std::vector<int> codes = [] {
    std::vector<int> all;
    for (const Entry& entry : first_entries()) all.push_back(entry.code);
    return all;
  }();
  return codes;
}

std::string asprs_class_of(std::int64_t code) {
  if (std::ranges::find(kSaysNothing, code) != kSaysNothing.end()) return "";
  const auto found = std::ranges::find(kClasses, code, &Entry::code);
  return found == kClasses.end() ? "other" : found->name;
}

int asprs_code_of(std::string_view name) {
  const std::string plain = lower(name);
  const int code = code_of(plain);
  return code < 0 && plain.ends_with('s') ? code_of(plain.substr(0, plain.size() - 1)) : code;
}

}  // namespace ptattn::tools
