#include "settings.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <map>
#include <memory>
#include <string_view>
#include <utility>

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

/// A length that std::from_chars reads to the end of `text`.
std::optional<double> parse_length(std::string_view text) {
  double value = 0.0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (problem != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return is_length(value) ? std::optional(value) : std::nullopt;
}

std::optional<WavelengthRange> parse_wavelengths(std::string_view text) {
  const std::size_t colon = text.find(':');
  if (colon == std::string_view::npos) return std::nullopt;
  const auto shortest = parse_length(text.substr(0, colon));
  const auto longest = parse_length(text.substr(colon + 1));
  if (!shortest || !longest || *shortest > *longest) return std::nullopt;
  return WavelengthRange(*shortest, *longest);
}

std::string check_length(const std::string& text) {
  return parse_length(text) ? "" : text + " is no length, expected a number above 0";
}

std::string refuse_empty(const std::string& text) {
  return text.empty() ? "the name is empty" : "";
}

std::string check_channels(const std::string& text) {
  std::size_t count = 0;
  const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), count);
  const bool number = problem == std::errc{} && end == text.data() + text.size();
  return number && count > 0 && count <= kMaxChannels && count % kChannelsAWavelength == 0
             ? ""
             : text + " is not a multiple of 6 from 6 to " + std::to_string(kMaxChannels);
}

CLI::Validator range(std::size_t low, std::size_t high) {
  return CLI::Range(low, high).description("");
}

CLI::Validator one_of(const std::vector<std::string>& names) {
  return CLI::IsMember(names);
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
      throw CLI::ValidationError(option->get_name(), "says nothing about --features " +
                                                         std::string(name_of(settings_.kind)));
    }
  }

 private:
  const FeatureSettings& settings_;
  std::vector<std::pair<CLI::Option*, std::vector<FeatureKind>>> entries_;
};

using enum FeatureKind;

void declare_neighborhood(CLI::App& app, FeatureSettings& s, KindOptions& of) {
  CLI::Option* neighbors =
      of.add(app.add_option("--neighbors", s.neighbors,
                            "Nearest points of a neighbourhood, itself counted; geometry: sizes "
                            "with commas between [16,32,64], attention: one [32]"),
             {kGeometry, kAttention})
          ->type_name("K")
          ->delimiter(',')
          ->allow_extra_args(false)
          ->check(range(1, kMaxNeighbors));
  of.add(app.add_option_function<std::vector<std::string>>(
             "--radii",
             [&s](const std::vector<std::string>& texts) {
               for (const std::string& text : texts) s.radii.push_back(*parse_length(text));
             },
             "Further neighbourhoods: the points within these radii, in the cloud's unit, but no "
             "more than the 64 nearest (or the largest of --neighbors)"),
         {kGeometry})
      ->type_name("R")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(check_length);
  of.add(app.add_flag("--global", s.global, "Attend to all points: time grows with their square"),
         {kAttention})
      ->excludes(neighbors);
}

void declare_attention(CLI::App& app, FeatureSettings& s, KindOptions& of) {
  of.add(app.add_option("--inputs", s.inputs,
                        "What is compared and averaged, with commas between: xyz, normals, colors "
                        "or names of fields [xyz]"),
         {kAttention})
      ->type_name("LIST")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(refuse_empty);
  of.add(app.add_option_function<std::string>(
             "--scores",
             [&s](const std::string& name) {
               s.scores = name == "dot" ? ScoreKind::kDot : ScoreKind::kGaussian;
             },
             "gaussian (of distances) or dot (scaled products of inputs and encodings) "
             "[gaussian]"),
         {kAttention})
      ->type_name("KIND")
      ->check(one_of({"gaussian", "dot"}));
  of.add(app.add_option_function<std::string>(
             "--bandwidth", [&s](const std::string& text) { s.bandwidth = parse_length(text); },
             "Width of the Gaussian in the cloud's unit [half the median distance to the K-th "
             "neighbour]"),
         {kAttention})
      ->type_name("H")
      ->check(check_length);
  of.add(app.add_option("--heads", s.heads, "Heads, each twice as wide as the one before [1]"),
         {kAttention})
      ->type_name("N")
      ->check(range(1, kMaxHeads));
  of.add(app.add_flag("--no-encode", s.no_encode,
                      "Leave positions out of scores and values: inputs alone decide"),
         {kAttention});
}

