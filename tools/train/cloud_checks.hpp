#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <unordered_set>
#include <vector>

#include "../progress.hpp"
#include "ptattn/cloud/frame_change.hpp"
#include "ptattn/cloud/point_cloud.hpp"
#include "settings.hpp"

namespace ptattn::tools {

/// Looks at the clouds that a model learns from and is measured by, one after the other, and says
/// on standard error what is doubtful about them: what the reader noticed, another axis up, another
/// unit, labels that a model made, points that are both learnt from and held out.
class CloudChecks {
 public:
  /// @param field    of the labels
  /// @param objects  the clouds are single objects, of any unit
  CloudChecks(const TrainSettings& settings, std::string field, bool objects);

  /// Returns how a cloud's coordinates are meant, as --up and --unit say.
  /// @throws Error(Fault::kInput) for a cloud that auto finds to be in degrees;
  ///         Error(Fault::kUsage) for --up auto with objects
  [[nodiscard]] CloudFrame frame_of(const PointCloud& cloud, const std::filesystem::path& path);
  /// Looks at a cloud in the frame that it is taken in.
  void look_at(const PointCloud& cloud, const std::filesystem::path& path);
  /// Remembers some of the points of a cloud, as learnt from or not.
  void keep_sample(const PointCloud& cloud, const std::string& name, bool is_learnt);
  /// Says so where clouds that are not learnt from share points with those that are.
  void compare_samples();

 private:
  struct Sample {
    std::string name;
    std::vector<std::uint64_t> points;
  };

  const TrainSettings& settings_;
  std::string field_;
  bool objects_;
  Progress progress_;
  std::unordered_set<std::uint64_t> learnt_{};
  std::vector<Sample> others_{};
};

}  // namespace ptattn::tools
