#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "ptattn/train/augment.hpp"
#include "ptattn/train/stream.hpp"

namespace ptattn::train {

struct SceneStreamOptions {
  std::uint64_t seed = 1;
  std::size_t voxels = 18'000;  ///< per step, about: several crops of different sizes
  SceneAugmentation augmentation = SceneAugmentation::kAerial;
  double mix = 0.0;           ///< share of crops that another one is laid over (Mix3D, Nekrasov
                              ///< et al. 2021)
  Label stray = kUnlabelled;  ///< of stray points, see LabelSpace::find_or_add("not_ground")
};

/// Draws crops of labelled scenes, augmented.
///
/// A crop is a turned square around a point. Which: in three fifths of the cases a label is drawn,
/// with probability proportional to (its points)^0.3, then a scene in proportion to the square root
/// of its points of that label, then one of these points; else a scene in proportion to the square
/// root of its extent and any point of it. In three quarters of the crops the density is drawn
/// log-uniformly, from 0.0375 points per voxel area up to that of the scene or, in two fifths of
/// these, up to a third of a point per voxel area.
class SceneStream final : public SampleStream {
 public:
  /// @param scenes  not empty; kept
  SceneStream(std::vector<LabelledCloud> scenes, LabelSpace space, SceneProfile profile,
              const SceneStreamOptions& options);

  [[nodiscard]] Batch batch(std::uint64_t step) const override;
  [[nodiscard]] const std::vector<LabelledCloud>& scenes() const { return scenes_; }
  /// Returns the points of each label in all scenes.
  [[nodiscard]] const std::vector<std::size_t>& label_counts() const { return label_counts_; }

  /// Returns an augmented crop of about `voxels` voxels; may be too small to use.
  [[nodiscard]] LabelledCloud draw_crop(Draws& draws, double voxels) const;

 private:
  struct SceneDetail {
    double density;                                // points per square unit
    std::vector<std::vector<std::uint32_t>> rows;  // of each label
  };
  struct Choice {
    std::size_t scene;
    std::uint32_t row;
  };
  [[nodiscard]] Choice choose_center(Draws& draws) const;
  [[nodiscard]] LabelledCloud draw_one(Draws& draws, double voxels) const;

  std::vector<LabelledCloud> scenes_;
  LabelSpace space_;
  SceneProfile profile_;
  SceneStreamOptions options_;
  std::vector<SceneDetail> details_;
  std::vector<std::size_t> label_counts_;
  std::vector<double> label_weights_;
  std::vector<double> scene_weights_;
};

}  // namespace ptattn::train
