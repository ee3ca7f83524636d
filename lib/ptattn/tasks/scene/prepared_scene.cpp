#include "ptattn/tasks/scene/prepared_scene.hpp"

#include <utility>

#include "ptattn/tasks/scene/features.hpp"

namespace ptattn {

PreparedScene prepare_scene(const PointCloud& cloud, const SceneProfile& profile,
                            std::string_view subject, double degrees) {
  PreparedScene scene;
  scene.voxels = voxelize(cloud, profile, subject, degrees);
  SceneFeatures features = scene_features(cloud, scene.voxels, profile);
  scene.channels = std::move(features.values);
  scene.notes = std::move(features.notes);
  return scene;
}

}  // namespace ptattn
