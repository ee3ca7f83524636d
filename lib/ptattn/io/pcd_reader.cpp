#include "ptattn/io/pcd_reader.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ptattn/io/ascii_numbers.hpp"
#include "ptattn/io/binary_values.hpp"
#include "ptattn/io/line_check.hpp"
#include "ptattn/io/lzf.hpp"
#include "ptattn/io/pcd_header.hpp"
#include "ptattn/io/record_codec.hpp"

namespace ptattn::io {
namespace {

// PCD has no word for its byte order: it is that of the machines PCL runs on.
constexpr bool kSwap = std::endian::native == std::endian::big;

[[noreturn]] void fail_truncated(const ByteSource& source, std::uint64_t done,
                                 std::uint64_t points) {
  source.fail("ends after " + std::to_string(done) + " of " + std::to_string(points) +
              " points, the file is truncated");
}

PcdHeader read_header(HeaderLines& lines, const ByteSource& source) {
  PcdHeader header = parse_pcd_header(lines);
  if (header.fields.empty() && header.width > 0 && header.height > 0) {
    source.fail("has points without fields");
  }
  return header;
}

/// Bytes of a point; more than any file has on overflow.
std::uint64_t point_bytes(const PcdHeader& header, bool with_padding) {
  std::uint64_t sum = 0;
  for (const PcdField& field : header.fields) {
    if (with_padding || !field.is_padding()) sum += field.bytes_per_point();
  }
  return sum;  // at most 2^20 fields of 2^35 bytes
}

PointCloud empty_cloud(const PcdHeader& header) {
  PointCloud cloud(header.width, header.height);
  cloud.metadata() = header.metadata;
  return cloud;
}

/// Adds a zeroed field for each in the header.
void add_fields(PointCloud& cloud, const PcdHeader& header) {
  cloud.fields().reserve(header.fields.size());
  for (const PcdField& field : header.fields) {
    if (field.is_padding()) continue;
    cloud.fields().emplace_back(field.name, field.type, cloud.size(), field.count);
  }
}

/// Notes what stands behind the data.
void note_rest(PointCloud& cloud, const ByteSource& source, std::uint64_t offset) {
  std::string note = note_of_rest(source, offset);
  if (!note.empty()) cloud.metadata().notes.push_back(std::move(note));
}

/// Finds the records, whose padding no column holds.
RecordCloud open_records(const ByteSource& source, const PcdHeader& header, std::uint64_t begin) {
  const std::uint64_t points = header.width * header.height;
  const std::uint64_t stride = point_bytes(header, true);
  const std::uint64_t available = source.size() - begin;
  if (saturated_product(stride, points) > available) {
    fail_truncated(source, available / stride, points);
  }
  RecordCloud cloud{.body = {.begin = begin, .points = points, .stride = stride, .swap = kSwap},
                    .metadata = header.metadata,
                    .shape = {header.width, header.height}};
  std::size_t offset = 0;
  for (const PcdField& field : header.fields) {
    if (!field.is_padding()) {
      cloud.body.columns.push_back({field.name, field.type, field.count, offset});
    }
    offset += field.bytes_per_point();
  }
  std::string note = note_of_rest(source, begin + stride * points);
  if (!note.empty()) cloud.metadata.notes.push_back(std::move(note));
  return cloud;
}

PointCloud read_binary(const ByteSource& source, const PcdHeader& header, std::uint64_t begin) {
  RecordCloud records = open_records(source, header, begin);
  PointCloud cloud(records.shape.width, records.shape.height);
  cloud.metadata() = std::move(records.metadata);
  cloud.fields() = records.body.make_fields(cloud.size());
  (void)records.body.read(source, 0, cloud.fields());
  return cloud;
}

// ---- binary_compressed: two sizes of 32 bits, then the fields one after the other in LZF

/// The decompressed body, once its size fits the header's claims and the compressed size. `body`
/// moves behind it.
std::vector<std::byte> decompress(const ByteSource& source, std::uint64_t& body,
                                  std::uint64_t expected) {
  Scratch scratch;
  std::uint32_t sizes[2];  // compressed, uncompressed
  if (source.size() - body < sizeof(sizes)) source.fail("ends before the compressed points");
  std::memcpy(sizes, source.view(body, sizeof(sizes), scratch).data(), sizeof(sizes));
  if (kSwap) swap_bytes(reinterpret_cast<std::byte*>(sizes), sizeof(sizes[0]), 2);
  body += sizeof(sizes);
  if (sizes[0] > source.size() - body) {
    source.fail("ends after " + std::to_string(source.size() - body) + " of " +
                std::to_string(sizes[0]) + " compressed bytes, the file is truncated");
  }
  if (sizes[1] != expected) {
    source.fail("holds " + std::to_string(sizes[1]) + " bytes of points, expected " +
                std::to_string(expected) + " from the header");
  }
  if (sizes[1] > saturated_product(sizes[0], kMostLzfExpansion)) {
    source.fail("cannot decompress to " + std::to_string(sizes[1]) + " bytes, the file is corrupt");
  }
  std::vector<std::byte> fields(sizes[1]);
  if (!lzf_decompress(source.view(body, sizes[0], scratch), fields)) {
    source.fail("has corrupt compressed points");
  }
  body += sizes[0];
  return fields;
}

PointCloud read_compressed(const ByteSource& source, const PcdHeader& header, std::uint64_t body) {
  PointCloud cloud = empty_cloud(header);
  const std::uint64_t expected = saturated_product(point_bytes(header, false), cloud.size());
  const std::vector<std::byte> bytes = decompress(source, body, expected);
  note_rest(cloud, source, body);
  add_fields(cloud, header);
  const std::byte* from = bytes.data();
  for (Field& field : cloud.fields()) {
    const std::span<std::byte> to = field.bytes();
    if (to.empty()) continue;
    std::memcpy(to.data(), from, to.size());
    if (kSwap) swap_bytes(to.data(), size_of(field.type()), to.size() / size_of(field.type()));
    from += to.size();
  }
  return cloud;
}

// ---- ascii: a point a line

class AsciiReader {
 public:
  AsciiReader(const ByteSource& source, const PcdHeader& header, const HeaderLines& lines)
      : source_(source),
        header_(header),
        text_(ByteStream(source, lines.offset()), lines.count() + 1, lines.line_end()),
        line_end_(lines.line_end()) {
    for (const PcdField& field : header.fields) values_a_point_ += field.count;
  }

