#include "asprs_map.hpp"

#include <algorithm>
#include <map>

#include "../asprs.hpp"

namespace ptattn::tools {
namespace {

constexpr int kAnythingElse = 1;
constexpr int kCodes = 256;

/// The code whose class also stands for `code`; `code` itself for most.
int relative_of(int code) {
  if (code == 3 || code == 4) return 5;     // vegetation
  if (code == 13 || code == 16) return 14;  // wires
  return code;
}

}  // namespace

LabelMap asprs_map(std::span<const std::string> classes, std::span<const int> codes,
                   LabelSide side) {
  const auto class_of = [&](int code) -> std::string {
    const auto found = std::ranges::find(codes, code);
    return found == codes.end() ? "" : classes[static_cast<std::size_t>(found - codes.begin())];
  };
  std::map<std::string, std::string> map;
  for (int code = 0; code < kCodes; ++code) {
    std::string name;
    if (side == LabelSide::kPredicted || !asprs_class_of(code).empty()) {
      name = class_of(code);
      if (name.empty()) name = class_of(relative_of(code));
      if (name.empty()) name = class_of(kAnythingElse);
    }
    map[std::to_string(code)] = name.empty() ? kIgnore : name;
  }
  return LabelMap(map);
}

}  // namespace ptattn::tools
