#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "ptattn/cloud/point_cloud.hpp"
#include "ptattn/cloud/types.hpp"
#include "ptattn/io/record_codec.hpp"
#include "ptattn/survey/point_layout.hpp"

namespace ptattn {

/// Writes points of a piece of a cloud as records of a layout. Refers to its arguments.
class RecordWriter {
 public:
  RecordWriter(const PointCloud& piece, const PointLayout& layout);

  /// Writes one record of PointLayout::stride() bytes.
  /// @param row       of the piece
  /// @param position  that is written for it
  /// @param place     of the point in the cloud
  void write(std::size_t row, const Position& position, std::uint64_t place, std::byte* to) const;

 private:
  bool order_;
  std::vector<const Field*> fields_;
};

/// Holds a cloud of the fields of a layout, to be filled from records.
class CloudOfRecords {
 public:
  CloudOfRecords(const PointLayout& layout, std::size_t points);

  /// Fills the points from `first` on. Safe from many threads on disjoint points.
  void fill(std::size_t first, std::span<const std::byte> records);
  [[nodiscard]] PointCloud& cloud() { return cloud_; }

 private:
  std::size_t stride_;
  PointCloud cloud_;
  std::vector<io::RecordColumn<std::byte>> columns_{};
};

}  // namespace ptattn
