#include "font.hpp"

#include <string_view>

namespace ptattn::tools {
namespace {

constexpr char kFirst = ' ';

/// A digit of base 32 (0 to 9, A to V) a row; rows that are left out are empty. 'T', for example:
/// V = 11111, then 4 = 00100 six times.
constexpr std::array<std::string_view, 95> kGlyphs{
    "",         "4444404",   "AA",      "AAVAVAA",   "4FKE5U4",   "OP248J3",   "CIK8LID",
    "44",       "2488842",   "8422248", "04LEL40",   "044V440",   "000006624", "000V000",
    "00000CC",  "01248G0",   "EHJLPHE", "4C4444E",   "EH1248V",   "V2421HE",   "26AIV22",
    "VGU11HE",  "68GUHHE",   "V124888", "EHHEHHE",   "EHHF12C",   "0CC0CC0",   "06606624",
    "248G842",  "00V0V00",   "8421248", "EH12404",   "EH1DLLE",   "EHHVHHH",   "UHHUHHU",
    "EHGGGHE",  "UHHHHHU",   "VGGUGGV", "VGGUGGG",   "EHGNHHF",   "HHHVHHH",   "E44444E",
    "72222IC",  "HIKOKIH",   "GGGGGGV", "HRLLHHH",   "HHPLJHH",   "EHHHHHE",   "UHHUGGG",
    "EHHHLID",  "UHHUKIH",   "FGGE11U", "V444444",   "HHHHHHE",   "HHHHHA4",   "HHHLLLA",
    "HHA4AHH",  "HHHA444",   "V1248GV", "E88888E",   "0G84210",   "E22222E",   "4AH",
    "0000000V", "84",        "00E1FHF", "GGMPHHU",   "00EGGHE",   "11DJHHF",   "00EHVGE",
    "698S888",  "00FHHHF1E", "GGMPHHH", "40C444E",   "2062222IC", "GGIKOKI",   "C44444E",
    "00QLLHH",  "00MPHHH",   "00EHHHE", "00UHHHUGG", "00FHHHF11", "00MPGGG",   "00FGE1U",
    "88S8896",  "00HHHJD",   "00HHHA4", "00HHLLA",   "00HA4AH",   "00HHHHF1E", "00V248V",
    "6448446",  "4444444",   "C44244C", "008L2"};

constexpr std::uint8_t digit(char c) {
  return static_cast<std::uint8_t>(c <= '9' ? c - '0' : c - 'A' + 10);
}

}  // namespace

std::array<std::uint8_t, kGlyphRows> glyph_of(char c) {
  const bool printable = c >= kFirst && c < kFirst + static_cast<int>(kGlyphs.size());
  const std::string_view rows = kGlyphs[static_cast<std::size_t>((printable ? c : '?') - kFirst)];
  std::array<std::uint8_t, kGlyphRows> glyph{};
  for (std::size_t i = 0; i < rows.size(); ++i) glyph[i] = digit(rows[i]);
  return glyph;
}

}  // namespace ptattn::tools
