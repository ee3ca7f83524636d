#include "asprs.hpp"

#include <algorithm>
#include <array>
#include <map>

namespace ptattn::tools {
namespace {

constexpr std::array<int, 5> kUnknown{0, 1, 7, 18, 66};
constexpr int kAnythingElse = 1;
constexpr int kLowVegetation = 3;
constexpr int kHighVegetation = 5;
constexpr int kCodes = 256;

}  // namespace

LabelMap asprs_map(std::span<const std::string> classes, std::span<const std::uint8_t> codes,
                   LabelSide side) {
  const auto class_of = [&](int code) -> std::string {
    const auto found = std::ranges::find(codes, code);
    return found == codes.end() ? "" : classes[static_cast<std::size_t>(found - codes.begin())];
  };
  std::map<std::string, std::string> map;
  for (int code = 0; code < kCodes; ++code) {
    const bool unknown = std::ranges::find(kUnknown, code) != kUnknown.end();
    std::string name;
    if (side == LabelSide::kPredicted || !unknown) {
      name = class_of(code);
      const bool vegetation = code >= kLowVegetation && code < kHighVegetation;
      if (name.empty() && vegetation) name = class_of(kHighVegetation);
      if (name.empty()) name = class_of(kAnythingElse);
    }
    map[std::to_string(code)] = name.empty() ? kIgnore : name;
  }
  return LabelMap(map);
}

}  // namespace ptattn::tools
