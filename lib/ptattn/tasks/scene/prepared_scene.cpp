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

PreparedScene prepare_part(const PointCloud& cloud, const SceneProfile& profile,
                           const WholeScene& whole) {
  PreparedScene scene;
  scene.voxels = voxelize_part(cloud, profile, whole.box);
  SceneFeatures features = scene_features(cloud, scene.voxels, profile, &whole.fields);
  scene.channels = std::move(features.values);
  scene.notes = std::move(features.notes);
  return scene;
}

}  // namespace ptattn
