#include "cloud_checks.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include "../cloud_options.hpp"
#include "../text.hpp"
#include "ptattn/cloud/normalize.hpp"
#include "ptattn/cloud/provenance.hpp"
#include "ptattn/cloud/strays.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/random.hpp"
#include "ptattn/tasks/scene/hints.hpp"

namespace ptattn::tools {
namespace {

constexpr std::uint64_t kOneOf = 16;      // points of a sample
constexpr double kStep = 0.001;           // files round coordinates in their own ways
constexpr double kSharedByChance = 0.01;  // of the points

/// Hashes of a sixteenth of the points, the same ones in every file that has them.
std::vector<std::uint64_t> sample_of(const PointCloud& cloud) {
  std::vector<std::uint64_t> points;
  for (const Position& p : cloud.positions()) {
    std::uint64_t hash = 0;
    for (const double x : p) {
      const double steps = std::isfinite(x) ? std::round(x / kStep) : 0.0;
      hash = splitmix64_mix(hash ^ std::hash<double>{}(steps));
    }
    if (hash % kOneOf == 0) points.push_back(hash);
  }
  return points;
}

}  // namespace

CloudChecks::CloudChecks(const TrainSettings& settings, std::string field, bool objects)
    : settings_(settings),
      field_(std::move(field)),
      objects_(objects),
      progress_("ptattn-train", 1) {}

CloudFrame CloudChecks::frame_of(const PointCloud& cloud, const std::filesystem::path& path) {
  if (!objects_) return settle_frame(settings_.frame, cloud, path.string(), progress_);
  if (!settings_.frame.up) {
    throw Error(Fault::kUsage, "--up", "is auto, expected an axis: objects lie in many ways");
  }
  return {*settings_.frame.up, 1.0};
}

void CloudChecks::look_at(const PointCloud& cloud, const std::filesystem::path& path) {
  const std::string name = path.string();
  tell_notes(cloud, name, progress_);
  const std::string model = find_labelling_model(cloud.metadata().comments, field_);
  if (!model.empty()) {
    progress_.warn(name, {"truth", "its labels, " + field_ + ", were made by the model " + model +
                                       ", whose mistakes would be learnt"});
  }
  if (objects_) return;
  RawVector<Position> positions = cloud.positions();
  (void)keep_finite(positions);
  drop_strays(positions, find_strays(positions, Subject::kScene));
  for (const Hint& hint : frame_hints(cloud, positions)) progress_.warn(name, hint);
}

void CloudChecks::keep_sample(const PointCloud& cloud, const std::string& name, bool is_learnt) {
  if (objects_) return;
  std::vector<std::uint64_t> points = sample_of(cloud);
  if (is_learnt) {
    learnt_.insert(points.begin(), points.end());
  } else {
    others_.push_back({name, std::move(points)});
  }
}

void CloudChecks::compare_samples() {
  for (const Sample& other : others_) {
    const auto shared = static_cast<double>(
        std::ranges::count_if(other.points, [&](std::uint64_t p) { return learnt_.contains(p); }));
    const double share = shared / std::max<double>(1.0, static_cast<double>(other.points.size()));
    if (share < kSharedByChance) continue;
    progress_.warn(other.name, {"shared", percent_text(share, 0) +
                                              " of its points are in clouds that are learnt from, "
                                              "so that its accuracy says little"});
  }
}

}  // namespace ptattn::tools
