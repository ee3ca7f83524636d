#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <vector>

#include "ptattn/cloud/paint.hpp"
#include "ptattn/models/files/weights.hpp"
#include "ptattn/models/registry.hpp"
#include "ptattn/models/reliability.hpp"
#include "ptattn/train/parameter_set.hpp"

namespace ptattn::train {

/// Holds what a model folder says about a network, apart from its weights.
struct ModelSpec {
  std::string name;
  std::string architecture;
  std::string hyper_parameters;  ///< a JSON object, see ArchitectureConfig
  std::string preprocessing;     ///< a JSON object, see read_scene_profile or ObjectProfile
  std::vector<std::string> classes;
  std::vector<Rgb> palette{};               ///< a color per class; empty: evenly spread hues
  std::vector<std::uint8_t> asprs_codes{};  ///< a code per class; empty: none
  std::vector<std::string> categories{};    ///< order of the objects that classes are parts of
  std::string purpose{};                    ///< in a few words; empty: not said
  std::string terms{};                      ///< of use, weights and training data
  std::string accuracy{};                   ///< as measured, with its data

  /// Returns what make_trainable_network needs.
  [[nodiscard]] ArchitectureConfig config() const;
  /// Returns the names of the channels, in order.
  [[nodiscard]] std::vector<std::string> channels() const;
};

/// Reads the specification of a model folder.
/// @throws Error(Fault::kModel)
[[nodiscard]] ModelSpec read_model_spec(const std::filesystem::path& folder);

/// Returns the same network for other classes.
[[nodiscard]] ModelSpec with_classes(ModelSpec spec, std::vector<std::string> classes);

/// Takes over the weights of a trained model: every tensor of the same name and shape; of the head
/// the rows of classes of the same name; of the first convolution the channels of the same name
/// (other channels begin at 0).
/// @return names of the parameters that stayed as they were, wholly or in part
std::vector<std::string> take_weights(ParameterSet& set, const ModelSpec& spec,
                                      const WeightSource& weights, const ModelSpec& from);

/// Writes `folder`/config.json, complete or not at all.
/// @throws Error(Fault::kInput) when it cannot be written
void write_model_config(const std::filesystem::path& folder, const ModelSpec& spec);

/// Writes `folder`/config.json and `folder`/model.safetensors, each complete or not at all.
/// @param values, buffers  in the layout of `set`
/// @param type             of matrices; biases, norms and statistics are float32
/// @throws Error(Fault::kInput) when they cannot be written
void write_model(const std::filesystem::path& folder, const ModelSpec& spec,
                 const ParameterSet& set, std::span<const float> values,
                 std::span<const float> buffers, WeightType type = WeightType::kFloat32);

/// Writes what validation has found into the config.json of a model folder, in place of what it
/// said; all else stays.
/// @param classes  of the model
/// @throws Error(Fault::kModel) when it cannot be read; Error(Fault::kInput) when it cannot be
///         written
void write_reliability(const std::filesystem::path& folder, const Reliability& reliability,
                       const std::vector<std::string>& classes);

}  // namespace ptattn::train
