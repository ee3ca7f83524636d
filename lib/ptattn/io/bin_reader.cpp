#include "ptattn/io/bin_reader.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstdio>
#include <limits>
#include <set>
#include <string_view>
#include <utility>
#include <vector>

#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/core/text.hpp"
#include "ptattn/io/header_lines.hpp"

namespace ptattn::io {
namespace {

using Columns = std::vector<std::string>;

constexpr std::string_view kPassedOver = "-";
constexpr std::size_t kBlock = 1 << 14;  // points of a task
constexpr std::size_t kLook = 4096;      // points that a guess looks at, from both ends
constexpr double kFarthest = 1e5;        // of a coordinate, in metres
constexpr double kLargestIntensity = 65535.0;
constexpr double kLastRing = 255.0;

float value_at(const std::byte* bytes) {
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < sizeof bits; ++i) {
    bits |= std::to_integer<std::uint32_t>(bytes[i]) << 8 * i;
  }
  return std::bit_cast<float>(bits);
}

/// Records of `width` numbers, from `first` on.
std::vector<float> records(const ByteSource& source, std::size_t width, std::uint64_t first,
                           std::size_t count) {
  Scratch scratch;
  const std::size_t numbers = count * width;
  const auto bytes = source.view(first * width * sizeof(float), numbers * sizeof(float), scratch);
  std::vector<float> values(numbers);
  for (std::size_t i = 0; i < numbers; ++i) {
    values[i] = value_at(bytes.data() + i * sizeof(float));
  }
  return values;
}

bool is_within(float value, double low, double high) {
  return std::isfinite(value) && value >= low && value <= high;
}

/// Coordinates are near, intensities not negative, rings whole.
bool is_likely(std::span<const float> record) {
  for (std::size_t axis = 0; axis < 3; ++axis) {
    if (!is_within(record[axis], -kFarthest, kFarthest)) return false;
  }
  if (!is_within(record[3], 0.0, kLargestIntensity)) return false;
  if (record.size() < 5) return true;
  return is_within(record[4], 0.0, kLastRing) && record[4] == std::floor(record[4]);
}

/// Whether the first and the last records look like it.
bool fits(const ByteSource& source, std::size_t width) {
  const std::size_t bytes = width * sizeof(float);
  if (source.size() % bytes != 0) return false;
  const std::uint64_t count = source.size() / bytes;
  const auto look = static_cast<std::size_t>(std::min<std::uint64_t>(count, kLook));
  for (const std::uint64_t first : {std::uint64_t{0}, count - look}) {
    const std::vector<float> values = records(source, width, first, look);
    for (std::size_t i = 0; i < look; ++i) {
      if (!is_likely(std::span(values).subspan(i * width, width))) return false;
    }
  }
  return true;
}

Columns guessed_columns(const ByteSource& source) {
  Columns columns{"x", "y", "z", "intensity", "ring"};
  if (fits(source, columns.size())) return columns;
  columns.pop_back();
  if (fits(source, columns.size())) return columns;
  source.fail(
      "is neither a known format nor a sweep of float32 records x y z intensity [ring]; name other "
      "columns, see --bin-columns");
}

std::string number_text(float value) {
  std::array<char, 32> text;
  std::snprintf(text.data(), text.size(), "%.4g", double{value});
  return text.data();
}

/// What was taken for what.
std::string note_of(const PointCloud& cloud, const Columns& columns) {
  std::string note = "read as records of float32: " + comma_joined(columns);
  const Field* const intensity = cloud.find("intensity");
  if (intensity == nullptr || cloud.empty()) return note;
  const auto values = intensity->values<float>();
  const auto [low, high] = std::ranges::minmax_element(values);
  return note + "; intensity from " + number_text(*low) + " to " + number_text(*high);
}

}  // namespace

bool has_bin_extension(const std::filesystem::path& path) {
  const bool zipped = is_keyword(path.extension().string(), ".gz");
  return is_keyword((zipped ? path.stem() : path).extension().string(), ".bin");
}

void check_bin_columns(std::span<const std::string> columns) {
  std::set<std::string_view> names;
  for (const std::string& name : columns) {
    const bool is_name = !name.empty() && std::ranges::all_of(name, [](unsigned char c) {
      return c > ' ' && c < 0x7F;
    });
    if (!is_name) {
      throw Error(Fault::kUsage, "--bin-columns",
                  "expected names of printable ASCII without blanks");
    }
    if (name != kPassedOver && !names.insert(name).second) {
      throw Error(Fault::kUsage, "--bin-columns", "names " + name + " twice");
    }
  }
  for (const char* const axis : {"x", "y", "z"}) {
    if (names.contains(axis)) continue;
    throw Error(Fault::kUsage, "--bin-columns", std::string("lacks ") + axis);
  }
}

PointCloud read_bin(const ByteSource& source, std::span<const std::string> columns) {
  const bool guessed = columns.empty();
  const Columns names = guessed ? guessed_columns(source) : Columns(columns.begin(), columns.end());
  if (!guessed) check_bin_columns(names);
  const std::size_t width = names.size();
  if (source.size() % (width * sizeof(float)) != 0) {
    source.fail("has " + std::to_string(source.size()) +
                " bytes, which is not a whole number of records of " + std::to_string(width) +
                " float32, see --bin-columns");
  }
  PointCloud cloud(static_cast<std::size_t>(source.size() / (width * sizeof(float))));
  std::vector<std::span<float>> to(width);
  for (std::size_t j = 0; j < width; ++j) {
    if (names[j] != kPassedOver) (void)cloud.add(names[j], FieldType::kFloat32);
  }
  for (std::size_t j = 0; j < width; ++j) {
    if (names[j] != kPassedOver) to[j] = cloud.find(names[j])->values<float>();
  }
  const std::size_t blocks = (cloud.size() + kBlock - 1) / kBlock;
  parallel_each(blocks, 1, [&](std::size_t block) {
    const std::size_t first = block * kBlock;
    const std::size_t count = std::min(kBlock, cloud.size() - first);
    const std::vector<float> values = records(source, width, first, count);
    for (std::size_t j = 0; j < width; ++j) {
      if (to[j].empty()) continue;
      for (std::size_t i = 0; i < count; ++i) to[j][first + i] = values[i * width + j];
    }
  });
  cloud.metadata().notes.push_back(note_of(cloud, names));
  return cloud;
}

}  // namespace ptattn::io
