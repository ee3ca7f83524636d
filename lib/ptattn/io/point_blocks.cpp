#include "ptattn/io/point_blocks.hpp"

#include <algorithm>
#include <optional>
#include <vector>

#include "ptattn/core/parallel.hpp"
#include "ptattn/core/pipeline.hpp"
#include "ptattn/io/ascii_numbers.hpp"

namespace ptattn::io {
namespace {

// Enough work for a task, little enough to stay in the cache.
constexpr std::size_t kBlockBytes = std::size_t{1} << 18;
constexpr std::size_t kTextBlock = 4096;  // points

}  // namespace

std::size_t points_of_block(std::size_t stride) {
  return std::max<std::size_t>(1, kBlockBytes / std::max<std::size_t>(1, stride));
}

void write_blocks(AtomicFile& file, std::size_t points, std::size_t block,
                  const std::function<void(std::size_t, std::size_t, std::string&)>& encode) {
  // At most `slots` blocks are under way and they leave in order, so a buffer is free again when
  // its turn comes.
  const auto slots = static_cast<std::size_t>(2 * thread_count());
  std::vector<std::string> buffers(slots);
  std::size_t next = 0;
  const auto number = [&]() -> std::optional<std::size_t> {
    if (next * block >= points) return std::nullopt;
    return next++;
  };
  const auto fill = [&](std::size_t b) {
    encode(b * block, std::min(points, (b + 1) * block), buffers[b % slots]);
    return b;
  };
  const auto write = [&](std::size_t b) { file.append(buffers[b % slots]); };
  ordered_pipeline(slots, number, fill, write);
}

void read_records(const ByteSource& source, const RecordsAt& records,
                  std::span<const RecordColumn<std::byte>> columns,
                  const std::function<void(std::span<const std::byte>)>& check) {
  const std::size_t stride = records.stride;
  const std::size_t block = points_of_block(stride);
  parallel_ranges((records.points + block - 1) / block, 4, [&](std::size_t begin, std::size_t end) {
    Scratch scratch;
    for (std::size_t b = begin; b < end; ++b) {
      const std::size_t first = b * block;
      const std::size_t count = std::min(block, records.points - first);
      const auto bytes = source.view(records.offset + first * stride, count * stride, scratch);
      if (check) check(bytes);
      unpack_records(bytes, stride, records.swap, first, columns);
    }
  });
}

void write_records(AtomicFile& file, std::size_t points, std::size_t stride, bool swap,
                   std::span<const RecordColumn<const std::byte>> columns) {
  write_blocks(file, points, points_of_block(stride),
               [&](std::size_t begin, std::size_t end, std::string& out) {
                 out.resize((end - begin) * stride);
                 const auto records = std::as_writable_bytes(std::span(out));
                 pack_records(columns, begin, swap, stride, records);
               });
}

void write_text_points(AtomicFile& file, std::size_t points,
                       const std::function<void(std::string&, std::size_t)>& append_point) {
  write_blocks(file, points, kTextBlock, [&](std::size_t begin, std::size_t end, std::string& out) {
    out.clear();
    for (std::size_t i = begin; i < end; ++i) append_point(out, i);
  });
}

void append_values(std::string& out, const Field& field, std::size_t i) {
  const std::size_t size = size_of(field.type());
  const std::byte* value = field.bytes().data() + i * field.bytes_per_point();
  for (std::uint32_t v = 0; v < field.count(); ++v, value += size) {
    append_number(out, field.type(), value);
    out += ' ';
  }
}

}  // namespace ptattn::io
