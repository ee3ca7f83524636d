#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ptattn/models/classifier.hpp"
#include "ptattn/models/files/weights.hpp"
#include "ptattn/models/precision.hpp"

namespace ptattn {

/// Which network to build, in the words of a config.json.
struct ArchitectureConfig {
  std::string architecture;      ///< such as "pct_cls"
  std::string hyper_parameters;  ///< a JSON object; absent keys have the published network's values
  std::string subject;           ///< what error messages call it, such as the path of config.json
};

/// Architectures that make_classifier knows, sorted.
[[nodiscard]] std::vector<std::string> classifier_architectures();

/// Builds the network that `config` describes with the values of `weights`.
///
/// Names of weights may carry the prefixes `module.` and `backbone.`; counters that inference does
/// not need (`num_batches_tracked`) are ignored.
/// @param precision  8-bit weights are made of those of `weights`, once; float32 ones are not kept
/// @throws Error(Fault::kModel) when the architecture is unknown, a hyper-parameter is unknown or
///         out of range, or the weights do not fit: all missing, extra and misshapen tensors are
///         named in one line
[[nodiscard]] std::unique_ptr<Classifier> make_classifier(
    const ArchitectureConfig& config, const WeightSource& weights,
    Precision precision = Precision::kFloat32);

}  // namespace ptattn
