#include "ptattn/io/las/las_header.hpp"

#include <algorithm>
#include <cmath>
#include <string>

#include "ptattn/io/las/las_records.hpp"
#include "ptattn/io/las/little_endian.hpp"
#include "ptattn/io/las/point_format.hpp"

namespace ptattn::io::las {
namespace {

// Offsets of the fields in the block.
constexpr std::size_t kVersionMajor = 24;
constexpr std::size_t kVersionMinor = 25;
constexpr std::size_t kHeaderSize = 94;
constexpr std::size_t kPointsStart = 96;
constexpr std::size_t kRecords = 100;
constexpr std::size_t kFormat = 104;
constexpr std::size_t kRecordLength = 105;
constexpr std::size_t kLegacyPoints = 107;
constexpr std::size_t kLegacyByReturn = 111;
constexpr std::size_t kScale = 131;
constexpr std::size_t kOffset = 155;
constexpr std::size_t kBounds = 179;  // max x, min x, max y, ...
constexpr std::size_t kWaveformStart = 227;
constexpr std::size_t kExtendedStart = 235;
constexpr std::size_t kExtendedRecords = 243;
constexpr std::size_t kPoints = 247;
constexpr std::size_t kByReturn = 255;

constexpr std::size_t kLegacyReturns = 5;
constexpr unsigned kCompressedBit = 0x80;
constexpr unsigned kFormatBits = 0x3f;  // bit 6 marked an experimental compression

void check_coordinates(const LasHeader& header, const ByteSource& source) {
  for (std::size_t axis = 0; axis < 3; ++axis) {
    if (!std::isfinite(header.scale[axis]) || !std::isfinite(header.offset[axis])) {
      source.fail("the scale or the offset of its coordinates is not a number");
    }
  }
}

void read_legacy_counts(const std::byte* block, LasHeader& header) {
  header.points = load<std::uint32_t>(block + kLegacyPoints);
  for (std::size_t r = 0; r < kLegacyReturns; ++r) {
    header.points_by_return[r] = load<std::uint32_t>(block + kLegacyByReturn + 4 * r);
  }
}

void read_counts(std::span<const std::byte> block, LasHeader& header) {
  read_legacy_counts(block.data(), header);
  if (header.minor_version >= 3 && block.size() >= kHeaderSize13) {
    header.waveform_start = load<std::uint64_t>(block.data() + kWaveformStart);
  }
  if (header.minor_version < 4 || block.size() < kHeaderSize14) return;
  header.extended_start = load<std::uint64_t>(block.data() + kExtendedStart);
  header.extended_records = load<std::uint32_t>(block.data() + kExtendedRecords);
  const auto points = load<std::uint64_t>(block.data() + kPoints);
  if (points == 0) return;
  header.points = points;
  for (std::size_t r = 0; r < header.points_by_return.size(); ++r) {
    header.points_by_return[r] = load<std::uint64_t>(block.data() + kByReturn + 8 * r);
  }
}

/// Takes the legacy number of points where the 64-bit one cannot be right.
void choose_count(std::span<const std::byte> block, LasHeader& header, const ByteSource& source) {
  if (header.compressed) return;
  const auto legacy = load<std::uint32_t>(block.data() + kLegacyPoints);
  const std::uint64_t room = (source.size() - header.points_start) / header.record_length;
  if (header.points > room && legacy != 0 && legacy <= room) header.points = legacy;
}

void check_layout(const LasHeader& header, const ByteSource& source) {
  if (header.format > kLastFormat) {
    source.fail("point format " + std::to_string(header.format) + " is unknown, expected 0 to 10");
  }
  if (header.record_length < size_of_format(header.format)) {
    source.fail("its points are records of " + std::to_string(header.record_length) +
                " bytes, format " + std::to_string(header.format) + " needs " +
                std::to_string(size_of_format(header.format)));
  }
  if (header.header_size < kHeaderSizeUpTo12 || header.header_size > source.size()) {
    source.fail("claims a header of " + std::to_string(header.header_size) +
                " bytes, expected at least 227 and no more than the file has");
  }
  if (header.points_start < header.header_size || header.points_start > source.size()) {
    source.fail("claims that its points start at byte " + std::to_string(header.points_start) +
                " of " + std::to_string(source.size()));
  }
}

/// True when as many records as the header announces stand one behind the other from `begin` to the
/// points; LAS 1.0 has two bytes between.
bool records_fill(const ByteSource& source, const LasHeader& header, std::uint64_t begin) {
  constexpr std::uint64_t kMostBetween = 2;
  if (begin > header.points_start) return false;
  const auto records = read_records(source, begin, header.points_start, header.records);
  return records.size() == header.records && header.points_start - begin <= kMostBetween;
}

/// Returns the size of the header block: the standard one of its version where that one fits the
/// records behind it, and the one that it claims does not.
std::uint16_t choose_header_size(const LasHeader& header, const ByteSource& source) {
  const std::size_t standard = header.minor_version >= 4   ? kHeaderSize14
                               : header.minor_version == 3 ? kHeaderSize13
                                                           : kHeaderSizeUpTo12;
  const bool lies = header.header_size != standard && header.points_start >= standard &&
                    !records_fill(source, header, header.header_size) &&
                    records_fill(source, header, standard);
  return lies ? static_cast<std::uint16_t>(standard) : header.header_size;
}

bool fits_32_bits(std::uint64_t n) {
  return n <= UINT32_MAX;
}

/// Whether the legacy counts say how many points there are: where there are no others, up to format
/// 5 unless a writer of LAS 1.4 left them zero, and beyond where one gave the right number all the
/// same.
bool keeps_legacy_counts(const LasHeader& header, std::span<const std::byte> block) {
  if (!fits_32_bits(header.points)) return false;
  if (header.minor_version < 4 || block.size() < kHeaderSize14) return true;
  const auto old = load<std::uint32_t>(block.data() + kLegacyPoints);
  if (header.format > kLastLegacyFormat) return header.points != 0 && old == header.points;
  return old != 0 || load<std::uint64_t>(block.data() + kPoints) == 0;
}

void store_counts(const LasHeader& header, std::span<std::byte> block) {
  const bool legacy = keeps_legacy_counts(header, block);
  std::byte* const to = block.data();
  store<std::uint32_t>(to + kLegacyPoints, legacy ? static_cast<std::uint32_t>(header.points) : 0);
  for (std::size_t r = 0; r < kLegacyReturns; ++r) {
    store<std::uint32_t>(to + kLegacyByReturn + 4 * r,
                         legacy ? static_cast<std::uint32_t>(header.points_by_return[r]) : 0);
  }
  if (header.minor_version < 4 || block.size() < kHeaderSize14) return;
  store<std::uint64_t>(to + kExtendedStart, header.extended_start);
  store<std::uint32_t>(to + kExtendedRecords, header.extended_records);
  store<std::uint64_t>(to + kPoints, header.points);
  for (std::size_t r = 0; r < header.points_by_return.size(); ++r) {
    store<std::uint64_t>(to + kByReturn + 8 * r, header.points_by_return[r]);
  }
}

}  // namespace

bool is_las(const ByteSource& source) {
  if (source.size() < 4) return false;
  Scratch scratch;
  const auto bytes = source.view(0, 4, scratch);
  return std::memcmp(bytes.data(), "LASF", 4) == 0;
}

LasHeader read_las_header(const ByteSource& source, std::vector<std::byte>& block) {
  if (source.size() < kHeaderSizeUpTo12) {
    source.fail("ends within its header, the file is truncated");
  }
  Scratch scratch;
  const auto start = source.view(0, kHeaderSizeUpTo12, scratch);
  LasHeader header = parse_las_header(start);
  if (load<std::uint8_t>(start.data() + kVersionMajor) != 1 || header.minor_version > 4) {
    source.fail("is LAS " + std::to_string(load<std::uint8_t>(start.data() + kVersionMajor)) + "." +
                std::to_string(header.minor_version) + ", expected 1.0 to 1.4");
  }
  check_layout(header, source);
  check_coordinates(header, source);
  const std::uint16_t size = choose_header_size(header, source);
  const auto whole = source.view(0, size, scratch);
  block.assign(whole.begin(), whole.end());
  header = parse_las_header(block);
  header.header_size = size;
  choose_count(block, header, source);
  return header;
}

LasHeader parse_las_header(std::span<const std::byte> block) {
  const std::byte* const start = block.data();
  LasHeader header;
  header.minor_version = load<std::uint8_t>(start + kVersionMinor);
  header.header_size = load<std::uint16_t>(start + kHeaderSize);
  header.points_start = load<std::uint32_t>(start + kPointsStart);
  header.records = load<std::uint32_t>(start + kRecords);
  const unsigned format = load<std::uint8_t>(start + kFormat);
  header.format = static_cast<std::uint8_t>(format & kFormatBits);
  header.compressed = (format & kCompressedBit) != 0;
  header.record_length = load<std::uint16_t>(start + kRecordLength);
  for (std::size_t axis = 0; axis < 3; ++axis) {
    header.scale[axis] = load<double>(start + kScale + 8 * axis);
    header.offset[axis] = load<double>(start + kOffset + 8 * axis);
    header.max[axis] = load<double>(start + kBounds + 16 * axis);
    header.min[axis] = load<double>(start + kBounds + 16 * axis + 8);
  }
  read_counts(block, header);
  return header;
}

unsigned claimed_header_size(std::span<const std::byte> block) {
  return load<std::uint16_t>(block.data() + kHeaderSize);
}

void store_las_header(const LasHeader& header, std::span<std::byte> block) {
  std::byte* const to = block.data();
  store<std::uint8_t>(to + kVersionMajor, 1);
  store<std::uint8_t>(to + kVersionMinor, static_cast<std::uint8_t>(header.minor_version));
  store<std::uint16_t>(to + kHeaderSize, static_cast<std::uint16_t>(block.size()));
  store<std::uint32_t>(to + kPointsStart, header.points_start);
  store<std::uint32_t>(to + kRecords, header.records);
  const unsigned format = header.format | (header.compressed ? kCompressedBit : 0U);
  store<std::uint8_t>(to + kFormat, static_cast<std::uint8_t>(format));
  store<std::uint16_t>(to + kRecordLength, header.record_length);
  for (std::size_t axis = 0; axis < 3; ++axis) {
    store<double>(to + kScale + 8 * axis, header.scale[axis]);
    store<double>(to + kOffset + 8 * axis, header.offset[axis]);
    store<double>(to + kBounds + 16 * axis, header.max[axis]);
    store<double>(to + kBounds + 16 * axis + 8, header.min[axis]);
  }
  if (header.minor_version >= 3 && block.size() >= kHeaderSize13) {
    store<std::uint64_t>(to + kWaveformStart, header.waveform_start);
  }
  store_counts(header, block);
}

void upgrade_header_to_14(std::vector<std::byte>& block) {
  const unsigned minor = load<std::uint8_t>(block.data() + kVersionMinor);
  if (minor >= 4 && block.size() >= kHeaderSize14) return;
  const std::size_t standard = minor >= 3 ? kHeaderSize13 : kHeaderSizeUpTo12;
  const std::size_t known = std::min(block.size(), standard);
  block.insert(block.begin() + static_cast<std::ptrdiff_t>(known), kHeaderSize14 - known,
               std::byte{0});
  store<std::uint8_t>(block.data() + kVersionMinor, 4);
}

}  // namespace ptattn::io::las
