#include "ptattn/view/field_names.hpp"

#include <string>

#include "ptattn/cloud/field_meaning.hpp"

namespace ptattn::view {
namespace {

constexpr int kRankOfClasses = 2;
constexpr int kRankOfOthers = 11;

}  // namespace

int rank_of(std::string_view name) {
  const std::string plain = plain_name(name);
  if (plain == "label") return 0;
  if (plain == "classification") return 1;
  if (names_labels(name)) return kRankOfClasses;
  if (plain == "attention") return 3;
  if (meaning_of(name) == Meaning::kIntensity) return 6;
  if (plain == "confidence") return 8;
  if (plain == "entropy") return 9;
  if (plain == "margin") return 10;
  return kRankOfOthers;
}

}  // namespace ptattn::view
