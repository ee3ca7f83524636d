#include "ptattn/io/ply_writer.hpp"

#include <algorithm>
#include <bit>
#include <cstring>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "ptattn/core/error.hpp"
#include "ptattn/io/ascii_numbers.hpp"
#include "ptattn/io/ply_elements.hpp"
#include "ptattn/io/ply_header.hpp"
#include "ptattn/io/ply_organisation.hpp"
#include "ptattn/io/ply_wide_integers.hpp"
#include "ptattn/io/point_blocks.hpp"
#include "ptattn/io/record_codec.hpp"

namespace ptattn::io {
namespace {

using ListLength = std::uint32_t;  // PLY "uint", as PCL writes it

ElementProperty without_values(const ElementProperty& property) {
  return {property.name, property.type, property.is_list, property.size_type, {}, {}};
}

Element without_values(const Element& element) {
  Element bare{element.name, element.items, element.before_vertices, {}};
  for (const ElementProperty& property : element.properties) {
    bare.properties.push_back(without_values(property));
  }
  return bare;
}

/// What the fields of a cloud are in the file, and the lists behind them.
using Fields = std::span<const Field* const>;
using Lists = std::span<const ElementProperty>;

Element vertex_element(Fields fields, Lists lists, std::uint64_t points) {
  Element vertices{.name = "vertex", .items = points};
  for (const Field* const field : fields) {
    vertices.properties.push_back(
        {field->name(), field->type(), field->count() != 1, field_type_of<ListLength>(), {}, {}});
  }
  for (const ElementProperty& list : lists) vertices.properties.push_back(without_values(list));
  return vertices;
}

/// The vertices as an element, for clouds with lists that differ in length: these have no records
/// of one size.
Element whole_vertices(Fields fields, Lists lists, std::size_t points) {
  Element vertices = vertex_element(fields, lists, points);
  for (std::size_t f = 0; f < fields.size(); ++f) {
    const Field& field = *fields[f];
    ElementProperty& property = vertices.properties[f];
    property.values.assign(field.bytes().begin(), field.bytes().end());
    if (property.is_list) property.sizes.assign(points, field.count());
  }
  std::ranges::copy(lists, vertices.properties.end() - static_cast<std::ptrdiff_t>(lists.size()));
  return vertices;
}

/// The fields without their values.
std::vector<Field> bare_fields(std::span<const Field> fields) {
  std::vector<Field> bare;
  bare.reserve(fields.size());
  for (const Field& field : fields) bare.emplace_back(field.name(), field.type(), 0, field.count());
  return bare;
}

PlyHeader make_header(const PointCloud& cloud, const CloudShape& shape, Encoding encoding) {
  PlyHeader header{.encoding = encoding,
                   .comments = comments_with_viewpoint(cloud.metadata()),
                   .obj_info = obj_info_with_organisation(cloud.metadata(), shape)};
  const std::vector<ElementProperty>& lists = cloud.metadata().point_lists;
  const std::vector<Field> bare = bare_fields(cloud.fields());
  const std::vector<WideInteger> wide = find_wide_integers(bare, lists);
  for (const WideInteger& one : wide) header.comments.push_back(comment_of(one));
  const NarrowFields narrow(bare, wide);
  for (const bool before : {true, false}) {
    if (!before) header.elements.push_back(vertex_element(narrow.fields(), lists, shape.size()));
    for (const Element& element : cloud.metadata().elements) {
      if (element.before_vertices == before) header.elements.push_back(without_values(element));
    }
  }
  return header;
}

void write_binary_points(AtomicFile& file, Fields fields, std::size_t points, bool swap) {
  std::vector<RecordColumn<const std::byte>> columns;
  std::vector<ListLength> lengths;
  lengths.reserve(fields.size());  // the columns point at them
  std::size_t stride = 0;
  for (const Field* const field : fields) {
    if (field->count() != 1) {
      lengths.push_back(field->count());
      const auto* const length = reinterpret_cast<const std::byte*>(&lengths.back());
      columns.push_back({length, 0, stride, sizeof(ListLength), 1});
      stride += sizeof(ListLength);
    }
    columns.push_back({field->bytes().data(), field->bytes_per_point(), stride,
                       size_of(field->type()), field->count()});
    stride += field->bytes_per_point();
  }
  write_records(file, points, stride, swap, columns);
}

void append_point(std::string& out, Fields fields, std::size_t i) {
  for (const Field* const field : fields) {
    if (field->count() != 1) out.append(std::to_string(field->count())) += ' ';
    append_values(out, *field, i);
  }
  out.back() = '\n';
}

bool needs_swap(Encoding encoding) {
  if (encoding == Encoding::kAscii) return false;
  return (encoding == Encoding::kBinaryBigEndian) != (std::endian::native == std::endian::big);
}

}  // namespace

std::string ply_header_of(const PointCloud& cloud, Encoding encoding, std::string_view subject) {
  return format_ply_header(make_header(cloud, shape_of(cloud), encoding), subject);
}

PlyWriter::PlyWriter(AtomicFile& file, const PointCloud& head, const CloudShape& shape,
                     Encoding encoding)
    : file_(file), head_(head), ascii_(encoding == Encoding::kAscii), swap_(needs_swap(encoding)) {
  file_.append(format_ply_header(make_header(head, shape, encoding), file_.subject()));
  write_elements(true);
}

void PlyWriter::append(const PointCloud& piece) {
  const std::vector<ElementProperty>& lists = piece.metadata().point_lists;
  const NarrowFields narrow(piece.fields(), find_wide_integers(piece.fields(), lists));
  const Fields fields = narrow.fields();
  if (!lists.empty()) {
    write_element(file_, whole_vertices(fields, lists, piece.size()), ascii_, swap_);
  } else if (ascii_) {
    write_text_points(file_, piece.size(),
                      [&](std::string& out, std::size_t i) { append_point(out, fields, i); });
  } else {
    write_binary_points(file_, fields, piece.size(), swap_);
  }
}

void PlyWriter::finish() {
  write_elements(false);
}

void PlyWriter::write_elements(bool before) {
  for (const Element& element : head_.metadata().elements) {
    if (element.before_vertices == before) write_element(file_, element, ascii_, swap_);
  }
}

void write_ply(AtomicFile& file, const PointCloud& cloud, Encoding encoding) {
  PlyWriter writer(file, cloud, shape_of(cloud), encoding);
  writer.append(cloud);
  writer.finish();
}

}  // namespace ptattn::io
