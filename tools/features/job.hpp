#pragma once

#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "ptattn/cloud/point_cloud.hpp"
#include "ptattn/cloud/strays.hpp"
#include "ptattn/core/matrix.hpp"
#include "ptattn/models/model_folder.hpp"
#include "ptattn/tasks/features/geometry_features.hpp"
#include "ptattn/tasks/inspect/layer_features.hpp"
#include "ptattn/tasks/progress.hpp"
#include "settings.hpp"

namespace ptattn::tools {

/// The features of one kind for one cloud, known but not yet computed.
struct FeatureJob {
  std::vector<std::string> names;  ///< what each channel means
  /// [points that are finite, channels]; appends to `remarks` what was chosen for the user
  std::function<Matrix(const ProgressCallback& progress, Remarks& remarks)> compute;
};

/// The cloud as all kinds of features need it.
struct FeatureCloud {
  const PointCloud& cloud;
  std::string path;
  std::vector<std::size_t> points;  ///< those with finite coordinates
  RawVector<Position> positions;    ///< theirs
  Axis up = Axis::kZ;               ///< for geometry
};

/// @throws Error(Fault::kInput) when the cloud has no coordinates
[[nodiscard]] FeatureCloud make_feature_cloud(const PointCloud& cloud, const std::string& path);

/// Takes out the points that lie far from all others.
/// @return  what there is to say about it and about the coordinates
[[nodiscard]] Remarks leave_out_strays(FeatureCloud& cloud);

/// Returns what geometry features are computed by.
[[nodiscard]] GeometryOptions geometry_options(const FeatureSettings& settings, Axis up);

/// Says what becomes of stray points.
void add_stray_note(const Strays& strays, std::size_t points, Remarks& remarks);

/// Geometry, encoding and attention. Everything referred to must outlive the job.
/// @throws Error for inputs that the cloud does not have
[[nodiscard]] FeatureJob make_job(const FeatureSettings& settings, const FeatureCloud& cloud);

/// A layer of a model, which is checked before the cloud is read.
class LayerJob {
 public:
  /// @throws Error(Fault::kModel) when the model cannot be loaded; Error(Fault::kUsage) when it has
  ///         no such layer, or other options do not fit it
  explicit LayerJob(const FeatureSettings& settings);
  [[nodiscard]] FeatureJob make_job(const FeatureCloud& cloud) const;
  /// Whether the model takes scenes, which lie as --up and --unit say.
  [[nodiscard]] bool takes_scenes() const { return std::holds_alternative<SegmenterModel>(model_); }

 private:
  Model model_;
  std::string layer_;
  std::size_t channels_ = 0;
  std::optional<Axis> up_;     // for classifiers; nullopt: the likeliest one
  SceneLayerOptions scene_{};  // for models over points
};

/// Returns the names of the layers that --layer takes.
[[nodiscard]] std::vector<std::string> layer_names(const std::string& model);

/// Prints --list-layers: the layers of a model with their tokens and channels.
/// @return  the exit code, 0
[[nodiscard]] int print_layers(const std::string& model, std::optional<Format> format);

}  // namespace ptattn::tools
