#include "ptattn/io/ply_reader.hpp"

#include <algorithm>
#include <bit>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ptattn/core/error.hpp"
#include "ptattn/io/ascii_numbers.hpp"
#include "ptattn/io/binary_values.hpp"
#include "ptattn/io/line_check.hpp"
#include "ptattn/io/ply_elements.hpp"
#include "ptattn/io/ply_header.hpp"
#include "ptattn/io/ply_organisation.hpp"
#include "ptattn/io/ply_wide_integers.hpp"

namespace ptattn::io {
namespace {

bool has_lists(const Element& vertices) {
  return std::ranges::any_of(vertices.properties, &ElementProperty::is_list);
}

/// Values a point of every property: one, or the length of the first vertex' list; nothing where
/// that is empty.
/// @param values  a reader of its own, used to look ahead
std::optional<std::vector<std::uint32_t>> value_counts(ValueReader& values,
                                                       const ByteSource& source,
                                                       const Element& vertices) {
  std::vector<std::uint32_t> counts(vertices.properties.size(), 1);
  if (vertices.items == 0 || !has_lists(vertices)) return counts;
  std::vector<std::byte> passed;
  for (std::size_t p = 0; p < counts.size(); ++p) {
    const ElementProperty& property = vertices.properties[p];
    if (property.is_list) {
      const auto length = read_list_length(values, source, property);
      if (!length) fail_truncated(source, vertices, 0);
      if (*length == 0 || *length > UINT32_MAX) return std::nullopt;
      counts[p] = static_cast<std::uint32_t>(*length);
    }
    passed.resize(counts[p] * size_of(property.type));
    if (!values.read(property.type, counts[p], passed.data())) fail_truncated(source, vertices, 0);
  }
  return counts;
}

/// Fewest bytes of a point with so many values a property.
std::uint64_t least_point_bytes(const ValueReader& values, const Element& vertices,
                                const std::vector<std::uint32_t>& counts) {
  std::uint64_t bytes = 0;
  for (std::size_t p = 0; p < counts.size(); ++p) {
    const ElementProperty& property = vertices.properties[p];
    if (property.is_list) bytes += values.least_bytes(property.size_type);
    bytes += counts[p] * values.least_bytes(property.type);
  }
  return bytes;
}

/// Values a point of every property, once the file is known to be long enough for them; nothing
/// when their lists cannot all be as long as those of the first.
std::optional<std::vector<std::uint32_t>> even_counts(const ValueReader& values,
                                                      const ByteSource& source,
                                                      const Element& vertices) {
  auto counts = value_counts(*values.clone(), source, vertices);
  if (!counts) return std::nullopt;
  const std::uint64_t point_bytes = least_point_bytes(values, vertices, *counts);
  const bool fits = saturated_product(vertices.items, point_bytes) <= values.most_bytes();
  if (!fits && has_lists(vertices)) return std::nullopt;
  check_claim(values, source, vertices, point_bytes);
  return counts;
}

/// Zeroed fields for such vertices.
std::optional<std::vector<Field>> make_fields(const ValueReader& values, const ByteSource& source,
                                              const Element& vertices) {
  const auto counts = even_counts(values, source, vertices);
  if (!counts) return std::nullopt;
  std::vector<Field> fields;
  fields.reserve(counts->size());
  for (std::size_t p = 0; p < counts->size(); ++p) {
    const ElementProperty& property = vertices.properties[p];
    fields.emplace_back(property.name, property.type, vertices.items, (*counts)[p]);
  }
  return fields;
}

/// Reads vertices whose lists are all as long as those of the first; false when one is not.
bool read_even_vertices(TextValues& values, LineCheck& lines, const ByteSource& source,
                        const Element& vertices, std::vector<Field>& fields) {
  for (std::uint64_t i = 0; i < vertices.items; ++i) {
    if (values.skip_space()) lines.begin_point();
    for (std::size_t p = 0; p < fields.size(); ++p) {
      Field& field = fields[p];
      if (vertices.properties[p].is_list) {
        const auto length = read_list_length(values, source, vertices.properties[p]);
        if (!length) fail_truncated(source, vertices, i);
        if (*length != field.count()) return false;
      }
      std::byte* const out = field.bytes().data() + i * field.bytes_per_point();
      if (!values.read(field.type(), field.count(), out)) fail_truncated(source, vertices, i);
    }
    lines.end_point();
  }
  return true;
}

/// Where the fields of vertices whose lists are all as long as those of the first stand in their
/// records.
RecordBody vertex_records(const BinaryValues& values, const Element& vertices,
                          std::span<const std::uint32_t> counts) {
  RecordBody body{.begin = values.stream().offset(), .points = vertices.items};
  body.swap = values.swap();
  for (std::size_t p = 0; p < counts.size(); ++p) {
    const ElementProperty& property = vertices.properties[p];
    if (property.is_list) {
      body.constants.push_back({body.stride, size_of(property.size_type)});
      body.stride += body.constants.back().size;
    }
    body.columns.push_back({property.name, property.type, counts[p], body.stride});
    body.stride += counts[p] * size_of(property.type);
  }
  return body;
}

bool read_even_vertices(BinaryValues& values, LineCheck&, const ByteSource& source,
                        const Element& vertices, std::vector<Field>& fields) {
  std::vector<std::uint32_t> counts;
  for (const Field& field : fields) counts.push_back(field.count());
  const RecordBody body = vertex_records(values, vertices, counts);
  if (!body.read(source, 0, fields)) return false;
  values.stream().skip(vertices.items * body.stride);
  return true;
}

/// What the vertices hold: a list of one length becomes a field of several values, others stay
/// lists.
struct Vertices {
  std::vector<Field> fields;
  std::vector<ElementProperty> lists;
};

Vertices as_vertices(Element&& element) {
  Vertices vertices;
  for (ElementProperty& property : element.properties) {
    std::uint32_t count = 1;
    if (property.is_list) {
      const std::uint64_t length = property.sizes.empty() ? 0 : property.sizes.front();
      const auto same = [&](std::uint64_t size) { return size == length; };
      if (length == 0 || !std::ranges::all_of(property.sizes, same)) {
        vertices.lists.push_back(std::move(property));
        continue;
      }
      count = static_cast<std::uint32_t>(length);
    }
    Field& field = vertices.fields.emplace_back(property.name, property.type, element.items, count);
    std::ranges::copy(property.values, field.bytes().begin());
    property = {};
  }
  return vertices;
}

/// Points that have not the same number of values are not counted by line.
void count_no_lines(TextValues& values, LineCheck& lines) {
  lines = LineCheck(values, 0);
}

void count_no_lines(BinaryValues&, LineCheck&) {}

template <class Values>
Vertices read_vertices(Values& values, LineCheck& lines, const ByteSource& source,
                       const Element& vertices) {
  const Values start = values;
  auto fields = make_fields(values, source, vertices);
  if (fields && read_even_vertices(values, lines, source, vertices, *fields)) {
    return {std::move(*fields), {}};
  }
  fields.reset();
  values = start;
  count_no_lines(values, lines);
  return as_vertices(read_element(values, source, vertices));
}

/// Values a point of a header without lists; 0 for others.
std::uint64_t values_a_point(const Element& vertices) {
  return has_lists(vertices) ? 0 : vertices.properties.size();
}

/// What the header says besides the points; the elements keep their place in it.
CloudMetadata take_metadata(PlyHeader& header) {
  CloudMetadata metadata{.comments = std::move(header.comments),
                         .obj_info = std::move(header.obj_info)};
  metadata.notes = std::move(header.notes);
  return metadata;
}

/// Reads the elements from where `values` stands.
template <class Values>
PointCloud read_elements(Values& values, LineCheck& lines, const ByteSource& source,
                         PlyHeader&& header) {
  CloudMetadata metadata = take_metadata(header);
  const Element& vertices = header.elements[header.vertex];
  Vertices read;
  for (Element& element : header.elements) {
    if (&element == &vertices) {
      read = read_vertices(values, lines, source, vertices);
    } else {
      metadata.elements.push_back(read_element(values, source, std::move(element)));
    }
  }
  join_wide_integers(take_wide_integers(metadata.comments, read.fields), read.fields, source);
  metadata.point_lists = std::move(read.lists);
  take_viewpoint(metadata);
  const Organisation grid = take_organisation(metadata, vertices.items);
  PointCloud cloud(grid.width, grid.height);
  cloud.fields() = std::move(read.fields);
  cloud.metadata() = std::move(metadata);
  return cloud;
}

void add_note(CloudMetadata& metadata, std::string note) {
  if (!note.empty()) metadata.notes.push_back(std::move(note));
}

/// True when the vertices are the last element with values.
bool ends_with_vertices(const PlyHeader& header) {
  return std::all_of(header.elements.begin() + static_cast<std::ptrdiff_t>(header.vertex) + 1,
                     header.elements.end(), [](const Element& element) {
                       return element.items == 0 || element.properties.empty();
                     });
}

/// Values count wherever they stand, as PLY has it. But where they do not add up, a line that does
/// not hold one point is what is wrong.
PointCloud read_text(TextValues values, const ByteSource& source, PlyHeader&& header,
                     char line_end) {
  LineCheck lines(values, values_a_point(header.elements[header.vertex]));
  const bool vertices_last = ends_with_vertices(header);
  const bool vertices_first = header.vertex == 0;
  const TextValues start = values;
  try {
    PointCloud cloud = read_elements(values, lines, source, std::move(header));
    const bool more = values.skip_space();
    if (more && vertices_last) lines.stop_before_rest();
    const auto problem = lines.problem(source, line_end);
    if (more && problem) source.fail(*problem);
    if (problem) add_note(cloud.metadata(), *problem + ", values are counted across lines");
    add_note(cloud.metadata(), values.note_of_rest());
    return cloud;
  } catch (const Error&) {
    lines.stop_early(vertices_first ? &start : nullptr);
    if (const auto problem = lines.problem(source, line_end)) source.fail(*problem);
    throw;
  }
}

PointCloud read_binary(BinaryValues values, const ByteSource& source, PlyHeader&& header) {
  const TextValues no_text(ByteStream(source), 1);
  LineCheck no_lines(no_text, 0);
  PointCloud cloud = read_elements(values, no_lines, source, std::move(header));
  add_note(cloud.metadata(), values.note_of_rest());
  return cloud;
}

BinaryValues binary_values(ByteStream body, const PlyHeader& header) {
  const bool big_endian = header.encoding == Encoding::kBinaryBigEndian;
  return {std::move(body), big_endian != (std::endian::native == std::endian::big)};
}

}  // namespace

std::optional<RecordCloud> open_binary_ply(const ByteSource& source) {
  HeaderLines lines(source);
  PlyHeader header = parse_ply_header(lines);
  if (header.encoding == Encoding::kAscii) return std::nullopt;
  BinaryValues values = binary_values(ByteStream(source, lines.offset()), header);
  RecordCloud cloud{.body = {}, .metadata = take_metadata(header)};
  const Element& vertices = header.elements[header.vertex];
  for (Element& element : header.elements) {
    if (&element != &vertices) {
      cloud.metadata.elements.push_back(read_element(values, source, std::move(element)));
      continue;
    }
    const auto counts = even_counts(values, source, vertices);
    if (!counts) return std::nullopt;
    cloud.body = vertex_records(values, vertices, *counts);
    values.stream().skip(vertices.items * cloud.body.stride);
  }
  cloud.wide = take_wide_integers(cloud.metadata.comments, cloud.body.make_fields(0));
  take_viewpoint(cloud.metadata);
  const Organisation grid = take_organisation(cloud.metadata, vertices.items);
  cloud.shape = {grid.width, grid.height};
  add_note(cloud.metadata, values.note_of_rest());
  return cloud;
}

PointCloud read_ply(const ByteSource& source) {
  HeaderLines lines(source);
  PlyHeader header = parse_ply_header(lines);
  ByteStream body(source, lines.offset());
  if (header.encoding == Encoding::kAscii) {
    return read_text(TextValues(std::move(body), lines.count() + 1, lines.line_end()), source,
                     std::move(header), lines.line_end());
  }
  BinaryValues values = binary_values(std::move(body), header);
  return read_binary(std::move(values), source, std::move(header));
}

}  // namespace ptattn::io
