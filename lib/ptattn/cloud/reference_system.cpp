#include "ptattn/cloud/reference_system.hpp"

#include <algorithm>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string_view>
#include <vector>

namespace ptattn {
namespace {

constexpr std::uint16_t kWkt = 2112;
constexpr std::uint16_t kKeys = 34735;
constexpr std::uint16_t kText = 34737;
constexpr double kFoot = 0.3048;
constexpr double kSurveyFoot = 1200.0 / 3937.0;

const LasRecord* find_record(const LasMetadata& las, std::uint16_t id) {
  const auto is_it = [&](const LasRecord& record) {
    return record.record_id == id && std::string_view(record.user_id.data(), record.user_id.size())
                                         .starts_with("LASF_Projection");
  };
  for (const auto* const records : {&las.records, &las.extended_records}) {
    const auto found = std::ranges::find_if(*records, is_it);
    if (found != records->end()) return &*found;
  }
  return nullptr;
}

std::string text_of(const LasRecord& record) {
  std::string text;
  for (const std::byte b : record.data) {
    if (b == std::byte{0}) break;
    text.push_back(static_cast<char>(b));
  }
  return text;
}

std::string lower(std::string text) {
  std::ranges::transform(text, text.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  return text;
}

std::optional<double> unit_in(const std::string& words) {
  const std::string text = lower(words);
  const bool feet = text.find("foot") != std::string::npos ||
                    text.find("feet") != std::string::npos ||
                    text.find("ftus") != std::string::npos || text.ends_with("(ft)");
  if (!feet) return std::nullopt;
  const bool survey =
      text.find("us") != std::string::npos || text.find("survey") != std::string::npos;
  return survey ? kSurveyFoot : kFoot;
}

/// The length of the last UNIT["name", number of a text, in metres. Some programs write the number
/// 1 behind every unit of heights: a name that says feet is believed.
std::optional<double> last_unit(const std::string& text) {
  const std::size_t unit = text.rfind("UNIT[");
  if (unit == std::string::npos) return std::nullopt;
  const std::size_t comma = text.find(',', unit);
  if (comma == std::string::npos) return std::nullopt;
  std::size_t begin = comma + 1;
  while (begin < text.size() && text[begin] == ' ') ++begin;
  double value = 0.0;
  const auto [end, error] = std::from_chars(text.data() + begin, text.data() + text.size(), value);
  if (error != std::errc() || value <= 0.0) return std::nullopt;
  return value == 1.0 ? unit_in(text.substr(unit, comma - unit)).value_or(value) : value;
}

/// Where the first of some words begins; npos where none stands.
std::size_t find_first(const std::string& text, std::initializer_list<std::string_view> words) {
  std::size_t first = std::string::npos;
  for (const std::string_view word : words) first = std::min(first, text.find(word));
  return first;
}

ReferenceSystem from_wkt(const std::string& wkt) {
  ReferenceSystem system;
  const std::size_t open = wkt.find('"');
  const std::size_t close = open == std::string::npos ? open : wkt.find('"', open + 1);
  if (close != std::string::npos) system.name = wkt.substr(open + 1, close - open - 1);
  // WKT 1, as Esri writes it, and the short and long words of WKT 2.
  const std::size_t vertical = find_first(wkt, {"VERT_CS[", "VERTCS[", "VERTCRS[", "VERTICALCRS["});
  const std::string horizontal = wkt.substr(0, vertical);
  const bool projected =
      find_first(horizontal, {"PROJCS[", "PROJCRS[", "PROJECTEDCRS["}) != std::string::npos;
  const bool geographic =
      find_first(horizontal, {"GEOGCS[", "GEOGCRS[", "GEOGRAPHICCRS["}) != std::string::npos;
  system.geographic = geographic && !projected;
  if (projected) system.metres = last_unit(horizontal);
  if (vertical != std::string::npos) system.metres_of_height = last_unit(wkt.substr(vertical));
  return system;
}

/// The zones of WGS 84, ETRS89 and NAD83, all in metres.
bool is_utm(std::uint16_t code) {
  return (code > 32600 && code <= 32660) || (code > 32700 && code <= 32760) ||
         (code >= 25828 && code <= 25838) || (code > 26900 && code <= 26923);
}

/// The lengths among the EPSG codes of units.
std::optional<double> unit_of_code(std::uint16_t code) {
  if (code == 9001) return 1.0;
  if (code == 9002) return kFoot;
  if (code == 9003) return kSurveyFoot;
  return std::nullopt;
}

ReferenceSystem from_keys(const LasRecord& keys, const std::string& text) {
  ReferenceSystem system;
  const auto number = [&](std::size_t i) {
    return static_cast<std::uint16_t>(std::to_integer<unsigned>(keys.data[2 * i]) |
                                      (std::to_integer<unsigned>(keys.data[2 * i + 1]) << 8U));
  };
  if (keys.data.size() < 8) return system;
  const std::size_t count = std::min<std::size_t>(number(3), keys.data.size() / 8 - 1);
  for (std::size_t k = 1; k <= count; ++k) {
    const std::uint16_t key = number(4 * k);
    const std::uint16_t value = number(4 * k + 3);
    const bool is_text = number(4 * k + 1) == kText;
    if (key == 1024) system.geographic = value == 2;
    if (key == 3072 && value != 32767 && value != 0) {
      system.name = "EPSG:" + std::to_string(value);
      if (!system.metres && is_utm(value)) system.metres = 1.0;
    }
    if (key == 3076 && unit_of_code(value)) system.metres = unit_of_code(value);
    if (key == 4099) system.metres_of_height = unit_of_code(value);
    const bool citation = key == 1026 || key == 3073;
    if (citation && is_text && value < text.size()) {
      const std::string words = text.substr(value, number(4 * k + 2));
      if (system.name.empty()) system.name = words.substr(0, words.find('|'));
      if (!system.metres) system.metres = unit_in(words);
    }
  }
  return system;
}

}  // namespace

ReferenceSystem reference_system_of(const LasMetadata& las) {
  if (const LasRecord* const wkt = find_record(las, kWkt)) return from_wkt(text_of(*wkt));
  const LasRecord* const keys = find_record(las, kKeys);
  if (keys == nullptr) return {};
  const LasRecord* const text = find_record(las, kText);
  return from_keys(*keys, text == nullptr ? "" : text_of(*text));
}

}  // namespace ptattn
