#include "scenarios.hpp"

#include <memory>
#include <numeric>
#include <span>
#include <string_view>

#include "../tasks/test_clouds.hpp"
#include "../tools/scratch.hpp"
#include "ptattn/cloud/columns.hpp"
#include "ptattn/core/random.hpp"
#include "ptattn/io/cloud_io.hpp"
#include "ptattn/models/model_folder.hpp"
#include "ptattn/tasks/classify/classify.hpp"
#include "ptattn/tasks/features/attention_features.hpp"
#include "ptattn/tasks/features/geometry_features.hpp"
#include "ptattn/tasks/inspect/attention_map.hpp"
#include "ptattn/tasks/inspect/layer_features.hpp"
#include "ptattn/tasks/segment/segment.hpp"
#include "ptattn/tasks/smooth/smooth_field.hpp"
#include "ptattn/tasks/smooth/smooth_surface.hpp"

namespace ptattn::test {
namespace {

constexpr std::size_t kObjectPoints = 800;
constexpr std::size_t kScenePoints = 800;
constexpr std::size_t kTileVoxels = 300;

template <class T>
std::uint64_t hash_of(std::span<const T> values) {
  return fnv1a64({reinterpret_cast<const char*>(values.data()), values.size_bytes()});
}

std::uint64_t hash_of(const PointCloud& cloud) {
  std::uint64_t hash = cloud.size();
  for (const Field& field : cloud.fields()) hash = 31 * hash + hash_of(field.bytes());
  return hash;
}

/// What the scenarios work on; made once.
struct Materials {
  explicit Materials(const std::filesystem::path& where) : folder(where) {
    write_tiny_model(folder / "tiny");
    classifier = load_classifier(folder / "tiny");
    aerial = load_segmenter(PTATTN_SOURCE_DIR "/samples/models/aerial");
    scene_positions = lopsided_points(kScenePoints, 3);
    for (Position& p : scene_positions) {
      for (double& x : p) x *= 20.0;  // metres
    }
    scene = cloud_of(scene_positions);
  }

  std::filesystem::path folder;
  ClassifierModel classifier;
  SegmenterModel aerial;
  std::vector<Position> object_positions = lopsided_points(kObjectPoints);
  PointCloud object = cloud_of(object_positions);
  std::vector<Position> scene_positions;
  PointCloud scene;
};

std::uint64_t run_segment(const Materials& m) {
  const Segmentation result =
      segment(m.aerial, m.scene,
              {.tiling = {.max_tile_voxels = kTileVoxels, .tile_margin = 4}, .votes = 2});
  return hash_of<std::uint32_t>(result.labels) + 31 * hash_of<float>(result.entropy);
}

std::uint64_t run_attention_features(const Materials& m) {
  const std::vector<std::string> names{"xyz"};
  const auto columns = select_columns(m.object, names);
  std::vector<std::size_t> points(m.object.size());
  std::iota(points.begin(), points.end(), std::size_t{0});
  const auto features = attention_features(m.object_positions, columns, points, {});
  return hash_of<float>(features.values.values());
}

std::uint64_t run_layer_features(const Materials& m) {
  Remarks remarks;
  const Matrix values =
      layer_features(m.aerial, layers_of(m.aerial).back().name, m.scene,
                     {.tiling = {.max_tile_voxels = kTileVoxels, .tile_margin = 4}}, remarks);
  return hash_of<float>(values.values());
}

std::uint64_t run_smooth_surface(const Materials& m) {
  std::vector<Position> positions = m.object_positions;
  (void)smooth_surface(positions, {});
  return hash_of<Position>(positions);
}

std::uint64_t run_smooth_field(const Materials& m) {
  Field field("f", FieldType::kFloat32, kObjectPoints);
  for (std::size_t i = 0; i < kObjectPoints; ++i) {
    field.values<float>()[i] = static_cast<float>(i * 7919 % 1000);
  }
  std::vector<std::size_t> points(kObjectPoints);
  std::iota(points.begin(), points.end(), std::size_t{0});
  (void)smooth_field(field, points, m.object_positions, {});
  return hash_of(std::span<const std::byte>(field.bytes()));
}

template <class Model>
std::uint64_t run_attention(const Model& model, const PointCloud& cloud) {
  const AttentionQuery query{.choice = {.layers = {model.network->attention_layers()[0]}},
                             .picture_cells = 16};
  return hash_of<float>(attention_map(model, cloud, query).points);
}

/// Small models of both tasks: config.json, the header of the weights, the weights.
std::uint64_t run_load_models(const Materials& m) {
  const ClassifierModel classifier = load_classifier(m.folder / "tiny");
  const ClassifyOptions options{.votes = 1, .up = std::nullopt};
  const auto result = classify(classifier, m.object, options);
  const SegmenterModel points = load_segmenter(PTATTN_SOURCE_DIR "/samples/models/aerial");
  std::uint64_t hash = hash_of<double>(result.probabilities);
  for (const std::string& name : points.description.classes) hash = 31 * hash + fnv1a64(name);
  return 31 * hash + points.network->out_channels();
}

std::uint64_t run_files(const Materials& m, const char* name, Encoding encoding) {
  write_cloud(m.folder / name, m.scene, encoding);
  return hash_of(read_cloud(m.folder / name));
}

}  // namespace

std::vector<Scenario> scenarios(const std::filesystem::path& folder) {
  const auto m = std::make_shared<const Materials>(folder);
  return {
      {"classify",
       [m] {
         const ClassifyOptions options{.votes = 4, .up = std::nullopt};
         return hash_of<double>(classify(m->classifier, m->object, options).probabilities);
       }},
      {"load_models", [m] { return run_load_models(*m); }},
      {"segment", [m] { return run_segment(*m); }},
      {"attention_features", [m] { return run_attention_features(*m); }},
      {"geometry_features",
       [m] { return hash_of<float>(geometry_features(m->object_positions, {}).values()); }},
      {"layer_features", [m] { return run_layer_features(*m); }},
      {"smooth_surface", [m] { return run_smooth_surface(*m); }},
      {"smooth_field", [m] { return run_smooth_field(*m); }},
      {"attention_of_an_object", [m] { return run_attention(m->classifier, m->object); }},
      {"attention_of_a_scene", [m] { return run_attention(m->aerial, m->scene); }},
      {"ply", [m] { return run_files(*m, "cloud.ply", Encoding::kBinary); }},
      {"ply_text", [m] { return run_files(*m, "text.ply", Encoding::kAscii); }},
      {"pcd", [m] { return run_files(*m, "cloud.pcd", Encoding::kBinaryCompressed); }},
  };
}

}  // namespace ptattn::test
