#include "ptattn/io/las/reference_system.hpp"

#include <charconv>
#include <cstring>
#include <initializer_list>
#include <optional>
#include <string_view>

#include "ptattn/core/error.hpp"
#include "ptattn/io/las/epsg_system.hpp"
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
constexpr std::uint16_t kVerticalSystemKey = 4096;

std::optional<std::uint16_t> epsg_code(std::string_view text) {
  constexpr std::string_view kPrefix = "EPSG:";
  if (!text.starts_with(kPrefix)) return std::nullopt;
  text.remove_prefix(kPrefix.size());
  std::uint16_t code = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), code);
  if (error != std::errc() || end != text.data() + text.size() || code == 0) return std::nullopt;
  return code;
}

/// What a code most likely is, where the registry is not at hand: it keeps most geographic systems
/// in one range of numbers.
EpsgSystem guess(std::uint16_t code) {
  return {.geographic = code >= 4001 && code <= 4999, .horizontal = code};
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

LasRecord geotiff_keys(const EpsgSystem& system) {
  LasRecord keys = make_record(kProjectionUser, kGeoKeysRecord, "GeoTIFF keys");
  const bool has_heights = system.vertical != 0;
  const std::uint16_t count = has_heights ? 3 : 2;
  append_shorts(keys.data, {1, 1, 0, count});
  append_shorts(keys.data,
                {kModelTypeKey, 0, 1, system.geographic ? kGeographicModel : kProjectedModel});
  append_shorts(keys.data, {system.geographic ? kGeographicSystemKey : kProjectedSystemKey, 0, 1,
                            system.horizontal});
  if (has_heights) append_shorts(keys.data, {kVerticalSystemKey, 0, 1, system.vertical});
  return keys;
}

LasRecord wkt_record(std::string_view text) {
  if (text.size() >= UINT16_MAX) throw Error(Fault::kUsage, "--crs", "the WKT is too long");
  LasRecord wkt = make_record(kProjectionUser, kWktRecord, "OGC WKT");
  wkt.data.resize(text.size() + 1);  // with the terminating zero
  std::memcpy(wkt.data.data(), text.data(), text.size());
  return wkt;
}

}  // namespace

std::uint16_t add_reference_system(std::vector<LasRecord>& records, const std::string& crs,
                                   unsigned format) {
  const bool extended = format > kLastLegacyFormat;
  const std::uint16_t encoding = extended || is_wkt(crs) ? kWktBit : 0;
  if (crs.empty()) return encoding;
  if (const auto code = epsg_code(crs)) {
    const auto system = find_epsg_system(*code);
    if (!extended) {
      records.push_back(geotiff_keys(system.value_or(guess(*code))));
    } else if (system) {
      records.push_back(wkt_record(system->wkt));
    } else {
      throw Error(
          Fault::kUsage, "--crs",
          "these points need point format " + std::to_string(format) +
              ", whose reference system is WKT, and PROJ, which turns EPSG codes into it, "
              "is not installed (Debian: libproj25): expected WKT, or a file that holds it");
    }
    return encoding;
  }
  if (!is_wkt(crs)) {
    throw Error(
        Fault::kUsage, "--crs",
        "expected EPSG:CODE (up to 65535; the codes of ESRI are others), WKT, or a file that "
        "holds WKT");
  }
  records.push_back(wkt_record(crs));
  return encoding;
}

}  // namespace ptattn::io::las
