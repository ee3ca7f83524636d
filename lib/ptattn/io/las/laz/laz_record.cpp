#include "ptattn/io/las/laz/laz_record.hpp"

#include <string>

#include "ptattn/io/las/las_records.hpp"
#include "ptattn/io/las/little_endian.hpp"
#include "ptattn/io/las/point_format.hpp"

namespace ptattn::io::las::laz {
namespace {

// Offsets in the data of the record.
constexpr std::size_t kCompressor = 0;
constexpr std::size_t kCoder = 2;
constexpr std::size_t kVersionMajor = 4;
constexpr std::size_t kVersionMinor = 5;
constexpr std::size_t kRevision = 6;
constexpr std::size_t kChunkPoints = 12;
constexpr std::size_t kSpecialRecords = 16;  // their number and place, both -1 for none
constexpr std::size_t kItems = 32;
constexpr std::size_t kFirstItem = 34;
constexpr std::size_t kItemSize = 6;

/// Sizes of the items; 0 for those of any.
std::size_t size_of_item(ItemKind kind) {
  switch (kind) {
    case ItemKind::kPoint10:
      return 20;
    case ItemKind::kTime11:
    case ItemKind::kColorInfrared14:
      return 8;
    case ItemKind::kColor12:
    case ItemKind::kColor14:
      return 6;
    case ItemKind::kPacket13:
    case ItemKind::kPacket14:
      return 29;
    case ItemKind::kPoint14:
      return 30;
    default:
      return 0;
  }
}

bool is_known(const Item& item) {
  const auto number = static_cast<unsigned>(item.kind);
  if (number != 0 && (number < 6 || number > 14)) return false;
  const std::size_t size = size_of_item(item.kind);
  if (item.size == 0 || (size != 0 && item.size != size)) return false;
  const bool layered = item.kind >= ItemKind::kPoint14;
  return layered ? item.version >= 2 && item.version <= 4 : item.version >= 1 && item.version <= 2;
}

/// True when the items are those of one record: a point first, every kind once, one compressor.
bool belong_together(std::span<const Item> items, bool layered) {
  for (std::size_t i = 0; i < items.size(); ++i) {
    const bool of_layers = items[i].kind >= ItemKind::kPoint14;
    const bool is_point =
        items[i].kind == ItemKind::kPoint10 || items[i].kind == ItemKind::kPoint14;
    if (of_layers != layered || is_point != (i == 0)) return false;
    for (std::size_t j = 0; j < i; ++j) {
      if (items[j].kind == items[i].kind) return false;
    }
  }
  return !items.empty();
}

}  // namespace

std::size_t LazSettings::stride() const {
  std::size_t sum = 0;
  for (const Item& item : items) sum += item.size;
  return sum;
}

LazSettings parse_laz_record(const LasRecord& record, std::size_t record_length,
                             const ByteSource& source) {
  const std::vector<std::byte>& data = record.data;
  if (data.size() < kFirstItem) source.fail("its description of the compression is too short");
  LazSettings settings;
  const auto compressor = load<std::uint16_t>(data.data() + kCompressor);
  if (compressor < 1 || compressor > 3 || load<std::uint16_t>(data.data() + kCoder) != 0) {
    source.fail("is compressed in an unknown way (compressor " + std::to_string(compressor) +
                "), expected one of LAZ");
  }
  settings.compressor = static_cast<LazSettings::Compressor>(compressor);
  settings.chunk_points = load<std::uint32_t>(data.data() + kChunkPoints);
  const auto count = load<std::uint16_t>(data.data() + kItems);
  if (data.size() < kFirstItem + count * kItemSize) {
    source.fail("its description of the compression is too short");
  }
  for (std::size_t i = 0; i < count; ++i) {
    const std::byte* const from = data.data() + kFirstItem + i * kItemSize;
    const Item item{static_cast<ItemKind>(load<std::uint16_t>(from)), load<std::uint16_t>(from + 2),
                    load<std::uint16_t>(from + 4)};
    if (!is_known(item)) {
      source.fail("compresses an unknown item (type " +
                  std::to_string(static_cast<unsigned>(item.kind)) + ", " +
                  std::to_string(item.size) + " bytes, version " + std::to_string(item.version) +
                  ")");
    }
    settings.items.push_back(item);
  }
  if (!belong_together(settings.items, settings.is_layered()) ||
      settings.stride() != record_length) {
    source.fail("its compressed items do not make up its points");
  }
  if (settings.compressor != LazSettings::Compressor::kOneStream && settings.chunk_points == 0) {
    source.fail("claims chunks of no points");
  }
  return settings;
}

LazSettings settings_for_format(unsigned format, std::size_t stride, std::uint32_t chunk_points) {
  const FormatParts parts = parts_of_format(format);
  LazSettings settings;
  settings.compressor =
      parts.extended ? LazSettings::Compressor::kLayers : LazSettings::Compressor::kChunks;
  settings.chunk_points = chunk_points == 0 ? kUsualChunkPoints : chunk_points;
  const auto add = [&](ItemKind kind, std::uint16_t version) {
    settings.items.push_back({kind, static_cast<std::uint16_t>(size_of_item(kind)), version});
  };
  if (parts.extended) {
    add(ItemKind::kPoint14, 3);
    if (parts.nir) {
      add(ItemKind::kColorInfrared14, 3);
    } else if (parts.rgb) {
      add(ItemKind::kColor14, 3);
    }
    if (parts.waveform) add(ItemKind::kPacket14, 3);
  } else {
    add(ItemKind::kPoint10, 2);
    if (parts.gps_time) add(ItemKind::kTime11, 2);
    if (parts.rgb) add(ItemKind::kColor12, 2);
    if (parts.waveform) add(ItemKind::kPacket13, 1);
  }
  if (settings.stride() < stride) {
    const auto rest = static_cast<std::uint16_t>(stride - settings.stride());
    settings.items.push_back({parts.extended ? ItemKind::kBytes14 : ItemKind::kBytes, rest,
                              static_cast<std::uint16_t>(parts.extended ? 3 : 2)});
  }
  return settings;
}

LasRecord make_laz_record(const LazSettings& settings) {
  LasRecord record = make_record(kLazUser, kLazRecord, "LAZ compression");
  record.data.resize(kFirstItem + settings.items.size() * kItemSize);
  std::byte* const to = record.data.data();
  store<std::uint16_t>(to + kCompressor, static_cast<std::uint16_t>(settings.compressor));
  store<std::uint8_t>(to + kVersionMajor, 3);  // of the format's description that is followed
  store<std::uint8_t>(to + kVersionMinor, 4);
  store<std::uint16_t>(to + kRevision, 4);
  store<std::uint32_t>(to + kChunkPoints, settings.chunk_points);
  store<std::int64_t>(to + kSpecialRecords, -1);
  store<std::int64_t>(to + kSpecialRecords + 8, -1);
  store<std::uint16_t>(to + kItems, static_cast<std::uint16_t>(settings.items.size()));
  for (std::size_t i = 0; i < settings.items.size(); ++i) {
    std::byte* const item = to + kFirstItem + i * kItemSize;
    store<std::uint16_t>(item, static_cast<std::uint16_t>(settings.items[i].kind));
    store<std::uint16_t>(item + 2, settings.items[i].size);
    store<std::uint16_t>(item + 4, settings.items[i].version);
  }
  return record;
}

}  // namespace ptattn::io::las::laz
