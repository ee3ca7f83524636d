#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "ptattn/cloud/point_cloud.hpp"
#include "ptattn/core/raw_vector.hpp"
#include "ptattn/io/las/laz/laz_record.hpp"
#include "ptattn/io/las/record_layout.hpp"

namespace ptattn {

/// Holds the chunks that a cloud was decoded from, those of layers only.
struct CompressedPoints {
  struct Chunk {
    std::size_t first = 0;  ///< point of the cloud
    std::size_t points = 0;
    std::size_t begin = 0;  ///< in `bytes`
    std::size_t size = 0;
  };

  std::uint64_t number = 0;  ///< of this reading, no other's in the process
  io::las::laz::LazSettings settings{};
  io::las::RecordLayout layout{};
  std::vector<Chunk> chunks{};
  RawVector<std::byte> bytes{};  ///< of the chunks, with room behind each to read ahead

  [[nodiscard]] std::span<std::byte> bytes_of(const Chunk& chunk) {
    return std::span(bytes).subspan(chunk.begin, chunk.size);
  }
  [[nodiscard]] std::span<const std::byte> bytes_of(const Chunk& chunk) const {
    return std::span(bytes).subspan(chunk.begin, chunk.size);
  }

  /// Returns Field::origin of the field that was made of this column of the layout.
  [[nodiscard]] std::uint64_t origin_of(std::size_t column) const {
    constexpr unsigned kColumnBits = 20;  // records have fewer bytes
    return number << kColumnBits | (column + 1);
  }
};

}  // namespace ptattn
