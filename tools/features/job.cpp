#include "job.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <string_view>
#include <utility>

#include "../models.hpp"
#include "../options.hpp"
#include "../suggest.hpp"
#include "../text.hpp"
#include "memory_limit.hpp"
#include "ptattn/cloud/columns.hpp"
#include "ptattn/cloud/orientation.hpp"
#include "ptattn/cloud/strays.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/tasks/classify/classify.hpp"
#include "ptattn/tasks/features/attention_features.hpp"
#include "ptattn/tasks/features/geometry_features.hpp"
#include "ptattn/tasks/geometry/float_step.hpp"

namespace ptattn::tools {
namespace {

constexpr std::size_t kEncodingWavelengths = 8;
constexpr std::size_t kAttentionWavelengths = 4;
constexpr std::size_t kAttentionNeighbors = 32;
constexpr std::size_t kChannelsAWavelength = 6;
constexpr std::size_t kTokensWidth = 15;
constexpr std::size_t kChannelsWidth = 10;

std::string short_text(double value) {
  std::array<char, 32> text;
  std::snprintf(text.data(), text.size(), "%.4g", value);
  return text.data();
}

std::string wavelengths_note(const std::vector<double>& wavelengths) {
  return "wavelengths " + short_text(wavelengths.front()) + " to " + short_text(wavelengths.back());
}

FeatureJob geometry_job(const FeatureSettings& s, const FeatureCloud& cloud) {
  const GeometryOptions options = geometry_options(s, cloud.up);
  return {geometry_feature_names(options),
          [options, &cloud](const ProgressCallback& progress, Remarks&) {
            return geometry_features(cloud.positions, options, progress);
          }};
}

FeatureJob encoding_job(const FeatureSettings& s, const FeatureCloud& cloud) {
  EncodingOptions options{.wavelength_count = kEncodingWavelengths, .wavelengths = s.wavelengths};
  if (s.channels) options.wavelength_count = *s.channels / kChannelsAWavelength;
  if (s.absolute) options.origin = Position{};
  return {encoding_feature_names(options.wavelength_count),
          [options, &cloud](const ProgressCallback& progress, Remarks& remarks) {
            EncodingFeatures features = encoding_features(cloud.positions, options);
            if (!options.wavelengths && !features.wavelengths.empty()) {
              remarks.notes.push_back(wavelengths_note(features.wavelengths));
            }
            progress(cloud.positions.size(), cloud.positions.size());
            return std::move(features.values);
          }};
}

FeatureJob attention_job(const FeatureSettings& s, const FeatureCloud& cloud) {
  AttentionFeatureOptions options{.neighbors = kAttentionNeighbors,
                                  .scores = s.scores,
                                  .heads = s.heads,
                                  .encode = !s.no_encode,
                                  .wavelength_count = kAttentionWavelengths,
                                  .bandwidth = s.bandwidth,
                                  .wavelengths = s.wavelengths};
  if (!s.neighbors.empty()) options.neighbors = s.neighbors.front();
  if (s.global) options.neighbors = 0;
  if (s.channels) options.wavelength_count = *s.channels / kChannelsAWavelength;
  std::vector<FieldColumn> columns = select_columns(cloud.cloud, s.inputs);
  return {attention_feature_names(columns, options),
          [options, columns, &cloud](const ProgressCallback& progress, Remarks& remarks) {
            AttentionFeatures features =
                attention_features(cloud.positions, columns, cloud.points, options, progress);
            if (features.wavelengths.empty()) return std::move(features.values);
            if (!options.bandwidth && options.scores == ScoreKind::kGaussian) {
              remarks.notes.push_back("bandwidth " + short_text(features.bandwidth));
            }
            if (!options.wavelengths)
              remarks.notes.push_back(wavelengths_note(features.wavelengths));
            return std::move(features.values);
          }};
}

std::vector<LayerDescription> layers_of_any(const Model& model) {
  return std::visit([](const auto& any) { return layers_of(any); }, model);
}

}  // namespace

FeatureCloud make_feature_cloud(const PointCloud& cloud, const std::string& path) {
  FeatureCloud found{.cloud = cloud, .path = path, .points = {}, .positions = {}};
  found.positions = cloud.positions();
  found.points = keep_finite(found.positions);
  return found;
}

GeometryOptions geometry_options(const FeatureSettings& s, Axis up) {
  GeometryOptions options{.radii = s.radii, .up = up};
  if (!s.neighbors.empty()) {
    options.neighbors = s.neighbors;
  } else if (!s.radii.empty()) {
    options.neighbors.clear();
  }
  for (const std::size_t k : options.neighbors) {
    options.radius_limit = std::max(options.radius_limit, k);
  }
  return options;
}

void add_stray_note(const Strays& strays, std::size_t points, Remarks& remarks) {
  if (strays.empty()) return;
  remarks.notes.push_back(
      stray_note(strays, points, "gets 0 in every channel", "get 0 in every channel"));
}

Remarks leave_out_strays(FeatureCloud& cloud) {
  Remarks remarks;
  const Strays strays = find_strays(cloud.positions, Subject::kScene);
  if (!strays.empty()) {
    add_stray_note(strays, cloud.cloud.size(), remarks);
    drop_strays(cloud.positions, strays);
    drop_strays(cloud.points, strays);
  }
  if (auto hint = float_hint(cloud.cloud, cloud.positions)) {
    remarks.warnings.push_back(*std::move(hint));
  }
  return remarks;
}

FeatureJob make_job(const FeatureSettings& settings, const FeatureCloud& cloud) {
  switch (settings.kind) {
    case FeatureKind::kEncoding:
      return encoding_job(settings, cloud);
    case FeatureKind::kAttention:
      return attention_job(settings, cloud);
    default:
      return geometry_job(settings, cloud);
  }
}

LayerJob::LayerJob(const FeatureSettings& settings)
    : model_(load_model(locate_model(settings.model), settings.precision)),
      layer_(settings.layer),
      up_(settings.frame.up) {
  const std::string& name = description_of(model_).name;
  const std::vector<LayerDescription> layers = layers_of_any(model_);
  const auto found = std::ranges::find(layers, layer_, &LayerDescription::name);
  if (found == layers.end()) {
    std::vector<std::string> known;
    for (const LayerDescription& layer : layers) known.push_back(layer.name);
    throw Error(
        Fault::kUsage, "--layer",
        name + " has no layer " + layer_ + did_you_mean(layer_, known) + ", see --list-layers");
  }
  if (found->tokens == 0) {
    throw Error(Fault::kUsage, "--layer",
                layer_ +
                    " describes the cloud as a whole, choose one that has tokens, see "
                    "--list-layers");
  }
  channels_ = found->channels;
  scene_.tiling.memory = default_memory();
  const auto* const points = std::get_if<SegmenterModel>(&model_);
  const std::vector<std::string> none;
  const bool asks = points != nullptr && points->network->category_count() > 0;
  const auto& categories = asks ? points->description.categories : none;
  if (!settings.category.empty()) {
    scene_.category = find_category(settings.category, categories, name);
  } else if (!categories.empty()) {
    throw Error(Fault::kUsage, "--category", "missing, " + name + " labels parts of objects");
  }
}

FeatureJob LayerJob::make_job(const FeatureCloud& cloud) const {
  FeatureJob job;
  for (std::size_t c = 0; c < channels_; ++c) {
    job.names.push_back((layer_ + "_").append(std::to_string(c)));
  }
  job.compute = [this, &cloud](const ProgressCallback& progress, Remarks& remarks) {
    if (const auto* const points = std::get_if<SegmenterModel>(&model_)) {
      return layer_features(*points, layer_, cloud.cloud, scene_, remarks, progress);
    }
    const auto& objects = std::get<ClassifierModel>(model_);
    const Axis up =
        up_ ? *up_ : classify_sample(objects, cloud.cloud, std::nullopt).classification.up;
    if (!up_ && up != Axis::kZ) {
      remarks.notes.push_back("taken with " + std::string(ptattn::name_of(up)) + " up");
    }
    Matrix features = layer_features(objects, layer_, cloud.cloud, up, &remarks);
    progress(cloud.positions.size(), cloud.positions.size());
    return features;
  };
  return job;
}

std::vector<std::string> layer_names(const std::string& model) {
  std::vector<std::string> names;
  for (const LayerDescription& layer : layers_of_any(load_model(locate_model(model)))) {
    if (layer.tokens > 0) names.push_back(layer.name);
  }
  return names;
}

int print_layers(const std::string& model, std::optional<Format> format) {
  const Model loaded = load_model(locate_model(model));
  const std::vector<LayerDescription> layers = layers_of_any(loaded);
  std::size_t width = std::string_view("layer").size();
  std::size_t finest = 0;
  for (const LayerDescription& layer : layers) {
    width = std::max(width, layer.name.size());
    finest = std::max(finest, layer.tokens);
  }
  const auto row = [&](const std::string& name, const std::string& tokens,
                       const std::string& channels) {
    return left_aligned(name, width) + right_aligned(tokens, kTokensWidth) +
           right_aligned(channels, kChannelsWidth) + "\n";
  };
  Output output = Output::to_stdout();
  RecordWriter writer(format.value_or(Format::kTable), output);
  std::string heading = row("layer", "tokens", "channels");
  for (const LayerDescription& layer : layers) {
    std::string tokens = std::to_string(layer.tokens);
    if (std::holds_alternative<SegmenterModel>(loaded)) {
      tokens = layer.tokens == finest ? "voxels" : "pooled voxels";
    }
    if (layer.tokens == 0) tokens = "whole cloud";
    writer.write({{"layer", layer.name}, {"tokens", tokens}, {"channels", layer.channels}},
                 heading + row(layer.name, tokens, std::to_string(layer.channels)));
    heading.clear();
  }
  writer.finish();
  return 0;
}

}  // namespace ptattn::tools