void declare_encoding(CLI::App& app, FeatureSettings& s, KindOptions& of) {
  of.add(app.add_option_function<std::string>(
             "--wavelengths",
             [&s](const std::string& text) { s.wavelengths = parse_wavelengths(text); },
             "Shortest and longest wavelength of the encoding, in the cloud's unit [from the "
             "cloud]"),
         {kEncoding, kAttention})
      ->type_name("MIN:MAX")
      ->check([](const std::string& text) {
        return parse_wavelengths(text) ? "" : text + " is not MIN:MAX, two lengths in order";
      });
  of.add(app.add_option("--channels", s.channels,
                        "Channels of the encoding, 6 for each wavelength [encoding 48, "
                        "attention 24]"),
         {kEncoding, kAttention})
      ->type_name("C")
      ->check(check_channels);
  of.add(app.add_option_function<std::string>(
             "--origin", [&s](const std::string& name) { s.absolute = name == "zero"; },
             "Where encoded coordinates begin: mean (of the points) or zero, for tiles of one "
             "scene [mean]"),
         {kEncoding})
      ->type_name("ORIGIN")
      ->check(one_of({"mean", "zero"}));
}

void declare_model(CLI::App& app, FeatureSettings& s, KindOptions& of) {
  of.add(app.add_option("--model", s.model, "Name or folder of the model [pct-modelnet40]"),
         {kModel})
      ->type_name("MODEL");
  of.add(app.add_option("--layer", s.layer, "Layer whose activations are wanted"), {kModel})
      ->type_name("NAME")
      ->check(refuse_empty);
  of.add(app.add_option("--category", s.category,
                        "What the object is, for models that label the parts of objects"),
         {kModel})
      ->type_name("NAME");
  of.add(app.add_flag("--list-layers", s.list_layers,
                      "Print the layers of the model with their tokens and channels and exit"),
         {kModel});
}

}  // namespace

void declare_features(CLI::App& app, FeatureSettings& s) {
  const auto of = std::make_shared<KindOptions>(s);  // lives as long as the final callback
  app.add_option("INPUT", s.input, "PLY, PCD, LAS or LAZ file")->type_name("");
  app.add_option("-o,--output", s.output,
                 "Cloud with a float field a channel (.ply, .pcd, .las, .laz), or a matrix "
                 "[points, channels] "
                 "of float32 (.npy, .safetensors)")
      ->type_name("FILE")
      ->check(refuse_empty);
  app.add_option_function<std::string>(
         "--features", [&s](const std::string& name) { s.kind = kKinds.find(name)->second; },
         "geometry, encoding, attention or model, see below [geometry]")
      ->type_name("KIND")
      ->check(one_of({"geometry", "encoding", "attention", "model"}));
  declare_neighborhood(app, s, *of);
  of->add(app.add_option_function<std::string>(
              "--up",
              [&s](const std::string& name) {
                s.up = name == "x" ? Axis::kX : name == "y" ? Axis::kY : Axis::kZ;
              },
              "Axis that points upwards: z, y or x [z]"),
          {kGeometry, kModel})
      ->type_name("AXIS")
      ->check(one_of({"z", "y", "x"}));
  declare_attention(app, s, *of);
  declare_encoding(app, s, *of);
  declare_model(app, s, *of);
  app.add_option("--prefix", s.prefix, "Fields are called PREFIX000, PREFIX001, ... [f_]")
      ->type_name("PREFIX")
      ->check(refuse_blanks);
  app.add_flag("--names", s.names,
               "Print what the fields mean, one a line; without -o nothing is computed");
  app.add_flag("--pca-color", s.pca_color,
               "Colour the cloud by the first three principal components; colours that it has "
               "are kept as original_red and so on");
  add_cloud_options(app, s.clouds);
  app.final_callback([of] { of->check(); });
}

}  // namespace ptattn::tools
