#include "ptattn/survey/point_records.hpp"

#include <cstring>

#include "ptattn/core/copy_value.hpp"

namespace ptattn {

RecordWriter::RecordWriter(const PointCloud& piece, const PointLayout& layout)
    : order_(layout.order) {
  for (const PointLayout::Kept& kept : layout.fields) fields_.push_back(piece.find(kept.name));
}

void RecordWriter::write(std::size_t row, const Position& position, std::uint64_t place,
                         std::byte* to) const {
  std::memcpy(to, &position, sizeof position);
  to += sizeof position;
  if (order_) {
    std::memcpy(to, &place, sizeof place);
    to += sizeof place;
  }
  for (const Field* const field : fields_) {
    const std::size_t bytes = field->bytes_per_point();
    copy_value(to, field->bytes().data() + row * bytes, bytes);
    to += bytes;
  }
}

CloudOfRecords::CloudOfRecords(const PointLayout& layout, std::size_t points)
    : stride_(layout.stride()), cloud_(points) {
  for (const char* const axis : {"x", "y", "z"}) cloud_.add(axis, FieldType::kFloat64);
  if (layout.order) cloud_.add(PointLayout::kOrder, FieldType::kUInt64);
  for (const PointLayout::Kept& kept : layout.fields) cloud_.add(kept.name, kept.type, kept.count);
  std::size_t offset = 0;
  for (Field& field : cloud_.fields()) {
    columns_.push_back({field.bytes().data(), field.bytes_per_point(), offset,
                        size_of(field.type()), field.count()});
    offset += field.bytes_per_point();
  }
}

void CloudOfRecords::fill(std::size_t first, std::span<const std::byte> records) {
  io::unpack_records(records, stride_, false, first, columns_);
}

}  // namespace ptattn
