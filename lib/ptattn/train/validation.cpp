#include "ptattn/train/validation.hpp"

#include <algorithm>
#include <utility>

#include "ptattn/tasks/segment/segment.hpp"
#include "ptattn/train/relief.hpp"

namespace ptattn::train {
namespace {

constexpr double kDensityCell = 20.0;  // voxels
constexpr double kTilt = 0.6;          // tangent of 31 degrees

/// The class of the space for each class of the model; one more than all where there is none.
std::vector<std::uint32_t> class_table(const SegmenterModel& model, const LabelSpace& space) {
  std::vector<std::uint32_t> table;
  for (const std::string& name : model.description.classes) {
    const auto found = std::ranges::find(space.classes, name);
    table.push_back(static_cast<std::uint32_t>(found - space.classes.begin()));
  }
  return table;
}

LabelledCloud thinned(const LabelledCloud& cloud, double density, double voxel) {
  const double full = plan_density(cloud, kDensityCell * voxel);
  Draws draws(fnv1a64(cloud.name), 0, 0);
  return select_if(cloud, [&](std::size_t) { return draws.chance(density / full); });
}

LabelledCloud bare(LabelledCloud cloud, const char* suffix) {
  cloud.drop(AttributeKind::kIntensity);
  cloud.drop(AttributeKind::kReturns);
  cloud.name += suffix;
  return cloud;
}

LabelledCloud tilted(LabelledCloud cloud, double voxel) {
  constexpr double kAerialVoxel = 0.5;
  Draws draws(fnv1a64(cloud.name), 1, 0);
  bend(cloud, draws, {.slope = kTilt}, true, voxel / kAerialVoxel);
  return cloud;
}

}  // namespace

std::vector<CloudScores> validate(const SegmenterModel& model,
                                  std::span<const LabelledCloud> clouds, const LabelSpace& space,
                                  const ValidationOptions& how) {
  const std::vector<std::uint32_t> table = class_table(model, space);
  std::vector<CloudScores> results;
  for (const LabelledCloud& cloud : clouds) {
    if (how.between && !how.between()) break;
    const SegmentOptions options{.tiling = {.memory = how.memory},
                                 .probabilities = how.sample != nullptr};
    Segmentation found = segment(model, to_point_cloud(cloud), options);
    std::vector<std::uint32_t> predicted(cloud.size());
    std::vector<Label> labels = cloud.labels;
    for (std::size_t i = 0; i < cloud.size(); ++i) {
      predicted[i] = table[found.labels[i]];
      const bool known =
          labels[i] >= space.classes.size() || std::ranges::find(table, labels[i]) != table.end();
      if (!known) labels[i] = kUnlabelled;
    }
    results.push_back({cloud.name, Scores(space)});
    results.back().scores.add(predicted, found.confidence, labels);
    if (how.sample == nullptr) continue;
    how.sample->features.push_back({how.sample->features.size(), std::move(found.sampled)});
    how.sample->unsure_shares.push_back(found.unsure_share);
    how.sample->confidences.add(
        found.probabilities, [&](std::size_t i) { return labels[i] < space.classes.size(); },
        [&](std::size_t i) { return predicted[i] == labels[i]; });
  }
  return results;
}

std::vector<LabelledCloud> harder_surveys(std::span<const LabelledCloud> clouds, double voxel) {
  const double area = voxel * voxel;
  const std::array densities{0.25 / area, 0.075 / area};
  std::vector<LabelledCloud> result;
  for (const LabelledCloud& cloud : clouds) {
    const double full = plan_density(cloud, kDensityCell * voxel);
    result.push_back(bare(cloud, " xyz"));
    if (full > densities[0]) result.push_back(bare(thinned(cloud, densities[0], voxel), " sparse"));
    if (full > densities[1]) {
      result.push_back(bare(thinned(cloud, densities[1], voxel), " sparser"));
    }
    const double density = std::min(full, densities[0]);
    result.push_back(bare(tilted(thinned(cloud, density, voxel), voxel), " sparse tilted"));
  }
  return result;
}

}  // namespace ptattn::train
