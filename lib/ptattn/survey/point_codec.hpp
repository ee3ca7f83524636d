#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "ptattn/survey/point_layout.hpp"

namespace ptattn {

/// Packs records of points that lie together: column by column, in as many bits as the range of a
/// column takes (survey/packed_numbers.hpp). Coordinates are packed as the whole numbers that a LAS
/// file has of them, where these give back all of their bits; else as their bits.
class PointCodec {
 public:
  explicit PointCodec(const PointLayout& layout);

  /// Appends packed records.
  /// @param records  of PointLayout::stride() bytes: x, y, z (float64), the place, the fields
  void pack(std::span<const std::byte> records, std::string& out) const;
  /// Reads packed records back, bit for bit.
  /// @param records  as many as were packed
  /// @return         the bytes that they took; 0 when the bytes are damaged
  [[nodiscard]] std::size_t unpack(std::span<const std::byte> bytes,
                                   std::span<std::byte> records) const;

 private:
  struct Column {
    std::size_t offset = 0;  ///< in a record
    std::size_t size = 1;    ///< of a value, in bytes
    bool is_signed = false;
    AxisSteps steps{};
  };

  std::size_t stride_;
  std::vector<Column> columns_;
};

}  // namespace ptattn
