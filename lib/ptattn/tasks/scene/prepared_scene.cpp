#include "ptattn/tasks/scene/prepared_scene.hpp"

#include <string>
#include <utility>

#include "ptattn/tasks/scene/features.hpp"

namespace ptattn {

PreparedScene prepare_scene(const PointCloud& cloud, const SceneProfile& profile, double degrees) {
  PreparedScene scene;
  scene.voxels = voxelize(cloud, profile, degrees);
  SceneFeatures features = scene_features(cloud, scene.voxels, profile);
  scene.channels = std::move(features.values);
  scene.notes = std::move(features.notes);
  const std::string strays = stray_note(scene.voxels.strays, cloud.size());
  if (!strays.empty()) scene.notes.push_back(strays);
  return scene;
}

}  // namespace ptattn
