#pragma once

#include <filesystem>
#include <memory>

#include "ptattn/cloud/point_cloud.hpp"
#include "ptattn/io/cloud_io.hpp"
#include "ptattn/io/cloud_shape.hpp"

namespace ptattn {

/// Writes a cloud piece by piece: the bytes that write_cloud writes of the whole, in binary,
/// through a temporary file that gets its name at the end.
class CloudWriter {
 public:
  /// @param path   its extension decides on the format
  /// @param head   the fields and the metadata of the cloud, its points left out; a copy is kept
  /// @param shape  of the whole
  /// @throws Error(Fault::kInput) when the file cannot be written, or the format cannot hold the
  ///         cloud; and for a LAS or LAZ file of a cloud that was none, which is planned by looking
  ///         at all of its values
  CloudWriter(const std::filesystem::path& path, const PointCloud& head, const CloudShape& shape,
              const LasOptions& las = {});
  ~CloudWriter();
  CloudWriter(const CloudWriter&) = delete;
  CloudWriter& operator=(const CloudWriter&) = delete;

  /// Appends the points of a cloud of the same fields.
  /// @throws Error(Fault::kInput) as write_cloud; Error(Fault::kUsage) when the fields differ
  void append(const PointCloud& piece);
  /// Completes the file and gives it its name.
  /// @throws Error(Fault::kInput); Error(Fault::kUsage) unless there were as many points as said
  void commit();

 private:
  struct Parts;
  std::unique_ptr<Parts> parts_;
};

/// Throws what the constructor of a CloudWriter would throw because the format cannot hold the
/// cloud; touches no file.
void check_piecewise_format(const std::filesystem::path& path, const PointCloud& head,
                            const CloudShape& shape, const LasOptions& las = {});

}  // namespace ptattn
