#pragma once

#include <memory>
#include <optional>
#include <vector>

#include "ptattn/cloud/point_cloud.hpp"
#include "ptattn/cloud/types.hpp"

namespace ptattn {

/// Says how a cloud's coordinates are meant.
struct CloudFrame {
  Axis up = Axis::kZ;
  double metres = 1.0;  ///< that one unit is long

  /// Returns whether nothing needs to change: z points up, in metres.
  [[nodiscard]] bool is_usual() const { return up == Axis::kZ && metres == 1.0; }
};

/// Gives a cloud coordinates whose z points up, in metres, as long as it lives: those of its fields
/// x, y, z (under any of their names) become `metres` times `upright`, as float64; normals (see
/// find_normals) are turned as well. What a LAS file says of itself is hidden where the unit
/// changes, since its reference system no longer holds. The destructor puts the old fields back,
/// bit for bit. Does nothing for a usual frame.
///
/// Fields may be added to the cloud in between, not removed.
class FrameChange {
 public:
  /// @throws Error(Fault::kInput) for a cloud without coordinates
  FrameChange(PointCloud& cloud, const CloudFrame& frame);
  ~FrameChange();
  FrameChange(const FrameChange&) = delete;
  FrameChange& operator=(const FrameChange&) = delete;

 private:
  PointCloud& cloud_;
  std::vector<Field> old_;
  std::shared_ptr<const LasMetadata> las_;
};

}  // namespace ptattn
