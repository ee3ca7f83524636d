#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "ptattn/cloud/las_metadata.hpp"
#include "ptattn/io/byte_source.hpp"

namespace ptattn::io::las::laz {

inline constexpr std::string_view kLazUser = "laszip encoded";
inline constexpr std::uint16_t kLazRecord = 22204;
inline constexpr std::uint32_t kUsualChunkPoints = 50000;
inline constexpr std::uint32_t kVariableChunks = UINT32_MAX;

/// Represents the parts of a record that are compressed together, with the numbers that LAZ gives
/// them.
enum class ItemKind : std::uint16_t {
  kBytes = 0,
  kPoint10 = 6,
  kTime11 = 7,
  kColor12 = 8,
  kPacket13 = 9,
  kPoint14 = 10,
  kColor14 = 11,
  kColorInfrared14 = 12,
  kPacket14 = 13,
  kBytes14 = 14,
};

struct Item {
  ItemKind kind;
  std::uint16_t size;
  std::uint16_t version;
};

/// Says how the points of a LAZ file are compressed.
struct LazSettings {
  enum class Compressor : std::uint16_t { kOneStream = 1, kChunks = 2, kLayers = 3 };

  Compressor compressor = Compressor::kChunks;
  std::uint32_t chunk_points = kUsualChunkPoints;
  std::vector<Item> items{};

  [[nodiscard]] bool is_layered() const { return compressor == Compressor::kLayers; }
  [[nodiscard]] std::size_t stride() const;
};

/// Reads the VLR of LASzip.
/// @param record_length  of the points, which the items must add up to
/// @throws Error(Fault::kInput) for items that no LAZ file has
[[nodiscard]] LazSettings parse_laz_record(const LasRecord& record, std::size_t record_length,
                                           const ByteSource& source);

/// Returns how points of `format` are compressed: pointwise (version 2) up to format 5, in layers
/// (version 3) beyond.
[[nodiscard]] LazSettings settings_for_format(unsigned format, std::size_t stride,
                                              std::uint32_t chunk_points);

[[nodiscard]] LasRecord make_laz_record(const LazSettings& settings);

}  // namespace ptattn::io::las::laz
