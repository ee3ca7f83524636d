#pragma once

#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "ptattn/cloud/bounds.hpp"
#include "ptattn/cloud/point_cloud.hpp"
#include "ptattn/cloud/reference_system.hpp"
#include "ptattn/cloud/strays.hpp"
#include "ptattn/tasks/geometry/scene_pose.hpp"
#include "ptattn/tasks/geometry/unit_guess.hpp"

namespace ptattn::tools {

/// What a field holds.
struct FieldFacts {
  std::string name;
  std::string type;  ///< "float32", "uint8 x 3"
  double low = 0.0;  ///< of the values that are numbers
  double high = 0.0;
  std::size_t not_numbers = 0;  ///< NaN or infinite
  std::string meaning{};        ///< what tools take it for; empty: nothing known
  /// Values and how often they occur, of labels with few of them.
  std::map<std::int64_t, std::size_t> classes{};
};

/// What the header of a LAS or LAZ file says.
struct LasFacts {
  std::string version;
  unsigned point_format = 0;
  std::array<double, 3> scale{};
  std::array<double, 3> offset{};
  std::vector<std::string> records{};  ///< "LASF_Projection 2112: 512 bytes, OGC WKT"
};

/// What can be said of a cloud without any model.
struct CloudFacts {
  std::size_t points = 0;
  std::size_t finite = 0;
  std::size_t width = 0;
  std::size_t height = 1;  ///< above 1: organised
  std::vector<FieldFacts> fields{};
  PositionBounds bounds{};  ///< of the points that are neither stray nor NaN
  Strays strays{};
  double spacing = 0.0;  ///< median distance to the nearest point
  std::optional<ScenePose> pose{};
  UnitGuess unit{};
  ReferenceSystem system{};
  std::optional<LasFacts> las{};
  std::vector<std::string> made_by{};  ///< command, model and options, the oldest first
};

/// Looks at all values of a cloud once, and at its shape as `scene_pose` and `guess_unit` do.
/// @throws Error(Fault::kInput) for a cloud without coordinates
/// Time O(n fields) and that of a nearest neighbour search for 4096 points.
[[nodiscard]] CloudFacts facts_of(const PointCloud& cloud);

/// Returns what the code of a LAS file stands for; empty for codes that are not defined.
[[nodiscard]] std::string asprs_name(std::int64_t code);

}  // namespace ptattn::tools
