#include "ptattn/models/model_folder.hpp"

#include <string>
#include <utility>

#include "ptattn/core/error.hpp"
#include "ptattn/models/files/safetensors.hpp"
#include "ptattn/models/model_config.hpp"

namespace ptattn {
namespace {

FamiliarFeatures read_familiar(const std::filesystem::path& folder, std::size_t classes,
                               std::size_t features) {
  const std::filesystem::path path = folder / kFamiliarFile;
  if (!std::filesystem::exists(path)) return {};
  return {SafetensorsFile(path), classes, features};
}

}  // namespace

const ModelDescription& description_of(const Model& model) {
  return std::visit([](const auto& any) -> const ModelDescription& { return any.description; },
                    model);
}

Model load_model(const std::filesystem::path& folder, Precision precision) {
  if (read_model_task(folder) == ModelTask::kClassification) {
    return load_classifier(folder, precision);
  }
  return load_segmenter(folder, precision);
}

ClassifierModel load_classifier(const std::filesystem::path& folder, Precision precision) {
  ClassifierDescription description = read_classifier_description(folder);
  const SafetensorsFile weights(folder / "model.safetensors");
  auto network = make_classifier(description.architecture, weights, precision);
  const std::string& subject = description.architecture.subject;
  check_class_count(description.classes.size(), network->class_count(), subject);
  if (network->min_points() > description.preprocessing.points) {
    throw Error(Fault::kModel, subject,
                "preprocessing.points is " + std::to_string(description.preprocessing.points) +
                    ", the network takes at least " + std::to_string(network->min_points()));
  }
  FamiliarScores familiar;
  if (const std::filesystem::path file = folder / kFamiliarFile; std::filesystem::exists(file)) {
    familiar = FamiliarScores(SafetensorsFile(file), description.classes.size());
  } else if (!description.reliability.upright.empty()) {
    throw Error(Fault::kModel, (folder / kFamiliarFile).string(),
                "is missing: upright in config.json needs the strangeness");
  }
  return {std::move(description), precision, std::move(network), std::move(familiar)};
}

SegmenterModel load_segmenter(const std::filesystem::path& folder, Precision precision) {
  SegmenterDescription description = read_segmenter_description(folder);
  const SafetensorsFile weights(folder / "model.safetensors");
  auto network = make_point_network(description.architecture, weights, precision);
  const std::string& subject = description.architecture.subject;
  if (network->labels_points()) {
    check_class_count(description.classes.size(), network->out_channels(), subject);
  }
  const std::size_t categories = network->category_count();
  if (categories > 0 && description.categories.size() != categories) {
    throw Error(Fault::kModel, subject,
                "names " + std::to_string(description.categories.size()) +
                    " categories, the network has " + std::to_string(categories));
  }
  const std::size_t channels = description.preprocessing.channels.size();
  if (channels != network->in_channels()) {
    throw Error(Fault::kModel, subject,
                "preprocessing.features names " + std::to_string(channels) +
                    " channels, the network takes " + std::to_string(network->in_channels()));
  }
  FamiliarFeatures familiar = read_familiar(folder, description.classes.size(), channels);
  return {std::move(description), std::move(network), std::move(familiar), precision};
}

}  // namespace ptattn
