#include "network_choice.hpp"

#include <algorithm>
#include <cmath>
#include <initializer_list>
#include <map>

#include <nlohmann/json.hpp>

#include "../text.hpp"
#include "network_sizes.hpp"
#include "profiles.hpp"
#include "ptattn/core/error.hpp"
#include "volt_sizes.hpp"

namespace ptattn::tools {
namespace {

using Json = nlohmann::ordered_json;
using train::AttributeKind;

constexpr double kAerialExtent = 40.0;  // metres; smaller scenes are rooms and objects
constexpr double kFlat = 0.7;           // height over extent of what is seen from above

double median_spacing(const TrainData& data) {
  std::vector<double> spacings;
  for (const DataFile& file : data.training) spacings.push_back(file.spacing);
  std::ranges::sort(spacings);
  return spacings[spacings.size() / 2];
}

/// The nearest of 1, 2, 5 and their tenths, hundreds, ... in proportion.
double round_number(double value) {
  const double power = std::pow(10.0, std::floor(std::log10(value)));
  double best = power;
  for (const double step : {1.0, 2.0, 5.0, 10.0}) {
    const auto off = [&](double x) { return std::abs(std::log(x / value)); };
    if (off(step * power) < off(best)) best = step * power;
  }
  return best;
}

class NetworkChoice {
 public:
  NetworkChoice(const TrainSettings& settings, const TrainData& data,
                std::vector<std::string>& reasons)
      : settings_(settings), data_(data), aerial_(is_aerial(data)), reasons_(reasons) {}

  train::ModelSpec like(const train::ModelSpec& init) {
    if (settings_.voxel || !settings_.channels.empty() || !settings_.architecture.empty()) {
      throw Error(Fault::kUsage,
                  settings_.voxel              ? "--voxel"
                  : settings_.channels.empty() ? "--architecture"
                                               : "--channels",
                  "cannot be used with --init, whose network has its own");
    }
    train::ModelSpec spec = train::with_classes(init, data_.truth.space.classes);
    if (!data_.truth.asprs_codes.empty()) spec.asprs_codes = data_.truth.asprs_codes;
    because("network, voxels and channels: those of " + init.name);
    return spec;
  }

  train::ModelSpec fit_to_data() {
    train::ModelSpec spec;
    spec.classes = data_.truth.space.classes;
    spec.asprs_codes = data_.truth.asprs_codes;
    if (data_.kind == TrainKind::kObjects) {
      if (!settings_.architecture.empty() && settings_.architecture != "pct") {
        throw Error(Fault::kUsage, "--architecture",
                    settings_.architecture + " labels points, this data has objects by class");
      }
      spec.architecture = "pct_cls";
      spec.hyper_parameters = pct_hyper_parameters(settings_.size, spec.classes.size());
      spec.preprocessing = object_preprocessing().dump();
      because("network: PCT, of the published width with --size base, narrower otherwise");
      return spec;
    }
    constexpr double kPartVoxel = 0.03;  // radii
    Json profile = data_.kind == TrainKind::kScenes
                       ? preprocessing()
                       : part_preprocessing(settings_.voxel.value_or(kPartVoxel));
    const std::size_t channels = profile["features"].size();
    choose_network(spec, channels);
    spec.preprocessing = profile.dump();
    return spec;
  }

 private:
  void because(const std::string& reason) { reasons_.push_back(reason); }

  void choose_network(train::ModelSpec& spec, std::size_t channels) {
    struct Network {
      const char* architecture;  // of config.json
      const char* title;
      std::string (*hyper_parameters)(const std::string&, std::size_t, std::size_t);
    };
    static const std::map<std::string, Network> kNetworks{
        {"ptv3", {"ptv3m1", "Point Transformer V3", ptv3_hyper_parameters}},
        {"litept", {"litept", "LitePT", litept_hyper_parameters}},
        {"volt", {"volt", "Volt", volt_hyper_parameters}}};
    const std::string name = settings_.architecture.empty() ? "ptv3" : settings_.architecture;
    const auto found = kNetworks.find(name);
    if (found == kNetworks.end()) {
      throw Error(Fault::kUsage, "--architecture", name + " names objects, this data has points");
    }
    spec.architecture = found->second.architecture;
    spec.hyper_parameters =
        found->second.hyper_parameters(settings_.size, spec.classes.size(), channels);
    because(std::string("network: ") + found->second.title + ", " + settings_.size);
  }

  double choose_voxel() {
    const double spacing = median_spacing(data_);
    double voxel = round_number(2.0 * spacing);
    std::string why = "voxels of " + fixed_text(voxel, 3) + ": twice the usual spacing of " +
                      fixed_text(spacing, 3);
    if (aerial_) {
      voxel = spacing < 0.12 ? 0.25 : 0.5;
      why = "voxels of " + fixed_text(voxel, 2) +
            " m: land seen from above, the usual spacing is " + fixed_text(spacing, 2) + " m";
    }
    if (settings_.voxel) {
      voxel = *settings_.voxel;
      why = "voxels of " + fixed_text(voxel, 3) + ": --voxel";
    }
    because(why);
    return voxel;
  }

  Json preprocessing() {
    Json json = Json::object();
    json["kind"] = "scene";
    json["unit"] = "metre";
    json["up"] = "z";
    const double voxel = choose_voxel();
    json["voxel"] = voxel;
    json["features"] = settings_.channels.empty() ? choose_channels() : settings_.channels;
    json["squash"] = voxel / 2.0;
    return json;
  }

  std::vector<std::string> choose_channels() {
    std::vector<std::string> names{"offset_x", "offset_y", "offset_z", "count", "spread"};
    const auto add = [&names](std::initializer_list<const char*> more) {
      names.insert(names.end(), more.begin(), more.end());
    };
    if (aerial_) {
      add({"above_5", "above_17", "above_41", "above_97", "above_201", "below_17", "under_top"});
    } else {
      add({"above_17", "above_97", "under_top"});
    }
    add({"thickness_1", "scatter_1", "vertical_1", "crowd_1", "thickness_2", "scatter_2",
         "vertical_2", "crowd_2"});
    if (aerial_) add({"plane_3", "plane_4", "plane_5"});
    if (files_with(data_, AttributeKind::kIntensity) > 0) add({"intensity", "has_intensity"});
    if (files_with(data_, AttributeKind::kReturns) > 0) add({"last", "multiple", "has_returns"});
    const std::size_t all = data_.training.size();
    if (files_with(data_, AttributeKind::kColor) == all) add({"red", "green", "blue"});
    if (files_with(data_, AttributeKind::kNormal) == all) add({"normal_x", "normal_y", "normal_z"});
    because(std::to_string(names.size()) + " channels: shape, surroundings" +
            (aerial_ ? ", heights above the ground" : "") + " and the fields below");
    return names;
  }

  const TrainSettings& settings_;
  const TrainData& data_;
  bool aerial_;
  std::vector<std::string>& reasons_;
};

}  // namespace

bool is_aerial(const TrainData& data) {
  const auto aerial = std::ranges::count_if(data.training, [](const DataFile& file) {
    return file.extent >= kAerialExtent && file.height <= kFlat * file.extent;
  });
  return 2 * static_cast<std::size_t>(aerial) > data.training.size();
}

train::ModelSpec choose_network(const TrainSettings& settings, const TrainData& data,
                                const std::optional<train::ModelSpec>& init,
                                std::vector<std::string>& reasons) {
  NetworkChoice choice(settings, data, reasons);
  return init ? choice.like(*init) : choice.fit_to_data();
}

}  // namespace ptattn::tools
