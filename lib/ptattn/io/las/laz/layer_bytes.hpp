#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "ptattn/io/las/laz/laz_record.hpp"

namespace ptattn::io::las::laz {

/// Says which bytes of a record a layer holds.
struct LayerBytes {
  ItemKind kind;
  std::size_t begin = 0;  ///< byte of the record
  std::size_t end = 0;
  std::byte bits{0xff};  ///< of these bytes that it holds
};

/// Returns the layers of a chunk in the order of the file. The first one, of x and y, holds the
/// return numbers and the scanner channel, too, and tells where other attributes change.
[[nodiscard]] std::vector<LayerBytes> layers_of(const LazSettings& settings);

/// Returns the bits of a Point14 whose layers are known together or not at all: those of x, y, z,
/// returns, channel, intensity, scan angle, source and time. The layer of x and y tells where the
/// others change, and what it tells may be more than their values do (times that are no numbers).
[[nodiscard]] std::span<const std::byte> bits_of_measurement();

}  // namespace ptattn::io::las::laz
