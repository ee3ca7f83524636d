#include "profiles.hpp"

namespace ptattn::tools {

nlohmann::ordered_json object_preprocessing() {
  return {{"points", 1024},
          {"min_points", 128},
          {"resample", "fps_or_repeat"},
          {"center", "centroid"},
          {"scale", "unit_sphere"},
          {"up", "z"},
          {"vote_rotation_z_degrees", 10.0}};
}

nlohmann::ordered_json part_preprocessing(double voxel) {
  return {{"kind", "object"},
          {"unit", "radius"},
          {"up", "z"},
          {"voxel", voxel},
          {"features",
           {"x", "y", "z", "count", "thickness_1", "scatter_1", "vertical_1", "crowd_1",
            "thickness_2", "scatter_2", "vertical_2", "crowd_2"}},
          {"origin", "center_bottom"},
          {"squash", 0.02}};
}

}  // namespace ptattn::tools