  PointCloud read() {
    PointCloud cloud = empty_cloud(header_);
    const std::uint64_t least = 2 * values_a_point_;
    if (saturated_product(cloud.size(), least) > text_.most_bytes()) {
      if (const auto odd = find_odd_line(text_, values_a_point_)) {
        fail_count(odd->line, words_on_line(source_, odd->offset, line_end_));
      }
      fail_truncated(source_, text_.most_bytes() / least, cloud.size());
    }
    add_fields(cloud, header_);
    for (std::size_t i = 0; i < cloud.size(); ++i) read_point(cloud, i);
    if (std::string note = text_.note_of_rest(); !note.empty()) {
      cloud.metadata().notes.push_back(std::move(note));
    }
    return cloud;
  }

 private:
  void read_point(PointCloud& cloud, std::size_t i) {
    std::uint64_t value = 0;  // of this point
    (void)text_.skip_space();
    const std::uint64_t start = text_.offset();
    auto field = cloud.fields().begin();
    for (const PcdField& described : header_.fields) {
      std::byte* out = nullptr;
      if (!described.is_padding()) {
        out = field->bytes().data() + i * field->bytes_per_point();
        ++field;
      }
      for (std::uint32_t v = 0; v < described.count; ++v, ++value) {
        if (value > 0 && text_.at_line_end()) fail_short(cloud, i, value);
        read_value(described.type, out == nullptr ? nullptr : out + v * size_of(described.type),
                   cloud, i);
      }
    }
    if (!text_.at_line_end()) {
      fail_count(words_on_line(source_, start, line_end_));
    }
  }

  void read_value(FieldType type, std::byte* out, const PointCloud& cloud, std::size_t i) {
    const bool found = out == nullptr ? !text_.next().empty() : text_.read(type, 1, out);
    if (!found) fail_truncated(source_, i, cloud.size());
  }

  [[noreturn]] void fail_short(const PointCloud& cloud, std::size_t i, std::uint64_t values) {
    if (text_.most_bytes() <= 1) fail_truncated(source_, i, cloud.size());
    fail_count(values);
  }

  [[noreturn]] void fail_count(std::uint64_t values) { fail_count(text_.line(), values); }

  [[noreturn]] void fail_count(std::uint64_t line, std::uint64_t values) {
    source_.fail("line " + std::to_string(line) + ": " + std::to_string(values) +
                 (values == 1 ? " value" : " values") + " where the header announces " +
                 std::to_string(values_a_point_));
  }

  const ByteSource& source_;
  const PcdHeader& header_;
  TextValues text_;
  char line_end_;
  std::uint64_t values_a_point_ = 0;
};

}  // namespace

std::optional<RecordCloud> open_binary_pcd(const ByteSource& source) {
  HeaderLines lines(source);
  const PcdHeader header = read_header(lines, source);
  if (header.encoding != Encoding::kBinary) return std::nullopt;
  return open_records(source, header, lines.offset());
}

PointCloud read_pcd(const ByteSource& source) {
  HeaderLines lines(source);
  const PcdHeader header = read_header(lines, source);
  switch (header.encoding) {
    case Encoding::kBinary:
      return read_binary(source, header, lines.offset());
    case Encoding::kBinaryCompressed:
      return read_compressed(source, header, lines.offset());
    default:
      return AsciiReader(source, header, lines).read();
  }
}

}  // namespace ptattn::io
