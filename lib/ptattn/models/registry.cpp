#include "ptattn/models/registry.hpp"

#include <algorithm>
#include <initializer_list>
#include <string>
#include <utility>

#include <nlohmann/json.hpp>

#include "ptattn/core/error.hpp"
#include "ptattn/models/kernel_head.hpp"
#include "ptattn/models/litept/litept.hpp"
#include "ptattn/models/pct/int8.hpp"
#include "ptattn/models/pct/pct.hpp"
#include "ptattn/models/pct/spct.hpp"
#include "ptattn/models/ptv1/ptv1.hpp"
#include "ptattn/models/ptv3/ptv3.hpp"
#include "ptattn/models/volt/volt.hpp"

namespace ptattn {
namespace {

bool is_of_head(std::string_view name) {
  return name.starts_with("head.") || name.find("seg_head") != std::string_view::npos;
}

/// Weights without those of a head.
class BodyWeights final : public WeightSource {
 public:
  explicit BodyWeights(const WeightSource& all) : all_(all) {}

  [[nodiscard]] std::vector<std::string> names() const override {
    std::vector<std::string> names = all_.names();
    std::erase_if(names, is_of_head);
    return names;
  }
  [[nodiscard]] const std::vector<std::size_t>* shape(std::string_view name) const override {
    return is_of_head(name) ? nullptr : all_.shape(name);
  }
  [[nodiscard]] std::vector<float> values(std::string_view name) const override {
    return all_.values(name);
  }
  [[nodiscard]] std::string subject() const override { return all_.subject(); }

 private:
  const WeightSource& all_;
};

template <bool kPositionEncoding>
std::unique_ptr<Classifier> make_pct(const ArchitectureConfig& description,
                                     const WeightSource& weights, Precision precision) {
  const PctConfig config =
      read_pct_config(description.hyper_parameters, kPositionEncoding, description.subject);
  PctWeights layers = read_pct_weights(config, weights);
  if (precision == Precision::kBf16) round_to_bf16(layers);
  if (precision == Precision::kInt8) {
    return std::make_unique<PctInt8>(config, PctInt8Weights(std::move(layers)));
  }
  return std::make_unique<Pct>(config, std::move(layers));
}

const ArchitectureTable<Classifier, Precision> kClassifiers = {
    {"pct_cls", make_pct<false>},
    {"pct_cls_posenc", make_pct<true>},
};

/// @throws Error(Fault::kUsage) unless the precision is one of those
void check_precision(const ArchitectureConfig& description, Precision precision,
                     std::initializer_list<Precision> known) {
  if (std::ranges::find(known, precision) != known.end()) return;
  throw Error(Fault::kUsage, description.subject,
              "has an architecture that does not compute in " + std::string(name_of(precision)));
}

/// Gives the large layers of a network numbers of that precision.
template <class Weights>
void change_precision(Weights& layers, Precision precision) {
  if (precision == Precision::kBf16) round_to_bf16(layers);
  if (precision == Precision::kInt8) quantize(layers);
}

std::unique_ptr<PointNetwork> make_ptv1(const ArchitectureConfig& description,
                                        const WeightSource& weights, Precision precision) {
  check_precision(description, precision, {Precision::kFloat32});
  Ptv1Config config = read_ptv1_config(description.hyper_parameters, description.subject);
  Ptv1Weights layers = read_ptv1_weights(config, weights);
  return std::make_unique<Ptv1>(std::move(config), std::move(layers));
}

std::unique_ptr<PointNetwork> make_unet(Ptv3Config config, const WeightSource& weights,
                                        Precision precision) {
  auto layers = std::make_shared<Ptv3Weights>(read_ptv3_weights(config, weights));
  change_precision(*layers, precision);
  return std::make_unique<Ptv3>(std::move(config), std::move(layers));
}

template <Ptv3Mode kMode>
std::unique_ptr<PointNetwork> make_ptv3(const ArchitectureConfig& description,
                                        const WeightSource& weights, Precision precision) {
  return make_unet(read_ptv3_config(description.hyper_parameters, kMode, description.subject),
                   weights, precision);
}

std::unique_ptr<PointNetwork> make_litept(const ArchitectureConfig& description,
                                          const WeightSource& weights, Precision precision) {
  return make_unet(read_litept_config(description.hyper_parameters, description.subject), weights,
                   precision);
}

std::unique_ptr<PointNetwork> make_spct(const ArchitectureConfig& description,
                                        const WeightSource& weights, Precision precision) {
  check_precision(description, precision, {Precision::kFloat32});
  const SpctConfig config = read_spct_config(description.hyper_parameters, description.subject);
  return std::make_unique<Spct>(config, read_spct_weights(config, weights));
}

std::unique_ptr<PointNetwork> make_volt(const ArchitectureConfig& description,
                                        const WeightSource& weights, Precision precision) {
  VoltConfig config = read_volt_config(description.hyper_parameters, description.subject);
  VoltWeights layers = read_volt_weights(config, weights);
  change_precision(layers, precision);
  return std::make_unique<Volt>(std::move(config), std::move(layers));
}

const ArchitectureTable<PointNetwork, Precision> kPointNetworks = {
    {"litept", make_litept},
    {"ptv1_seg", make_ptv1},
    {"spct_partseg", make_spct},
    {"ptv3m1", make_ptv3<Ptv3Mode::kBase>},
    {"ptv3m2", make_ptv3<Ptv3Mode::kSonata>},
    {"ptv3m3", make_ptv3<Ptv3Mode::kUtonia>},
    {"volt", make_volt},
};

}  // namespace

std::vector<std::string> architectures_of(ModelTask task) {
  return task == ModelTask::kClassification ? names_of(kClassifiers) : names_of(kPointNetworks);
}

std::optional<ModelTask> task_of(std::string_view architecture) {
  if (kClassifiers.contains(architecture)) return ModelTask::kClassification;
  if (kPointNetworks.contains(architecture)) return ModelTask::kPoints;
  return std::nullopt;
}

std::unique_ptr<Classifier> make_classifier(const ArchitectureConfig& config,
                                            const WeightSource& weights, Precision precision) {
  return make_network(kClassifiers, config, weights, precision);
}

std::unique_ptr<PointNetwork> make_point_network(const ArchitectureConfig& config,
                                                 const WeightSource& weights, Precision precision) {
  if (!has_kernel_head(weights)) return make_network(kPointNetworks, config, weights, precision);
  KernelHeadWeights head = read_kernel_head(weights);
  auto features = make_feature_network(config, weights, precision);
  if (features->out_channels() != head.scale.size()) {
    throw Error(Fault::kModel, weights.subject(),
                "has a head of " + std::to_string(head.scale.size()) +
                    " channels, the network gives " + std::to_string(features->out_channels()));
  }
  return std::make_unique<KernelHead>(std::move(features), std::move(head));
}

std::unique_ptr<PointNetwork> make_feature_network(const ArchitectureConfig& config,
                                                   const WeightSource& weights,
                                                   Precision precision) {
  auto json = nlohmann::json::parse(config.hyper_parameters, nullptr, false);
  if (json.is_object()) json.erase("num_classes");
  auto network = make_point_network({config.architecture, json.dump(), config.subject},
                                    BodyWeights(weights), precision);
  if (network->labels_points()) {
    throw Error(Fault::kModel, config.subject,
                "has an architecture that gives no features for a head of examples");
  }
  return network;
}

}  // namespace ptattn
