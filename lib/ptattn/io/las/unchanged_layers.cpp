#include "ptattn/io/las/unchanged_layers.hpp"

#include <algorithm>
#include <cstddef>
#include <vector>

#include "ptattn/io/las/laz/layer_bytes.hpp"

namespace ptattn::io::las {
namespace {

using laz::ReusedLayers;

/// What of a record's byte has not changed, and the byte of the other record that holds the same.
struct UnchangedByte {
  std::byte bits{0};
  std::size_t from = 0;
};

bool same_storage(const LasColumn& a, const LasColumn& b) {
  return a.stored == b.stored && a.count == b.count && a.shift == b.shift && a.bits == b.bits &&
         a.steps == b.steps;
}

std::byte bits_of(const LasColumn& column) {
  if (!column.is_packed()) return std::byte{0xff};
  return static_cast<std::byte>(((1U << column.bits) - 1) << column.shift);
}

/// The column of the other layout that a field was made of and still holds; nullptr for others.
const LasColumn* find_origin(const CompressedPoints& from, const ColumnSource& source) {
  if (source.field == nullptr || source.factor != 1) return nullptr;
  for (std::size_t c = 0; c < from.layout.columns.size(); ++c) {
    if (source.field->origin() == from.origin_of(c)) return &from.layout.columns[c];
  }
  return nullptr;
}

std::vector<UnchangedByte> unchanged_bytes(const CompressedPoints& from, const RecordLayout& layout,
                                           std::span<const ColumnSource> sources) {
  std::vector<UnchangedByte> bytes(layout.stride);
  for (std::size_t c = 0; c < layout.columns.size(); ++c) {
    const LasColumn& column = layout.columns[c];
    const LasColumn* const origin = find_origin(from, sources[c]);
    if (origin == nullptr || !same_storage(*origin, column)) continue;
    for (std::size_t b = 0; b < column.size(); ++b) {
      UnchangedByte& byte = bytes[column.offset + b];
      // Values that share a byte stand in one byte of the other record as well, or are two.
      if (byte.bits != std::byte{0} && byte.from != origin->offset + b) continue;
      byte.from = origin->offset + b;
      byte.bits |= bits_of(column);
    }
  }
  return bytes;
}

bool covers(const UnchangedByte& byte, std::byte bits) {
  return (byte.bits & bits) == bits;
}

bool has_same_measurement(std::span<const UnchangedByte> bytes) {
  const std::span<const std::byte> bits = laz::bits_of_measurement();
  for (std::size_t b = 0; b < bits.size(); ++b) {
    const bool needed = bits[b] != std::byte{0};
    if (needed && (bytes[b].from != b || !covers(bytes[b], bits[b]))) return false;
  }
  return true;
}

/// True when the items that both have are coded alike.
bool same_versions(const laz::LazSettings& a, const laz::LazSettings& b) {
  return std::ranges::all_of(a.items, [&](const laz::Item& item) {
    return std::ranges::all_of(b.items, [&](const laz::Item& other) {
      return item.kind != other.kind || item.version == other.version;
    });
  });
}

/// The layer of the other chunks that holds what `place` holds.
std::size_t source_of(const laz::LayerBytes& place, std::span<const UnchangedByte> bytes,
                      std::span<const laz::LayerBytes> others) {
  const std::size_t first = bytes[place.begin].from;
  for (std::size_t b = place.begin; b < place.end; ++b) {
    const bool same = covers(bytes[b], place.bits) && bytes[b].from == first + b - place.begin;
    if (!same) return ReusedLayers::kCoded;
  }
  const auto found = std::ranges::find_if(others, [&](const laz::LayerBytes& other) {
    return other.kind == place.kind && other.begin == first &&
           other.end - other.begin == place.end - place.begin;
  });
  return found == others.end() ? ReusedLayers::kCoded
                               : static_cast<std::size_t>(found - others.begin());
}

}  // namespace

ReusedLayers find_unchanged_layers(const std::shared_ptr<const CompressedPoints>& from,
                                   const laz::LazSettings& settings, const RecordLayout& layout,
                                   std::span<const ColumnSource> sources) {
  if (from == nullptr || !settings.is_layered()) return {};
  if (!same_versions(settings, from->settings)) return {};
  const auto bytes = unchanged_bytes(*from, layout, sources);
  if (!has_same_measurement(bytes)) return {};
  ReusedLayers reused{.from = from};
  const auto others = laz::layers_of(from->settings);
  for (const laz::LayerBytes& place : laz::layers_of(settings)) {
    reused.source.push_back(source_of(place, bytes, others));
  }
  return reused;
}

std::vector<ColumnSource> sources_to_code(const ReusedLayers& reused,
                                          const laz::LazSettings& settings,
                                          const RecordLayout& layout,
                                          std::span<const ColumnSource> sources) {
  std::vector<std::byte> known(layout.stride);  // bits of a record
  const auto places = laz::layers_of(settings);
  for (std::size_t l = 0; l < reused.source.size(); ++l) {
    if (reused.source[l] == ReusedLayers::kCoded) continue;
    for (std::size_t b = places[l].begin; b < places[l].end; ++b) known[b] |= places[l].bits;
  }
  std::vector<ColumnSource> needed(sources.begin(), sources.end());
  for (std::size_t c = 0; c < needed.size(); ++c) {
    const LasColumn& column = layout.columns[c];
    const auto bytes = std::span(known).subspan(column.offset, column.size());
    const std::byte bits = bits_of(column);
    if (std::ranges::all_of(bytes, [&](std::byte b) { return (b & bits) == bits; })) needed[c] = {};
  }
  return needed;
}

}  // namespace ptattn::io::las
