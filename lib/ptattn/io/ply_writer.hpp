#pragma once

#include <string>
#include <string_view>

#include "ptattn/cloud/point_cloud.hpp"
#include "ptattn/io/atomic_file.hpp"
#include "ptattn/io/cloud_io.hpp"
#include "ptattn/io/cloud_shape.hpp"

namespace ptattn::io {

/// Returns the header that write_ply writes.
/// @throws Error(Fault::kInput) as write_ply
[[nodiscard]] std::string ply_header_of(const PointCloud& cloud, Encoding encoding,
                                        std::string_view subject);

/// Writes a PLY file piece by piece into `file`, which the caller commits; see write_cloud.
///
/// A field of several values a point becomes a list property, as in PCL; lists of varying length
/// stand behind the fields. Comments and obj_info follow the format line.
class PlyWriter {
 public:
  /// @param file   outlives this, as `head` does
  /// @param head   the cloud, or one of its fields and metadata without its points
  /// @param shape  of the whole
  /// @throws Error(Fault::kInput) for what PLY cannot hold: integers of 8 bytes, names with spaces
  PlyWriter(AtomicFile& file, const PointCloud& head, const CloudShape& shape, Encoding encoding);
  /// Appends the points of a cloud of the same fields.
  void append(const PointCloud& piece);
  /// Writes what stands behind the points.
  void finish();

 private:
  void write_elements(bool before);

  AtomicFile& file_;
  const PointCloud& head_;
  bool ascii_;
  bool swap_;
};

/// Writes a whole cloud so.
void write_ply(AtomicFile& file, const PointCloud& cloud, Encoding encoding);

}  // namespace ptattn::io
