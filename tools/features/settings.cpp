#include "settings.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <initializer_list>
#include <map>
#include <memory>
#include <string_view>
#include <utility>

#include "../checks.hpp"
#include "../options.hpp"

namespace ptattn::tools {
namespace {

constexpr std::size_t kMaxNeighbors = 4096;
constexpr std::size_t kMaxChannels = 6000;
constexpr std::size_t kMaxHeads = 16;
constexpr std::size_t kChannelsAWavelength = 6;

const std::map<std::string, FeatureKind, std::less<>> kKinds{{"geometry", FeatureKind::kGeometry},
                                                             {"encoding", FeatureKind::kEncoding},
                                                             {"attention", FeatureKind::kAttention},
                                                             {"model", FeatureKind::kModel}};

std::string_view name_of(FeatureKind kind) {
  return std::ranges::find(kKinds, kind, &decltype(kKinds)::value_type::second)->first;
}

/// A length that all of `text` is.
std::optional<double> parse_length(std::string_view text) {
  const std::optional<double> value = parse_number(text);
  return value && is_length(*value) ? value : std::nullopt;
}

std::optional<WavelengthRange> parse_wavelengths(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto shortest = parse_length(text.substr(0, colon));
  const auto longest = parse_length(text.substr(colon + 1));
  if (!shortest || !longest || *shortest > *longest) return std::nullopt;
  return WavelengthRange(*shortest, *longest);
}

std::string check_channels(const std::string& text) {
  const std::size_t count = parse_index(text).value_or(0);
  return count > 0 && count <= kMaxChannels && count % kChannelsAWavelength == 0
             ? ""
             : text + " is not a multiple of 6 from 6 to " + std::to_string(kMaxChannels);
}

/// Remembers which options belong to which kinds of features.
class KindOptions {
 public:
  explicit KindOptions(const FeatureSettings& settings) : settings_(settings) {}

  CLI::Option* add(CLI::Option* option, std::initializer_list<FeatureKind> kinds) {
    entries_.push_back({option, kinds});
    return option;
  }
  /// @throws CLI::ValidationError
  void check() const {
    for (const auto& [option, kinds] : entries_) {
      if (option->count() == 0 || std::ranges::find(kinds, settings_.kind) != kinds.end()) continue;
      throw CLI::ValidationError(option->get_name(), "cannot be used with --features " +
                                                         std::string(name_of(settings_.kind)));
    }
  }

