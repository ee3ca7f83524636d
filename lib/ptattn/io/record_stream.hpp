#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ptattn/cloud/point_cloud.hpp"
#include "ptattn/io/byte_source.hpp"
#include "ptattn/io/cloud_stream.hpp"
#include "ptattn/io/ply_wide_integers.hpp"
#include "ptattn/io/record_codec.hpp"

namespace ptattn::io {

/// Represents a body of records of one size, as binary PLY and PCD files have it.
struct RecordBody {
  /// One field: what it is, and where it stands in a record.
  struct Column {
    std::string name;
    FieldType type = FieldType::kFloat32;
    std::uint32_t count = 1;
    std::size_t offset = 0;
  };
  /// Bytes that are the same in every record: the length of a list.
  struct Constant {
    std::size_t offset;
    std::size_t size;
  };

  std::uint64_t begin = 0;  ///< of the first record, in the file
  std::uint64_t points = 0;
  std::size_t stride = 0;
  bool swap = false;  ///< the file's byte order is not the machine's
  std::vector<Column> columns{};
  std::vector<Constant> constants{};

  /// Makes a zeroed field for each column.
  [[nodiscard]] std::vector<Field> make_fields(std::size_t count) const;
  /// Reads the records of as many points as the fields have, from number `first` on.
  /// @return false when a constant differs from that of the first record
  [[nodiscard]] bool read(const ByteSource& source, std::uint64_t first,
                          std::span<Field> fields) const;
};

/// Represents a file of such records, opened.
struct RecordCloud {
  RecordBody body;
  CloudMetadata metadata{};
  CloudShape shape{};
  std::vector<WideInteger> wide{};  ///< fields of which the records hold two columns each
};

/// Reads such a file piece by piece.
class RecordStream final : public CloudStream {
 public:
  RecordStream(std::unique_ptr<ByteSource> source, RecordCloud cloud);

  [[nodiscard]] const PointCloud& head() const override { return head_; }
  [[nodiscard]] CloudShape shape() const override { return shape_; }
  [[nodiscard]] PointCloud next(std::size_t least) override;
  void rewind() override { next_ = 0; }

 private:
  std::unique_ptr<ByteSource> source_;
  RecordBody body_;
  std::vector<WideInteger> wide_;
  CloudShape shape_;
  PointCloud head_;
  CloudMetadata of_pieces_;
  std::uint64_t next_ = 0;
};

}  // namespace ptattn::io
