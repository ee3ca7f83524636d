#include "ptattn/io/pcd_writer.hpp"

#include <bit>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>
#include <vector>

#include "ptattn/core/error.hpp"
#include "ptattn/io/las/origin_steps.hpp"
#include "ptattn/io/lzf.hpp"
#include "ptattn/io/pcd_header.hpp"
#include "ptattn/io/point_blocks.hpp"
#include "ptattn/io/record_codec.hpp"

namespace ptattn::io {
namespace {

constexpr bool kSwap = std::endian::native == std::endian::big;  // PCD is little endian

PcdHeader make_header(const PointCloud& cloud, const CloudShape& shape, Encoding encoding) {
  PcdHeader header{.encoding = encoding, .width = shape.width, .height = shape.height};
  header.metadata.comments = las::comments_with_steps(cloud.metadata());
  header.metadata.obj_info = cloud.metadata().obj_info;
  header.metadata.viewpoint = cloud.metadata().viewpoint;
  for (const Field& field : cloud.fields()) {
    header.fields.push_back({field.name(), field.type(), field.count()});
  }
  return header;
}

void write_ascii(AtomicFile& file, const PointCloud& cloud) {
  write_text_points(file, cloud.size(), [&](std::string& out, std::size_t i) {
    for (const Field& field : cloud.fields()) append_values(out, field, i);
    out.back() = '\n';
  });
}

void write_binary(AtomicFile& file, const PointCloud& cloud) {
  std::vector<RecordColumn<const std::byte>> columns;
  std::size_t stride = 0;
  for (const Field& field : cloud.fields()) {
    columns.push_back({field.bytes().data(), field.bytes_per_point(), stride, size_of(field.type()),
                       field.count()});
    stride += field.bytes_per_point();
  }
  write_records(file, cloud.size(), stride, kSwap, columns);
}

void write_compressed(AtomicFile& file, const PointCloud& cloud) {
  std::vector<std::byte> fields;
  for (const Field& field : cloud.fields()) {
    fields.insert(fields.end(), field.bytes().begin(), field.bytes().end());
    const std::size_t size = field.bytes().size();
    if (kSwap) {
      swap_bytes(fields.data() + fields.size() - size, size_of(field.type()),
                 size / size_of(field.type()));
    }
  }
  if (lzf_bound(fields.size()) > UINT32_MAX) {
    throw Error(Fault::kInput, file.subject(),
                "has too many points for binary_compressed (4 GiB), expected binary");
  }
  std::vector<std::byte> compressed(lzf_bound(fields.size()));
  std::uint32_t sizes[2] = {static_cast<std::uint32_t>(lzf_compress(fields, compressed)),
                            static_cast<std::uint32_t>(fields.size())};
  const std::string_view body(reinterpret_cast<const char*>(compressed.data()), sizes[0]);
  if (kSwap) swap_bytes(reinterpret_cast<std::byte*>(sizes), sizeof(sizes[0]), 2);
  file.append({reinterpret_cast<const char*>(sizes), sizeof(sizes)});
  file.append(body);
}

}  // namespace

std::string pcd_header_of(const PointCloud& cloud, const CloudShape& shape, Encoding encoding,
                          std::string_view subject) {
  for (const Element& element : cloud.metadata().elements) {
    if (element.items == 0) continue;  // says nothing
    throw Error(Fault::kInput, subject,
                "the cloud has an element " + element.name +
                    " besides its points, which PCD cannot hold, expected a .ply file");
  }
  if (!cloud.metadata().point_lists.empty()) {
    throw Error(Fault::kInput, subject,
                "the cloud has lists of varying length (" +
                    cloud.metadata().point_lists.front().name +
                    "), which PCD cannot hold, expected a .ply file");
  }
  return format_pcd_header(make_header(cloud, shape, encoding), subject);
}

void append_pcd_points(AtomicFile& file, const PointCloud& piece, Encoding encoding) {
  switch (encoding) {
    case Encoding::kBinary:
      return write_binary(file, piece);
    case Encoding::kBinaryCompressed:
      return write_compressed(file, piece);
    default:
      return write_ascii(file, piece);
  }
}

void write_pcd(AtomicFile& file, const PointCloud& cloud, Encoding encoding) {
  file.append(pcd_header_of(cloud, shape_of(cloud), encoding, file.subject()));
  append_pcd_points(file, cloud, encoding);
}

}  // namespace ptattn::io
