#include "ptattn/io/cloud_writer.hpp"

#include <algorithm>
#include <optional>
#include <string>

#include "ptattn/core/error.hpp"
#include "ptattn/io/atomic_file.hpp"
#include "ptattn/io/file_kind.hpp"
#include "ptattn/io/las/las_writer.hpp"
#include "ptattn/io/pcd_writer.hpp"
#include "ptattn/io/ply_writer.hpp"

namespace ptattn {
namespace {

bool same_fields(const PointCloud& a, const PointCloud& b) {
  return std::ranges::equal(a.fields(), b.fields(), [](const Field& x, const Field& y) {
    return x.name() == y.name() && x.type() == y.type() && x.count() == y.count() &&
           x.step() == y.step();
  });
}

/// The cloud without its points.
PointCloud head_of(const PointCloud& cloud) {
  PointCloud head;
  head.set_name(cloud.name());
  head.metadata() = cloud.metadata();
  for (const Field& field : cloud.fields()) {
    head.fields().emplace_back(field.name(), field.type(), 0, field.count());
    head.fields().back().set_step(field.step());
  }
  return head;
}

void check_las_source(const PointCloud& head, const std::string& subject) {
  if (head.metadata().las != nullptr) return;
  throw Error(
      Fault::kInput, subject,
      "a LAS file of another cloud is made from the whole of it, which does not fit into the "
      "memory allowed, expected a .ply or .pcd file");
}

}  // namespace

struct CloudWriter::Parts {
  Parts(const std::filesystem::path& path, const PointCloud& cloud, const CloudShape& whole)
      : head(head_of(cloud)),
        shape(whole),
        file(path),
        format(file_format_of(path, Encoding::kBinary)) {}

  PointCloud head;
  CloudShape shape;
  io::AtomicFile file;
  FileFormat format;
  std::uint64_t points = 0;  ///< so far
  std::optional<io::LasWriter> las{};
  std::optional<io::PlyWriter> ply{};
};

void check_piecewise_format(const std::filesystem::path& path, const PointCloud& head,
                            const CloudShape& shape, const LasOptions& las) {
  const FileFormat format = file_format_of(path, Encoding::kBinary);
  const PointCloud bare = head_of(head);
  if (io::is_las_format(format)) {
    check_las_source(bare, path.string());
    io::check_las(bare, las, path.string());
  } else if (format == FileFormat::kPly) {
    (void)io::ply_header_of(bare, Encoding::kBinary, path.string());
  } else {
    (void)io::pcd_header_of(bare, shape, Encoding::kBinary, path.string());
  }
}

CloudWriter::CloudWriter(const std::filesystem::path& path, const PointCloud& head,
                         const CloudShape& shape, const LasOptions& las) {
  check_piecewise_format(path, head, shape, las);
  parts_ = std::make_unique<Parts>(path, head, shape);
  Parts& p = *parts_;
  if (io::is_las_format(p.format)) {
    p.las.emplace(p.file, p.head, shape.size(), p.format == FileFormat::kLaz, las);
  } else if (p.format == FileFormat::kPly) {
    p.ply.emplace(p.file, p.head, shape, Encoding::kBinary);
  } else {
    p.file.append(io::pcd_header_of(p.head, shape, Encoding::kBinary, p.file.subject()));
  }
}

CloudWriter::~CloudWriter() = default;

void CloudWriter::append(const PointCloud& piece) {
  Parts& p = *parts_;
  if (!same_fields(p.head, piece)) {
    throw Error(Fault::kUsage, p.file.subject(), "got a piece of other fields than the whole");
  }
  p.points += piece.size();
  if (p.las) return p.las->append(piece);
  if (p.ply) return p.ply->append(piece);
  io::append_pcd_points(p.file, piece, Encoding::kBinary);
}

void CloudWriter::commit() {
  Parts& p = *parts_;
  if (p.points != p.shape.size()) {
    throw Error(
        Fault::kUsage, p.file.subject(),
        "got " + std::to_string(p.points) + " points, expected " + std::to_string(p.shape.size()));
  }
  if (p.las) p.las->finish();
  if (p.ply) p.ply->finish();
  p.file.commit();
}

}  // namespace ptattn
