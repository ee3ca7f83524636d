#include "ptattn/io/pcl_convert.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include <pcl/PCLPointCloud2.h>

#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/io/byte_source.hpp"
#include "ptattn/io/record_codec.hpp"

namespace ptattn {
namespace {

using pcl::PCLPointField;

std::uint8_t pcl_type(FieldType type) {
  return visit_type(type, []<class T>(T) -> std::uint8_t { return pcl::traits::asEnum_v<T>; });
}

std::optional<FieldType> type_of(const PCLPointField& field) {
  if (field.datatype == PCLPointField::BOOL) return FieldType::kUInt8;
  for (const FieldType type :
       {FieldType::kInt8, FieldType::kUInt8, FieldType::kInt16, FieldType::kUInt16,
        FieldType::kInt32, FieldType::kUInt32, FieldType::kInt64, FieldType::kUInt64,
        FieldType::kFloat32, FieldType::kFloat64}) {
    if (field.datatype == pcl_type(type)) return type;
  }
  return std::nullopt;
}

bool all_finite(const Field& field) {
  return visit_type(field.type(), [&]<class T>(T) {
    return std::ranges::all_of(field.values<T>(),
                               [](T v) { return std::isfinite(static_cast<double>(v)); });
  });
}

/// Throws unless every point lies within the data.
void check_layout(const pcl::PCLPointCloud2& cloud, std::string_view subject) {
  const std::uint64_t row = io::saturated_product(cloud.width, cloud.point_step);
  if (row > cloud.row_step && cloud.height > 1) {
    throw Error(Fault::kInput, subject, "the rows of the PCL cloud overlap");
  }
  const std::uint64_t bytes =
      cloud.height > 1 ? io::saturated_product(cloud.height, cloud.row_step) : row * cloud.height;
  if (bytes > cloud.data.size()) {
    throw Error(Fault::kInput, subject,
                "the PCL cloud has " + std::to_string(cloud.data.size()) + " bytes, expected " +
                    std::to_string(bytes));
  }
}

std::vector<io::RecordColumn<std::byte>> add_fields(PointCloud& out,
                                                    const pcl::PCLPointCloud2& cloud,
                                                    std::string_view subject) {
  std::vector<io::RecordColumn<std::byte>> columns;
  for (const PCLPointField& field : cloud.fields) {
    if (field.name == "_") continue;
    const auto type = type_of(field);
    const std::uint32_t count = std::max<std::uint32_t>(1, field.count);
    if (!type || field.offset + std::uint64_t{count} * size_of(*type) > cloud.point_step) {
      throw Error(Fault::kInput, subject, "field " + field.name + " of the PCL cloud is malformed");
    }
    Field& added = out.add(field.name, *type, count);
    columns.push_back(
        {added.bytes().data(), added.bytes_per_point(), field.offset, size_of(*type), count});
  }
  return columns;
}

}  // namespace

pcl::PCLPointCloud2 to_pcl(const PointCloud& cloud) {
  constexpr std::uint64_t kMost = std::numeric_limits<pcl::uindex_t>::max();
  pcl::PCLPointCloud2 out;
  std::vector<io::RecordColumn<const std::byte>> columns;
  std::uint64_t stride = 0;
  bool dense = true;
  for (const Field& field : cloud.fields()) {
    columns.push_back({field.bytes().data(), field.bytes_per_point(), stride, size_of(field.type()),
                       field.count()});
    PCLPointField described;
    described.name = field.name();
    described.offset = static_cast<pcl::uindex_t>(stride);
    described.datatype = pcl_type(field.type());
    described.count = field.count();
    out.fields.push_back(std::move(described));
    stride += field.bytes_per_point();
    dense = dense && all_finite(field);
  }
  if (std::max<std::uint64_t>(cloud.size(), io::saturated_product(stride, cloud.width())) > kMost) {
    throw Error(Fault::kInput, cloud.name(), "has too many points for PCL");
  }
  out.width = static_cast<pcl::uindex_t>(cloud.width());
  out.height = static_cast<pcl::uindex_t>(cloud.height());
  out.point_step = static_cast<pcl::uindex_t>(stride);
  out.row_step = static_cast<pcl::uindex_t>(stride * cloud.width());
  out.is_dense = dense;
  out.data.resize(stride * cloud.size());
  const auto bytes = std::as_writable_bytes(std::span(out.data));
  parallel_ranges(cloud.size(), 4096, [&](std::size_t begin, std::size_t end) {
    io::pack_records(columns, begin, false, stride,
                     bytes.subspan(begin * stride, (end - begin) * stride));
  });
  return out;
}

PointCloud from_pcl(const pcl::PCLPointCloud2& cloud, std::string_view name) {
  check_layout(cloud, name);
  PointCloud out(cloud.width, cloud.height);
  out.set_name(std::string(name));
  const auto columns = add_fields(out, cloud, name);
  const bool swap = (cloud.is_bigendian != 0) != (std::endian::native == std::endian::big);
  const auto data = std::as_bytes(std::span(cloud.data));
  const std::size_t row_bytes = std::size_t{cloud.width} * cloud.point_step;
  if (row_bytes == 0) return out;
  parallel_each(cloud.height, 1, [&](std::size_t row) {
    io::unpack_records(data.subspan(row * cloud.row_step, row_bytes), cloud.point_step, swap,
                       row * cloud.width, columns);
  });
  return out;
}

}  // namespace ptattn
