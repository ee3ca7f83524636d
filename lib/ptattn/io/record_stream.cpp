#include "ptattn/io/record_stream.hpp"

#include <algorithm>
#include <atomic>
#include <cstring>
#include <utility>

#include "ptattn/io/point_blocks.hpp"

namespace ptattn::io {

std::vector<Field> RecordBody::make_fields(std::size_t count) const {
  std::vector<Field> fields;
  fields.reserve(columns.size());
  for (const Column& column : columns) {
    fields.emplace_back(column.name, column.type, count, column.count);
  }
  return fields;
}

bool RecordBody::read(const ByteSource& source, std::uint64_t first,
                      std::span<Field> fields) const {
  std::vector<RecordColumn<std::byte>> in_records;
  std::size_t count = 0;
  for (std::size_t f = 0; f < fields.size(); ++f) {
    Field& field = fields[f];
    in_records.push_back({field.bytes().data(), field.bytes_per_point(), columns[f].offset,
                          size_of(field.type()), field.count()});
    count = field.bytes().size() / field.bytes_per_point();
  }
  if (count == 0) return true;
  Scratch scratch;
  const auto known = source.view(begin, stride, scratch);
  std::atomic<bool> even = true;
  const auto check = [&](std::span<const std::byte> block) {
    for (const Constant& constant : constants) {
      for (std::size_t at = constant.offset; at < block.size() && even; at += stride) {
        const auto* const expected = known.data() + constant.offset;
        if (std::memcmp(block.data() + at, expected, constant.size) != 0) even = false;
      }
    }
  };
  read_records(source, {begin + first * stride, count, stride, swap}, in_records, check);
  return even;
}

RecordStream::RecordStream(std::unique_ptr<ByteSource> source, RecordCloud cloud)
    : source_(std::move(source)),
      body_(std::move(cloud.body)),
      wide_(std::move(cloud.wide)),
      shape_(cloud.shape) {
  head_.fields() = body_.make_fields(0);
  join_wide_integers(wide_, head_.fields(), *source_);
  head_.metadata() = std::move(cloud.metadata);
  head_.set_name(source_->name());
  of_pieces_.comments = head_.metadata().comments;
  of_pieces_.obj_info = head_.metadata().obj_info;
  of_pieces_.viewpoint = head_.metadata().viewpoint;
}

PointCloud RecordStream::next(std::size_t least) {
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(least, body_.points - next_));
  PointCloud piece(count);
  piece.fields() = body_.make_fields(count);
  if (!body_.read(*source_, next_, piece.fields())) {
    source_->fail("has lists of several lengths, which cannot be read in pieces");
  }
  join_wide_integers(wide_, piece.fields(), *source_, next_);
  piece.metadata() = of_pieces_;
  piece.set_name(source_->name());
  next_ += count;
  return piece;
}

}  // namespace ptattn::io
