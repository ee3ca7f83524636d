#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ptattn/models/architecture.hpp"
#include "ptattn/models/classifier.hpp"
#include "ptattn/models/files/weights.hpp"
#include "ptattn/models/point_network.hpp"
#include "ptattn/models/precision.hpp"

namespace ptattn {

/// Holds what a model is for.
enum class ModelTask : std::uint8_t {
  kClassification,  ///< classifies a cloud as a whole
  kPoints,          ///< labels every point, or describes it by features
};

/// Lists the architectures of a task, sorted.
[[nodiscard]] std::vector<std::string> architectures_of(ModelTask task);

/// Returns the task of an architecture; nullopt for an unknown one.
[[nodiscard]] std::optional<ModelTask> task_of(std::string_view architecture);

/// Builds the classifier that `config` describes with the values of `weights`.
///
/// Names of weights may carry the prefixes `module.` and `backbone.`; counters that inference does
/// not need (`num_batches_tracked`) are ignored.
/// @param precision  rounded weights are made of those of `weights`, once; float32 ones are not kept
/// @throws Error(Fault::kModel) when the architecture is unknown, a hyper-parameter is unknown or
///         out of range, or the weights do not fit: all missing, extra and misshapen tensors are
///         named in one line
[[nodiscard]] std::unique_ptr<Classifier> make_classifier(
    const ArchitectureConfig& config, const WeightSource& weights,
    Precision precision = Precision::kFloat32);

/// Builds the network over points that `config` describes with the values of `weights`. Where these
/// hold examples (`head.keys`), its head is attention over them: see KernelHead.
/// @param precision  float32; for Point Transformer V3, LitePT and Volt also bf16 and int8
/// @throws Error(Fault::kModel) as make_classifier; Error(Fault::kUsage) for another precision
[[nodiscard]] std::unique_ptr<PointNetwork> make_point_network(
    const ArchitectureConfig& config, const WeightSource& weights,
    Precision precision = Precision::kFloat32);

/// Builds the network that `config` describes without its head: it gives the features that the head
/// sees.
/// Tensors of heads in `weights` are passed over.
/// @throws Error(Fault::kModel) as make_point_network, and for an architecture that needs its head
[[nodiscard]] std::unique_ptr<PointNetwork> make_feature_network(
    const ArchitectureConfig& config, const WeightSource& weights,
    Precision precision = Precision::kFloat32);

}  // namespace ptattn
