#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "ptattn/core/matrix.hpp"
#include "ptattn/models/point_network.hpp"
#include "ptattn/models/scene_profile.hpp"
#include "ptattn/train/labelled_cloud.hpp"

namespace ptattn::train {

/// Represents a layer that names classes: scores = x weight^T + bias.
struct LinearHead {
  Matrix weight;            ///< [classes, c]
  std::vector<float> bias;  ///< [classes]
  /// [classes] true: the class has weights of its own; false: it is new, its row is zero.
  std::vector<bool> known;

  [[nodiscard]] bool knows_a_class() const;
};

/// Holds voxels that a head is fitted to.
struct HeadExamples {
  Matrix features;              ///< [n, c] what the head sees
  Matrix channels{};            ///< [n, d] what the network sees
  Matrix targets;               ///< [n, classes] shares of the classes, rows sum to 1
  std::vector<float> weights;   ///< [n]
  std::vector<bool> has_label;  ///< [n] false: the target is what the model says
  std::vector<std::array<float, 3>> positions;  ///< [n] in their cloud
  std::vector<std::uint32_t> clouds;            ///< [n] the number of their cloud
  std::vector<std::size_t> labelled;            ///< [classes] voxels with a label of the class

  [[nodiscard]] std::size_t size() const { return weights.size(); }
};

struct ExampleOptions {
  std::uint64_t seed = 1;
  std::size_t most_per_class = 2048;   ///< labelled voxels
  std::size_t most_unlabelled = 4096;  ///< voxels that keep what the model says
  double label_weight = 0.3;  ///< of all labels of a class together, against all unlabelled voxels
  std::size_t memory = 0;     ///< bytes that the network may take, see TilingOptions
};

/// Shows clouds to a network without its head and takes voxels with labels, and of the others some
/// whose targets are what the model says of them: so a class can be added by labels of this class
/// alone. Where the model knows no class, the others are passed over and classes weigh by the root
/// of their numbers. Labels that only say what a point is not are passed over.
///
/// @param network  gives features, see make_feature_network of registry.hpp
/// @param head     of the model, for its opinion
/// @throws Error(Fault::kInput) as prepare_scene, and where no voxel has a label
/// Time of a forward pass over all clouds; the same bits for any thread count.
[[nodiscard]] HeadExamples collect_examples(const PointNetwork& network,
                                            const SceneProfile& profile, const LinearHead& head,
                                            std::span<const LabelledCloud> clouds,
                                            const ExampleOptions& options);

}  // namespace ptattn::train
