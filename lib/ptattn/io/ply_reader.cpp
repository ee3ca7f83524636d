#include "ptattn/io/ply_reader.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ptattn/io/ascii_numbers.hpp"
#include "ptattn/io/binary_values.hpp"
#include "ptattn/io/ply_elements.hpp"
#include "ptattn/io/ply_header.hpp"
#include "ptattn/io/ply_organisation.hpp"
#include "ptattn/io/point_blocks.hpp"
#include "ptattn/io/record_codec.hpp"

namespace ptattn::io {
namespace {

/// Values a point of every property: one, or the length of the first vertex' list.
/// @param values  a reader of its own, used to look ahead
std::vector<std::uint32_t> value_counts(ValueReader& values, const ByteSource& source,
                                        const Element& vertices) {
  std::vector<std::uint32_t> counts(vertices.properties.size(), 1);
  const auto is_list = [](const ElementProperty& p) { return p.is_list; };
  if (vertices.items == 0 || std::ranges::none_of(vertices.properties, is_list)) return counts;
  std::vector<std::byte> passed;
  for (std::size_t p = 0; p < counts.size(); ++p) {
    const ElementProperty& property = vertices.properties[p];
    if (property.is_list) {
      const auto length = read_list_length(values, source, property);
      if (!length) fail_truncated(source, vertices, 0);
      if (*length == 0) source.fail("list " + property.name + " of the points is empty");
      counts[p] = static_cast<std::uint32_t>(*length);
    }
    passed.resize(counts[p] * size_of(property.type));
    if (!values.read(property.type, counts[p], passed.data())) fail_truncated(source, vertices, 0);
  }
  return counts;
}

[[noreturn]] void fail_uneven(const ByteSource& source, const ElementProperty& property) {
  source.fail("list " + property.name +
              " of the points varies in length, expected as many values for every point");
}

/// Zeroed fields for the vertices, once the file is known to be long enough for them.
std::vector<Field> make_fields(const ValueReader& values, const ByteSource& source,
                               const Element& vertices) {
  const std::vector<std::uint32_t> counts = value_counts(*values.clone(), source, vertices);
  std::uint64_t point_bytes = 0;
  for (std::size_t p = 0; p < counts.size(); ++p) {
    const ElementProperty& property = vertices.properties[p];
    if (property.is_list) point_bytes += values.least_bytes(property.size_type);
    point_bytes += counts[p] * values.least_bytes(property.type);
  }
  check_claim(values, source, vertices, point_bytes);
  std::vector<Field> fields;
  fields.reserve(counts.size());
  for (std::size_t p = 0; p < counts.size(); ++p) {
    const ElementProperty& property = vertices.properties[p];
    fields.emplace_back(property.name, property.type, vertices.items, counts[p]);
  }
  return fields;
}

void read_vertices(TextValues& values, const ByteSource& source, const Element& vertices,
                   std::vector<Field>& fields) {
  for (std::uint64_t i = 0; i < vertices.items; ++i) {
    for (std::size_t p = 0; p < fields.size(); ++p) {
      Field& field = fields[p];
      if (vertices.properties[p].is_list) {
        const auto length = read_list_length(values, source, vertices.properties[p]);
        if (!length) fail_truncated(source, vertices, i);
        if (*length != field.count()) fail_uneven(source, vertices.properties[p]);
      }
      std::byte* const out = field.bytes().data() + i * field.bytes_per_point();
      if (!values.read(field.type(), field.count(), out)) fail_truncated(source, vertices, i);
    }
  }
}

void read_vertices(BinaryValues& values, const ByteSource& source, const Element& vertices,
                   std::vector<Field>& fields) {
  struct Length {  // where a list's length stands in the record
    std::size_t offset;
    const ElementProperty& property;
  };
  std::vector<Length> lengths;
  std::vector<RecordColumn<std::byte>> columns;
  std::size_t stride = 0;
  for (std::size_t p = 0; p < fields.size(); ++p) {
    Field& field = fields[p];
    if (vertices.properties[p].is_list) {
      lengths.push_back({stride, vertices.properties[p]});
      stride += size_of(vertices.properties[p].size_type);
    }
    columns.push_back({field.bytes().data(), field.bytes_per_point(), stride, size_of(field.type()),
                       field.count()});
    stride += field.bytes_per_point();
  }
  if (vertices.items == 0) return;
  Scratch scratch;
  const std::uint64_t offset = values.stream().offset();
  const auto first = source.view(offset, stride, scratch);
  const auto check = [&](std::span<const std::byte> records) {
    for (const Length& length : lengths) {
      const std::size_t size = size_of(length.property.size_type);
      for (std::size_t at = length.offset; at < records.size(); at += stride) {
        if (std::memcmp(records.data() + at, first.data() + length.offset, size) != 0) {
          fail_uneven(source, length.property);
        }
      }
    }
  };
  read_records(source, offset, vertices.items, stride, values.swap(), columns, check);
  values.stream().skip(vertices.items * stride);
}

template <class Values>
PointCloud read_body(Values values, const ByteSource& source, PlyHeader header) {
  CloudMetadata metadata{.comments = std::move(header.comments),
                         .obj_info = std::move(header.obj_info)};
  const Element& vertices = header.elements[header.vertex];
  std::vector<Field> fields;
  for (Element& element : header.elements) {
    if (&element == &vertices) {
      fields = make_fields(values, source, vertices);
      read_vertices(values, source, vertices, fields);
    } else {
      metadata.elements.push_back(read_element(values, source, std::move(element)));
    }
  }
  values.expect_end();
  take_viewpoint(metadata);
  const Organisation grid = take_organisation(metadata, vertices.items);
  PointCloud cloud(grid.width, grid.height);
  cloud.fields() = std::move(fields);
  cloud.metadata() = std::move(metadata);
  return cloud;
}

}  // namespace

PointCloud read_ply(const ByteSource& source) {
  HeaderLines lines(source);
  PlyHeader header = parse_ply_header(lines);
  ByteStream body(source, lines.offset());
  if (header.encoding == Encoding::kAscii) {
    return read_body(TextValues(std::move(body), lines.count() + 1), source, std::move(header));
  }
  const bool big_endian = header.encoding == Encoding::kBinaryBigEndian;
  const bool swap = big_endian != (std::endian::native == std::endian::big);
  return read_body(BinaryValues(std::move(body), swap), source, std::move(header));
}

}  // namespace ptattn::io
