#include "facts.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <string_view>
#include <utility>

#include "ptattn/cloud/field_meaning.hpp"
#include "ptattn/cloud/normalize.hpp"
#include "ptattn/cloud/provenance.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/tasks/geometry/spacing.hpp"

namespace ptattn::tools {
namespace {

constexpr std::size_t kMostClasses = 256;
constexpr double kInfinity = std::numeric_limits<double>::infinity();

std::string type_name(const Field& field) {
  constexpr std::array<const char*, 10> kNames{"int8",   "uint8", "int16",  "uint16",  "int32",
                                               "uint32", "int64", "uint64", "float32", "float64"};
  std::string name = visit_type(field.type(), [&](auto zero) -> std::string {
    using T = decltype(zero);
    const std::size_t size = sizeof(T);
    if constexpr (std::is_floating_point_v<T>) {
      return size == 4 ? kNames[8] : kNames[9];
    } else {
      const std::size_t at = size == 1 ? 0 : size == 2 ? 2 : size == 4 ? 4 : 6;
      return kNames[at + (std::is_signed_v<T> ? 0 : 1)];
    }
  });
  if (field.count() > 1) name += " x " + std::to_string(field.count());
  return name;
}

/// What the tools take a field of that name for, and a few more that scanners write.
std::string words_for(const std::string& name) {
  static const std::map<std::string, std::string> kMore{{"gpstime", "time of the pulse"},
                                                        {"pointsourceid", "flight line"},
                                                        {"confidence", "probability of the label"}};
  const std::string known(name_of(meaning_of(name)));
  if (!known.empty()) return known;
  const auto found = kMore.find(plain_name(name));
  return found == kMore.end() ? "" : found->second;
}

bool holds_classes(const FieldFacts& facts) {
  return names_labels(facts.name) || names_asprs_codes(facts.name);
}

FieldFacts field_facts(const Field& field, std::size_t points) {
  FieldFacts facts{.name = field.name(), .type = type_name(field)};
  facts.meaning = words_for(facts.name);
  struct Range {
    double low = kInfinity;
    double high = -kInfinity;
    std::size_t others = 0;
  };
  const std::size_t values = points * field.count();
  const Range range = parallel_joined(
      values, 16384, Range{},
      [&](std::size_t i) {
        const double v =
            field.as_double(i / field.count(), static_cast<std::uint32_t>(i % field.count()));
        return std::isfinite(v) ? Range{v, v, 0} : Range{kInfinity, -kInfinity, 1};
      },
      [](const Range& a, const Range& b) {
        return Range{std::min(a.low, b.low), std::max(a.high, b.high), a.others + b.others};
      });
  facts.not_numbers = range.others;
  if (range.low <= range.high) facts.low = range.low, facts.high = range.high;
  if (field.count() != 1 || !holds_classes(facts)) return facts;
  for (std::size_t i = 0; i < points; ++i) {
    const double v = field.as_double(i);
    if (!std::isfinite(v)) continue;
    if (v != std::floor(v) || std::abs(v) > 1e9 || facts.classes.size() > kMostClasses) {
      facts.classes.clear();
      break;
    }
    ++facts.classes[static_cast<std::int64_t>(v)];
  }
  return facts;
}

template <class T>
T header_value(const LasMetadata& las, std::size_t at) {
  T value{};
  if (at + sizeof(T) <= las.header.size()) std::memcpy(&value, las.header.data() + at, sizeof(T));
  return value;
}

std::string text_of(std::span<const char> characters) {
  const auto end = std::ranges::find(characters, '\0');
  return {characters.begin(), end};
}

/// Offsets of the public header block as LAS 1.0 to 1.4 have them.
LasFacts las_facts(const LasMetadata& las) {
  LasFacts facts;
  facts.version = std::to_string(header_value<std::uint8_t>(las, 24)) + "." +
                  std::to_string(header_value<std::uint8_t>(las, 25));
  facts.point_format = header_value<std::uint8_t>(las, 104) & 0x3fU;
  for (std::size_t axis = 0; axis < 3; ++axis) {
    facts.scale[axis] = header_value<double>(las, 131 + 8 * axis);
    facts.offset[axis] = header_value<double>(las, 155 + 8 * axis);
  }
  for (const auto* const records : {&las.records, &las.extended_records}) {
    for (const LasRecord& record : *records) {
      const std::string words = text_of(record.description);
      facts.records.push_back(text_of(record.user_id) + " " + std::to_string(record.record_id) +
                              ": " + std::to_string(record.data.size()) + " bytes" +
                              (words.empty() ? "" : ", " + words));
    }
  }
  return facts;
}

void add_shape(const PointCloud& cloud, CloudFacts& facts) {
  RawVector<Position> positions = cloud.positions();
  (void)keep_finite(positions);
  facts.finite = positions.size();
  facts.strays = find_strays(positions, Subject::kScene);
  drop_strays(positions, facts.strays);
  if (positions.empty()) return;
  facts.bounds = bounds_of(positions);
  facts.spacing = median_spacing(positions, 1);
  facts.pose = scene_pose(positions);
  facts.unit = guess_unit(positions, facts.system, facts.pose);
}

}  // namespace

CloudFacts facts_of(const PointCloud& cloud) {
  CloudFacts facts{.points = cloud.size(), .width = cloud.width(), .height = cloud.height()};
  const FieldTriple colors = find_colors(cloud).value_or(FieldTriple{});
  for (const Field& field : cloud.fields()) {
    facts.fields.push_back(field_facts(field, cloud.size()));
    // Single letters (r, g, b) say so together only.
    const bool color = std::ranges::find(colors, &field) != colors.end();
    if (color) facts.fields.back().meaning = name_of(Meaning::kRed);
  }
  if (const auto& las = cloud.metadata().las) {
    facts.system = reference_system_of(*las);
    facts.las = las_facts(*las);
  }
  const FieldMeanings told(cloud.metadata().comments);
  for (FieldFacts& field : facts.fields) {
    if (const std::string_view words = told.of(field.name); !words.empty()) field.meaning = words;
  }
  for (const Provenance& made : read_provenance(cloud.metadata().comments)) {
    std::string line = made.tool + " " + made.version;
    if (!made.model.empty()) line += ", model " + made.model + " " + made.model_hash.substr(0, 8);
    for (const std::string& option : made.options) line += ", " + option;
    facts.made_by.push_back(line);
  }
  add_shape(cloud, facts);
  return facts;
}

std::string asprs_name(std::int64_t code) {
  constexpr std::array<const char*, 19> kNames{
      "never classified",  "unclassified",    "ground",         "low vegetation",
      "medium vegetation", "high vegetation", "building",       "low noise",
      "reserved",          "water",           "rail",           "road surface",
      "overlap",           "wire guard",      "wire conductor", "transmission tower",
      "wire connector",    "bridge deck",     "high noise"};
  const bool known = code >= 0 && code < static_cast<std::int64_t>(kNames.size());
  return known ? kNames[static_cast<std::size_t>(code)] : "";
}

}  // namespace ptattn::tools
