#include "ptattn/view/field_names.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace ptattn::view {
namespace {

constexpr std::array<std::string_view, 8> kClassEndings{
    "label", "labels", "classification", "class", "segment", "segmentation", "instance", "cluster"};

constexpr int kRankOfClasses = 2;
constexpr int kRankOfOthers = 11;

}  // namespace

std::string plain_name(std::string_view name) {
  std::string plain(name);
  std::ranges::transform(plain, plain.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  constexpr std::string_view kCloudCompare = "scalar_";
  if (plain.starts_with(kCloudCompare)) plain.erase(0, kCloudCompare.size());
  return plain;
}

bool names_classes(std::string_view name) {
  const std::string plain = plain_name(name);
  return std::ranges::any_of(kClassEndings,
                             [&](std::string_view ending) { return plain.ends_with(ending); });
}

int rank_of(std::string_view name) {
  const std::string plain = plain_name(name);
  if (plain == "label") return 0;
  if (plain == "classification") return 1;
  if (names_classes(name)) return kRankOfClasses;
  if (plain == "attention") return 3;
  if (plain == "intensity") return 6;
  if (plain == "confidence") return 8;
  if (plain == "entropy") return 9;
  if (plain == "margin") return 10;
  return kRankOfOthers;
}

}  // namespace ptattn::view
