#include "ptattn/train/scene_stream.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "ptattn/core/error.hpp"

namespace ptattn::train {
namespace {

constexpr double kDensityCell = 20.0;     // voxels
constexpr double kLeastDensity = 0.0375;  // points per voxel area
constexpr double kSparseDensity = 0.325;
constexpr double kOwnDensity = 0.25;    // share of crops that are not thinned
constexpr double kSparseShare = 0.4;    // of the others
constexpr double kCenteredShare = 0.6;  // crops around a point of a drawn label
constexpr double kFrequencyPower = 0.3;
constexpr std::size_t kFewestVoxels = 64;
constexpr std::size_t kMostTries = 200;  // for one step

/// Voxels per voxel area of a surveyed surface: dense clouds fill walls and crowns, sparse ones
/// have a voxel per point.
double voxels_per_area(double points_per_area) {
  constexpr double kSaturation = 3.0;
  return kSaturation * (1.0 - std::exp(-points_per_area / kSaturation));
}

bool is_useful(const Batch& batch) {
  return batch.rows() >= kFewestVoxels &&
         std::ranges::any_of(batch.counts, [](float count) { return count > 0.0F; });
}

}  // namespace

SceneStream::SceneStream(std::vector<LabelledCloud> scenes, LabelSpace space, SceneProfile profile,
                         const SceneStreamOptions& options)
    : scenes_(std::move(scenes)),
      space_(std::move(space)),
      profile_(std::move(profile)),
      options_(options),
      label_counts_(space_.size(), 0) {
  if (scenes_.empty()) throw Error(Fault::kUsage, "training data", "holds no scene to learn from");
  for (const LabelledCloud& scene : scenes_) {
    SceneDetail& detail = details_.emplace_back();
    detail.density = plan_density(scene, kDensityCell * profile_.voxel);
    detail.rows.resize(space_.size());
    for (std::size_t i = 0; i < scene.size(); ++i) {
      if (scene.labels[i] == kUnlabelled) continue;
      detail.rows[scene.labels[i]].push_back(static_cast<std::uint32_t>(i));
    }
    for (std::size_t l = 0; l < space_.size(); ++l) label_counts_[l] += detail.rows[l].size();
    scene_weights_.push_back(std::sqrt(static_cast<double>(scene.size()) / detail.density));
  }
  for (const std::size_t count : label_counts_) {
    label_weights_.push_back(std::pow(static_cast<double>(count), kFrequencyPower));
  }
  if (std::ranges::all_of(label_counts_, [](std::size_t count) { return count == 0; })) {
    throw Error(Fault::kInput, "training data", "has no labelled point");
  }
}

SceneStream::Choice SceneStream::choose_center(Draws& draws) const {
  if (!draws.chance(kCenteredShare)) {
    const std::size_t scene = draws.weighted(scene_weights_);
    return {scene, static_cast<std::uint32_t>(draws.below(scenes_[scene].size()))};
  }
  const std::size_t label = draws.weighted(label_weights_);
  std::vector<double> weights;
  for (const SceneDetail& scene : details_) {
    weights.push_back(std::sqrt(static_cast<double>(scene.rows[label].size())));
  }
  const std::size_t scene = draws.weighted(weights);
  const auto& rows = details_[scene].rows[label];
  return {scene, rows[draws.below(rows.size())]};
}

LabelledCloud SceneStream::draw_one(Draws& draws, double voxels) const {
  const auto [index, row] = choose_center(draws);
  const LabelledCloud& scene = scenes_[index];
  const double area = profile_.voxel * profile_.voxel;
  const double full = details_[index].density * area;  // points per voxel area
  const bool augmented = options_.augmentation != SceneAugmentation::kNone;
  const double most =
      draws.chance(kSparseShare) ? kSparseDensity : std::max(full, 2 * kLeastDensity);
  const double drawn = draws.log_uniform(kLeastDensity, most);
  const double wanted = draws.chance(kOwnDensity) || !augmented ? full : std::min(full, drawn);
  const double side = std::clamp(std::sqrt(voxels / voxels_per_area(wanted)), 40.0, 500.0);
  const auto& center = scene.positions[row];
  LabelledCloud crop =
      cut_square(scene, {{center[0], center[1]}, side * profile_.voxel}, draws, augmented);
  if (!augmented) return crop;
  crop = thin(crop, wanted / full, wanted / area, draws);
  if (crop.size() < kFewestVoxels) return crop;
  return change_survey(std::move(crop),
                       {.kind = options_.augmentation,
                        .voxel = profile_.voxel,
                        .sparse = wanted < kSparseDensity,
                        .stray = options_.stray},
                       draws);
}

LabelledCloud SceneStream::draw_crop(Draws& draws, double voxels) const {
  LabelledCloud crop = draw_one(draws, voxels);
  if (options_.mix > 0.0 && draws.chance(options_.mix)) {
    append(crop, draw_one(draws, voxels));
  }
  return crop;
}

Batch SceneStream::batch(std::uint64_t step) const {
  const auto budget = static_cast<double>(options_.voxels);
  std::vector<Batch> parts;
  double total = 0.0;
  for (std::size_t item = 0; total < 0.8 * budget; ++item) {
    if (item == kMostTries) {
      throw Error(Fault::kInput, "training data",
                  "gave no crop with a label in " + std::to_string(kMostTries) + " tries");
    }
    Draws draws(options_.seed, step, item);
    const double voxels = std::min(budget - total, budget * std::exp(draws.uniform(-1.6, 0.0)));
    const LabelledCloud crop = draw_crop(draws, voxels);
    if (crop.size() < kFewestVoxels) continue;
    VoxelSample sample = make_voxel_sample(crop, space_, profile_);
    if (!is_useful(sample.batch)) continue;
    total += static_cast<double>(sample.batch.rows());
    parts.push_back(std::move(sample.batch));
  }
  return join(parts);
}

}  // namespace ptattn::train
