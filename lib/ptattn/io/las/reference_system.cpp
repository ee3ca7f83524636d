#include "ptattn/io/las/reference_system.hpp"

#include <charconv>
#include <cstring>
#include <initializer_list>
#include <optional>
#include <string_view>
#include <utility>

#include "ptattn/core/error.hpp"
#include "ptattn/io/las/las_records.hpp"
#include "ptattn/io/las/point_format.hpp"

namespace ptattn::io::las {
namespace {

constexpr std::string_view kProjectionUser = "LASF_Projection";
constexpr std::uint16_t kWktRecord = 2112;
constexpr std::uint16_t kGeoKeysRecord = 34735;
constexpr std::uint16_t kWktBit = 1U << 4U;

// GeoTIFF 1.1: keys and values.
constexpr std::uint16_t kModelTypeKey = 1024;
constexpr std::uint16_t kProjectedModel = 1;
constexpr std::uint16_t kGeographicModel = 2;
constexpr std::uint16_t kGeographicSystemKey = 2048;
constexpr std::uint16_t kProjectedSystemKey = 3072;

std::optional<std::uint16_t> epsg_code(std::string_view text) {
  constexpr std::string_view kPrefix = "EPSG:";
  if (!text.starts_with(kPrefix)) return std::nullopt;
  text.remove_prefix(kPrefix.size());
  std::uint16_t code = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), code);
  if (error != std::errc() || end != text.data() + text.size() || code == 0) return std::nullopt;
  return code;
}

/// EPSG keeps geographic systems in one range of numbers.
bool is_geographic(std::uint16_t code) {
  return code >= 4001 && code <= 4999;
}

bool is_wkt(std::string_view text) {
  for (const std::string_view word : {"PROJCS[", "PROJCRS[", "COMPD_CS[", "COMPOUNDCRS[", "GEOGCS[",
                                      "GEOGCRS[", "GEOCCS[", "LOCAL_CS[", "BOUNDCRS["}) {
    if (text.starts_with(word)) return true;
  }
  return false;
}

void append_shorts(std::vector<std::byte>& data, std::initializer_list<std::uint16_t> values) {
  for (const std::uint16_t value : values) {
    data.push_back(static_cast<std::byte>(value & 0xffU));
    data.push_back(static_cast<std::byte>(value >> 8U));
  }
}

}  // namespace

std::uint16_t add_reference_system(std::vector<LasRecord>& records, const std::string& crs,
                                   unsigned format) {
  const bool extended = format > kLastLegacyFormat;
  const std::uint16_t encoding = extended || is_wkt(crs) ? kWktBit : 0;
  if (crs.empty()) return encoding;
  if (const auto code = epsg_code(crs)) {
    if (extended) {
      throw Error(Fault::kUsage, "--crs",
                  "these points need point format " + std::to_string(format) +
                      ", whose reference system is WKT: expected WKT, or a file that holds it");
    }
    LasRecord keys = make_record(kProjectionUser, kGeoKeysRecord, "GeoTIFF keys");
    append_shorts(keys.data, {1, 1, 0, 2});
    const bool geographic = is_geographic(*code);
    append_shorts(keys.data,
                  {kModelTypeKey, 0, 1, geographic ? kGeographicModel : kProjectedModel});
    append_shorts(keys.data,
                  {geographic ? kGeographicSystemKey : kProjectedSystemKey, 0, 1, *code});
    records.push_back(std::move(keys));
    return encoding;
  }
  if (!is_wkt(crs)) {
    throw Error(Fault::kUsage, "--crs", "expected EPSG:CODE, WKT, or a file that holds WKT");
  }
  LasRecord wkt = make_record(kProjectionUser, kWktRecord, "OGC WKT");
  if (crs.size() >= UINT16_MAX) throw Error(Fault::kUsage, "--crs", "the WKT is too long");
  wkt.data.resize(crs.size() + 1);  // with the terminating zero
  std::memcpy(wkt.data.data(), crs.data(), crs.size());
  records.push_back(std::move(wkt));
  return encoding;
}

}  // namespace ptattn::io::las
