#include "ptattn/io/cloud_io.hpp"

#include <algorithm>
#include <cctype>
#include <memory>
#include <new>
#include <optional>
#include <string>
#include <unordered_set>

#include "ptattn/core/error.hpp"
#include "ptattn/io/atomic_file.hpp"
#include "ptattn/io/bin_reader.hpp"
#include "ptattn/io/byte_source.hpp"
#include "ptattn/io/cloud_source.hpp"
#include "ptattn/io/file_kind.hpp"
#include "ptattn/io/header_lines.hpp"
#include "ptattn/io/las/las_reader.hpp"
#include "ptattn/io/las/las_writer.hpp"
#include "ptattn/io/pcd_header.hpp"
#include "ptattn/io/pcd_reader.hpp"
#include "ptattn/io/pcd_writer.hpp"
#include "ptattn/io/ply_header.hpp"
#include "ptattn/io/ply_reader.hpp"
#include "ptattn/io/ply_writer.hpp"

namespace ptattn {
namespace {

PointCloud read_plain(const io::ByteSource& source, const ReadOptions& options) {
  if (source.size() == 0) source.fail("is empty, expected a PLY, PCD, LAS or LAZ file");
  if (io::has_bin_extension(source.name()) && !io::format_of(source)) {
    return io::read_bin(source, options.bin_columns);
  }
  io::refuse_other_kinds(source);
  switch (io::format_of(source).value_or(FileFormat::kPcd)) {
    case FileFormat::kPly:
      return io::read_ply(source);
    case FileFormat::kPcd:
      return io::read_pcd(source);
    default:
      return io::read_las(source, options);
  }
}

PointCloud read_points(const io::ByteSource& source, const ReadOptions& options) {
  try {
    io::Unzipped unzipped = io::unzipped(source);
    if (unzipped.bytes == nullptr) return read_plain(source, options);
    PointCloud cloud = read_plain(*unzipped.bytes, options);
    if (!unzipped.note.empty()) cloud.metadata().notes.push_back(std::move(unzipped.note));
    return cloud;
  } catch (const std::bad_alloc&) {
    source.fail("does not fit into memory");
  }
}

PointCloud read(const io::ByteSource& source, const ReadOptions& options) {
  PointCloud cloud = read_points(source, options);
  cloud.set_name(source.name());
  return cloud;
}

bool ends_with_gz(const std::filesystem::path& path) {
  const std::string extension = path.extension().string();
  return io::is_keyword(extension, ".gz");
}

std::optional<FileFormat> format_of_name(const std::filesystem::path& path) {
  std::string extension = path.extension().string();
  std::ranges::transform(extension, extension.begin(),
                         [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  if (extension == ".ply") return FileFormat::kPly;
  if (extension == ".pcd") return FileFormat::kPcd;
  if (extension == ".las") return FileFormat::kLas;
  if (extension == ".laz") return FileFormat::kLaz;
  return std::nullopt;
}

/// What no format can hold.
void check_fields(const PointCloud& cloud, const std::string& subject) {
  if (cloud.fields().empty() && !cloud.empty()) {
    throw Error(Fault::kInput, subject, "the cloud has points without fields");
  }
  std::unordered_set<std::string_view> names;
  for (const Field& field : cloud.fields()) {
    if (!names.insert(field.name()).second) {
      throw Error(Fault::kUsage, subject, "the cloud has two fields " + field.name());
    }
    if (field.count() == 0 || field.bytes().size() != cloud.size() * field.bytes_per_point()) {
      throw Error(Fault::kUsage, subject,
                  "field " + field.name() + " does not have a value for every point");
    }
  }
  for (const ElementProperty& list : cloud.metadata().point_lists) {
    if (!names.insert(list.name).second) {
      throw Error(Fault::kUsage, subject, "the cloud has two fields " + list.name);
    }
    if (!list.is_list || list.sizes.size() != cloud.size()) {
      throw Error(Fault::kUsage, subject, "there is not a list " + list.name + " for every point");
    }
  }
}

}  // namespace

FileFormat file_format_of(const std::filesystem::path& path, Encoding encoding) {
  const auto format = format_of_name(path);
  if (!format) {
    throw Error(Fault::kUsage, path.string(), "expected a name ending in .ply, .pcd, .las or .laz");
  }
  if (*format == FileFormat::kPly && encoding == Encoding::kBinaryCompressed) {
    throw Error(Fault::kUsage, path.string(), "PLY cannot be compressed, expected a .pcd file");
  }
  if (*format == FileFormat::kPcd && encoding == Encoding::kBinaryBigEndian) {
    throw Error(Fault::kUsage, path.string(), "PCD cannot be big endian, expected a .ply file");
  }
  if (io::is_las_format(*format) && encoding != Encoding::kBinary) {
    throw Error(Fault::kUsage, path.string(), "LAS has one encoding, expected binary");
  }
  return *format;
}

PointCloud read_cloud(const std::filesystem::path& path, const ReadOptions& options) {
  return read(*io::open_cloud(path), options);
}

PointCloud parse_cloud(std::span<const std::byte> bytes, std::string_view subject,
                       const ReadOptions& options) {
  return read(io::ByteSource(bytes, subject), options);
}

std::vector<std::string> read_comments(const std::filesystem::path& path) {
  const io::ByteSource file(path);
  const io::Unzipped unzipped = io::unzipped(file);
  const io::ByteSource& source = unzipped.bytes ? *unzipped.bytes : file;
  const auto format = format_of(source);
  if (!format && io::has_bin_extension(path)) return {};
  if (!format) source.fail("is not a PLY, PCD or LAS file");
  if (*format == FileFormat::kLas) return io::read_las_comments(source);
  io::HeaderLines lines(source);
  if (*format == FileFormat::kPly) return io::parse_ply_header(lines).comments;
  return io::parse_pcd_header(lines).metadata.comments;
}

void check_format(const std::filesystem::path& path, const PointCloud& cloud, Encoding encoding,
                  const LasOptions& las) {
  const FileFormat format = file_format_of(path, encoding);
  check_fields(cloud, path.string());
  if (io::is_las_format(format)) {
    io::check_las(cloud, las, path.string());
  } else if (format == FileFormat::kPly) {
    (void)io::ply_header_of(cloud, encoding, path.string());
  } else {
    (void)io::pcd_header_of(cloud, shape_of(cloud), encoding, path.string());
  }
}

void write_cloud(const std::filesystem::path& path, const PointCloud& cloud, Encoding encoding,
                 const LasOptions& las) {
  const FileFormat format = file_format_of(path, encoding);
  check_fields(cloud, path.string());
  io::AtomicFile file(path);
  if (io::is_las_format(format)) {
    io::write_las(file, cloud, format == FileFormat::kLaz, las);
  } else if (format == FileFormat::kPly) {
    io::write_ply(file, cloud, encoding);
  } else {
    io::write_pcd(file, cloud, encoding);
  }
  file.commit();
}

ColorLayout color_layout_of(const std::filesystem::path& path) {
  return format_of_name(path) == FileFormat::kPcd ? ColorLayout::kPacked : ColorLayout::kChannels;
}

bool has_cloud_extension(const std::filesystem::path& path) {
  return format_of_name(ends_with_gz(path) ? path.stem() : path).has_value();
}

std::filesystem::path without_gz(const std::filesystem::path& path) {
  if (!ends_with_gz(path)) return path;
  return std::filesystem::path(path).replace_extension();
}

}  // namespace ptattn
