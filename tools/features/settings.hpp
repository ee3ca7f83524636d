#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "../cloud_options.hpp"
#include "../frame_options.hpp"
#include "../options.hpp"
#include "../survey/survey_options.hpp"
#include "ptattn/cloud/provenance.hpp"
#include "ptattn/models/object_profile.hpp"
#include "ptattn/tasks/features/attention_features.hpp"
#include "ptattn/tasks/features/encoding_features.hpp"

namespace CLI {
class App;
}

namespace ptattn::tools {

enum class FeatureKind { kGeometry, kEncoding, kAttention, kModel };

/// The command line of ptattn-features. An option that was not given is nullopt or empty; its
/// default depends on the kind.
struct FeatureSettings {
  FileOptions files{};
  std::string prefix = "f_";
  FeatureKind kind = FeatureKind::kGeometry;
  bool names = false;
  bool colorize = false;
  // geometry
  std::vector<std::size_t> neighbors{};  // attention: one of them
  std::vector<double> radii{};
  FrameOptions frame;                   // up: and model; unit: model
  std::optional<std::size_t> memory{};  // bytes
  ScratchOptions survey{};
  // encoding
  std::optional<WavelengthRange> wavelengths{};  // and attention
  std::optional<std::size_t> channels{};         // and attention
  bool absolute = false;
  // attention
  std::vector<std::string> inputs{"xyz"};
  ScoreKind scores = ScoreKind::kGaussian;
  bool global = false;
  std::size_t heads = 1;
  std::optional<double> bandwidth{};
  bool no_encode = false;
  // model
  std::string model = "pct-modelnet40";
  std::string layer{};
  Precision precision = Precision::kFloat32;
  std::string category{};
  bool list_layers = false;
  bool list_models = false;
  CloudOptions clouds{};
  Provenance made_by{};  ///< what the outputs say of this run
};

/// Adds the options to `app`. Options of another kind of features than the one chosen are refused
/// when the command line has been parsed.
void declare_features(CLI::App& app, FeatureSettings& settings);

}  // namespace ptattn::tools