 private:
  const FeatureSettings& settings_;
  std::vector<std::pair<CLI::Option*, std::vector<FeatureKind>>> entries_;
};

using enum FeatureKind;

void declare_neighborhood(CLI::App& app, FeatureSettings& s, KindOptions& of) {
  CLI::Option* const neighbors = of.add(
      add_neighbors(app, s.neighbors, kMaxNeighbors,
                    "Use the K nearest points, including the point itself, as its neighbourhood; "
                    "geometry: sizes separated by commas [16,32,64], attention: one [32]"),
      {kGeometry, kAttention});
  of.add(
      add_radius(app, s.radii,
                 "Use the points within R as neighbourhoods; radii in the cloud's unit, separated "
                 "by commas, with at most the 64 nearest points (or the largest of --neighbors)"),
      {kGeometry});
  of.add(app.add_flag("--global", s.global, "Attend to all points: time grows with their square"),
         {kAttention})
      ->excludes(neighbors);
}

void declare_survey(CLI::App& app, FeatureSettings& s, KindOptions& of) {
  of.add(add_memory(app, s.memory,
                    "Let the work on a cloud use this much memory, such as 500M or 2G; points that "
                    "do not fit lie in a scratch folder"),
         {kGeometry});
  add_scratch_options(app, s.survey, "Describe every cloud", "190 (three scales)");
  for (const char* const name : {"--out-of-core", "--scratch"}) {
    of.add(app.get_option(name), {kGeometry});
  }
}

void declare_attention(CLI::App& app, FeatureSettings& s, KindOptions& of) {
  of.add(app.add_option("--inputs", s.inputs,
                        "Compare and average these inputs, separated by commas: xyz, normals, "
                        "colors or names of fields [xyz]"),
         {kAttention})
      ->type_name("FIELDS")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(not_empty());
  of.add(app.add_option_function<std::string>(
             "--scores",
             [&s](const std::string& name) {
               s.scores = name == "dot" ? ScoreKind::kDot : ScoreKind::kGaussian;
             },
             "Score by gaussian (of distances) or dot (scaled products of inputs and encodings) "
             "[gaussian]"),
         {kAttention})
      ->type_name("KIND")
      ->check(one_of({"gaussian", "dot"}));
  of.add(app.add_option_function<std::string>(
             "--bandwidth", [&s](const std::string& text) { s.bandwidth = parse_number(text); },
             "Set the width of the Gaussian, in the cloud's unit [half the median distance to the "
             "K-th neighbour]"),
         {kAttention})
      ->type_name("H")
      ->check(positive_number());
  of.add(
        app.add_option("--heads", s.heads, "Use N heads, each twice as wide as the one before [1]"),
        {kAttention})
      ->type_name("N")
      ->check(whole_number(1, kMaxHeads));
  of.add(app.add_flag("--no-encode", s.no_encode,
                      "Leave positions out of scores and values: inputs alone decide"),
         {kAttention});
}

void declare_encoding(CLI::App& app, FeatureSettings& s, KindOptions& of) {
  of.add(app.add_option_function<std::string>(
             "--wavelengths",
             [&s](const std::string& text) { s.wavelengths = parse_wavelengths(text); },
             "Set the shortest and longest wavelength, in the cloud's unit [from the "
             "cloud]"),
         {kEncoding, kAttention})
      ->type_name("MIN:MAX")
      ->check([](const std::string& text) {
        return parse_wavelengths(text) ? "" : text + " is not MIN:MAX, two lengths in order";
      });
  of.add(app.add_option("--channels", s.channels,
                        "Encode in C channels, 6 per wavelength [encoding 48, attention 24]"),
         {kEncoding, kAttention})
      ->type_name("C")
      ->check(check_channels);
  of.add(app.add_option_function<std::string>(
             "--origin", [&s](const std::string& name) { s.absolute = name == "zero"; },
             "Encode coordinates relative to mean (of the points) or zero, for tiles of one "
             "scene [mean]"),
         {kEncoding})
      ->type_name("ORIGIN")
      ->check(one_of({"mean", "zero"}));
}

void declare_model(CLI::App& app, FeatureSettings& s, KindOptions& of) {
  of.add(add_model(app, s.model, "pct-modelnet40"), {kModel});
  of.add(add_layer(app, s.layer, "Write the activations of this layer"), {kModel});
  of.add(add_precision(app, s.precision), {kModel});
  of.add(add_category(app, s.category), {kModel});
  add_list_layers(app, s.list_layers);
  add_list_models(app, s.list_models);
}

}  // namespace

void declare_features(CLI::App& app, FeatureSettings& s) {
  const auto of = std::make_shared<KindOptions>(s);  // lives as long as the final callback
  add_inputs(app, s.files);
  add_output(app, s.files.output,
             "Write a cloud with one float field per channel (.ply, .pcd, .las, .laz), or a matrix "
             "[points, channels] of float32 (.npy, .safetensors); for several inputs, clouds in "
             "this folder, which exists or ends in /",
             "PATH");
  add_format(app, s.files.format);
  app.add_option_function<std::string>(
         "--features", [&s](const std::string& name) { s.kind = kKinds.find(name)->second; },
         "Compute geometry, encoding, attention or model features, see below [geometry]")
      ->type_name("KIND")
      ->check(one_of({"geometry", "encoding", "attention", "model"}));
  declare_neighborhood(app, s, *of);
  of->add(add_up(app, s.frame.up,
                 "auto (scenes: from the cloud; models of objects: the likeliest of the six)"),
          {kGeometry, kModel});
  of->add(add_unit(app, s.frame.metres), {kModel});
  declare_survey(app, s, *of);
  declare_attention(app, s, *of);
  declare_encoding(app, s, *of);
  declare_model(app, s, *of);
  add_prefix(app, s.prefix, "Name the fields TEXT000, TEXT001, ... [f_]");
  app.add_flag("--names", s.names,
               "Print the meaning of the fields, one per line; without -o nothing is computed");
  app.add_flag("--colorize", s.colorize,
               "Colour the cloud by the first three principal components; colours of the input "
               "are kept as original_red, ...");
  add_cloud_options(app, s.clouds);
  add_course(app, s.files);
  app.final_callback([of] { of->check(); });
}

}  // namespace ptattn::tools
