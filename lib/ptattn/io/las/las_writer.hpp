#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "ptattn/cloud/point_cloud.hpp"
#include "ptattn/io/atomic_file.hpp"
#include "ptattn/io/cloud_io.hpp"
#include "ptattn/io/las/bounds.hpp"
#include "ptattn/io/las/las_plan.hpp"
#include "ptattn/io/las/laz/laz_points.hpp"

namespace ptattn::io {

/// Throws what write_las would throw before it looks at single values.
void check_las(const PointCloud& cloud, const LasOptions& options, std::string_view subject);

/// Writes a LAS file, or with `compressed` a LAZ file, piece by piece into `file`, which the caller
/// commits; see write_cloud.
///
/// What a cloud that was a LAS file brought along is written as it was read: header, VLRs, EVLRs,
/// scale, offset and every stored integer whose field still has the value it was read with. Counts
/// and bounds are those of the points.
class LasWriter {
 public:
  /// @param file    outlives this, as `head` does
  /// @param head    the cloud, or one of its fields and metadata without its points, provided that it
  ///                was a LAS file: other clouds are planned by looking at all of their values
  /// @param points  of the whole
  /// @throws Error(Fault::kInput) for what LAS cannot hold, see plan_las
  LasWriter(AtomicFile& file, const PointCloud& head, std::uint64_t points, bool compressed,
            const LasOptions& options);
  /// Appends the points of `piece`, a cloud of the same fields: `head` itself, or any part.
  /// @throws Error(Fault::kInput) for values that the place of their field has no room for
  void append(const PointCloud& piece);
  /// Writes what stands behind the points, and the header anew.
  void finish();

 private:
  void append_chunks(const PointCloud& piece, std::span<const las::ColumnSource> sources);
  void note_values(const PointCloud& piece);
  void settle_bounds();

  AtomicFile& file_;
  const PointCloud& head_;
  LasOptions options_;
  las::LasPlan plan_;
  las::laz::LazSettings settings_{};             ///< of a compressed file
  std::optional<las::laz::ChunkWriter> chunks_;  ///< of a compressed file
  std::optional<las::Bounds> bounds_;            ///< of the points so far
  std::array<std::uint64_t, 15> returns_{};
};

/// Writes a whole cloud so.
void write_las(AtomicFile& file, const PointCloud& cloud, bool compressed,
               const LasOptions& options);

}  // namespace ptattn::io
