#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "ptattn/cloud/field.hpp"

namespace ptattn {

/// Represents a variable length record of a LAS file (VLR or EVLR): who defines it, which one it
/// is, and its bytes.
struct LasRecord {
  std::array<char, 16> user_id{};
  std::uint16_t record_id = 0;
  std::uint16_t reserved = 0;
  std::array<char, 32> description{};
  std::vector<std::byte> data{};

  bool operator==(const LasRecord&) const = default;
};

/// Holds what a LAS or LAZ file says besides its points; carried from reader to writer byte for
/// byte.
///
/// The attributes of the points are fields of the cloud. `x`, `y`, `z` and extra bytes with a scale
/// are float64 there; the integers behind them follow from scale and offset, or are kept here
/// where a double cannot give them back.
struct LasMetadata {
  std::vector<std::byte> header{};            ///< the public header block, little endian
  std::vector<LasRecord> records{};           ///< VLRs, without those that describe compression
  std::vector<std::byte> padding{};           ///< bytes between the VLRs and the points
  std::vector<LasRecord> extended_records{};  ///< EVLRs
  std::vector<Field> exact{};                 ///< integers behind the fields of the same names
  std::uint32_t chunk_points = 0;             ///< points of a LAZ chunk; 0: the usual number
};

/// Compares every byte.
[[nodiscard]] bool identical(const LasMetadata& a, const LasMetadata& b);

}  // namespace ptattn
