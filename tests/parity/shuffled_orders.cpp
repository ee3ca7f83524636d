#include "shuffled_orders.hpp"

#include <algorithm>
#include <limits>
#include <numeric>
#include <string_view>
#include <utility>
#include <vector>

#include "point_case.hpp"
#include "ptattn/models/files/json_reader.hpp"
#include "ptattn/models/ptv3/ptv3.hpp"
#include "ptattn/models/registry.hpp"

namespace ptattn::test {
namespace {

using Curves = std::vector<Curve>;

// An arrangement that agrees as well as this is the right one: wrong ones are off by 1e-3 and more,
// right ones by a few 1e-6. Where none does, the best of all is kept.
constexpr double kAgreement = 2e-5;

constexpr const char* kNames[] = {"z", "z-trans", "hilbert", "hilbert-trans"};

std::size_t blocks_of(const Ptv3Config& config, std::size_t stage) {
  const std::size_t decoder = stage < config.decoder.size() ? config.decoder[stage].depth : 0;
  return std::max({config.encoder[stage].depth, decoder, std::size_t{1}});
}

/// Arrangements of `curves` that differ between places [fixed, used), the given one first.
std::vector<Curves> arrangements(const Curves& curves, std::size_t fixed, std::size_t used) {
  std::vector<std::size_t> places(curves.size());
  std::iota(places.begin(), places.end(), std::size_t{0});
  std::vector<Curves> all;
  const auto differs = [&](const Curves& a, const Curves& b) {
    return !std::equal(a.begin(), a.begin() + static_cast<std::ptrdiff_t>(used), b.begin());
  };
  do {
    Curves arranged;
    for (const std::size_t place : places) arranged.push_back(curves[place]);
    if (all.empty() ||
        std::ranges::all_of(all, [&](const Curves& c) { return differs(c, arranged); })) {
      all.push_back(arranged);
    }
  } while (
      std::next_permutation(places.begin() + static_cast<std::ptrdiff_t>(fixed), places.end()));
  return all;
}

/// True unless the configuration says which orders the stages had.
bool orders_are_unknown(const ArchitectureConfig& description) {
  const JsonTree parsed = parse_json(description.hyper_parameters, description.subject);
  JsonObject json(parsed.root(), "", description.subject);
  return json.find("stage_orders") == nullptr && json.flag("shuffle_orders", true);
}

/// Thrown out of a forward pass that has told enough.
struct Enough {};

class Search {
 public:
  Search(Ptv3Config config, std::shared_ptr<const Ptv3Weights> weights, const SafetensorsFile& data)
      : config_(std::move(config)), weights_(std::move(weights)), data_(data), input_(data) {
    if (config_.stage_orders.empty()) {
      config_.stage_orders.assign(config_.encoder.size(), config_.order);
    }
  }

  /// How far the network is from the case as it is configured.
  double check() { return difference_of("", "", std::numeric_limits<double>::infinity()); }

  /// The worst of the best agreements of the stages.
  double run() {
    double worst = 0.0;
    for (std::size_t s = 0; s < config_.encoder.size(); ++s) {
      const std::string name = "enc.enc" + std::to_string(s) + ".";
      const std::size_t used =
          std::min(config_.order.size(), std::max<std::size_t>(1, config_.encoder[s].depth));
      worst =
          std::max(worst, choose(s, 0, used, name, "enc.enc" + std::to_string(s + 1) + ".down"));
    }
    for (std::size_t s = config_.decoder.size(); s-- > 0;) {
      const std::size_t fixed = std::min(config_.order.size(), config_.encoder[s].depth);
      const std::size_t used = std::min(config_.order.size(), config_.decoder[s].depth);
      const std::string name = "dec.dec" + std::to_string(s) + ".";
      if (used > fixed) worst = std::max(worst, choose(s, fixed, used, name, ""));
    }
    return worst;
  }

  [[nodiscard]] const Ptv3Config& config() const { return config_; }

 private:
  /// Keeps the best arrangement of stage `s` by the layers that start with `prefix`, and `next`.
  double choose(std::size_t s, std::size_t fixed, std::size_t used, std::string_view prefix,
                std::string_view next) {
    double best = std::numeric_limits<double>::infinity();
    Curves best_order = config_.stage_orders[s];
    for (const Curves& order : arrangements(best_order, fixed, used)) {
      config_.stage_orders[s] = order;
      const double difference = difference_of(prefix, next, best);
      if (difference < best) {
        best = difference;
        best_order = order;
      }
      if (best < kAgreement) break;
    }
    config_.stage_orders[s] = best_order;
    return best;
  }

  /// The largest difference of those layers; the pass ends where it exceeds `limit`.
  double difference_of(std::string_view prefix, std::string_view next, double limit) {
    double largest = 0.0;
    bool inside = false;
    const auto listen = [&](std::string_view name, MatrixView values) {
      const bool belongs = name.starts_with(prefix) || name == next;
      if (inside && !belongs) throw Enough{};
      if (!belongs) return;
      inside = true;
      largest = std::max(largest, difference_from(data_, name, values));
      if (largest > limit || name == next) throw Enough{};
    };
    try {
      (void)Ptv3(config_, weights_).forward(input_.view(), listen);
    } catch (const Enough&) {
      return largest;
    }
    return largest;
  }

  Ptv3Config config_;
  std::shared_ptr<const Ptv3Weights> weights_;
  const SafetensorsFile& data_;
  PointCase input_;
};

/// @throws Error(Fault::kModel) when a tensor does not fit
Ptv3Config explain(const Ptv3Config& config, const std::shared_ptr<const Ptv3Weights>& weights,
                   const SafetensorsFile& data, bool search_orders) {
  Ptv3Config explanation = config;
  double best = std::numeric_limits<double>::infinity();
  bool ambiguous = PointCase(data).view().ends.size() > 1;
  for (std::size_t s = 0; s < config.decoder.size(); ++s) {
    ambiguous = ambiguous || config.decoder[s].patch_size != config.encoder[s].patch_size;
  }
  for (const bool smallest : {false, true}) {
    if (best < kAgreement || (smallest && !ambiguous)) break;
    Ptv3Config attempt = config;
    attempt.patch_of_smallest_cloud = smallest;
    Search search(attempt, weights, data);
    const double difference = search_orders ? search.run() : search.check();
    if (difference < best) {
      best = difference;
      explanation = search.config();
    }
  }
  return explanation;
}

std::string orders_text(const Ptv3Config& config) {
  std::string text;
  for (std::size_t s = 0; s < config.encoder.size(); ++s) {
    if (s > 0) text += " |";
    const Curves& orders = orders_of(config, s);
    for (std::size_t i = 0; i < std::min(orders.size(), blocks_of(config, s)); ++i) {
      if (!text.empty()) text += ' ';
      text += kNames[static_cast<std::size_t>(orders[i])];
    }
  }
  return text + (config.patch_of_smallest_cloud ? ", patches of the smallest cloud" : "");
}

}  // namespace

ExplainedNetwork make_explained_network(const GoldenCase& golden) {
  const ArchitectureConfig& description = golden.architecture;
  const std::vector<std::string> modes = {"ptv3m1", "ptv3m2", "ptv3m3"};
  const auto mode = std::find(modes.begin(), modes.end(), description.architecture);
  if (mode == modes.end()) return {make_point_network(description, golden.weights), ""};
  const Ptv3Config config =
      read_ptv3_config(description.hyper_parameters, static_cast<Ptv3Mode>(mode - modes.begin()),
                       description.subject);
  const auto weights =
      std::make_shared<const Ptv3Weights>(read_ptv3_weights(config, golden.weights));
  const Ptv3Config explained =
      explain(config, weights, golden.data, orders_are_unknown(description));
  return {std::make_unique<Ptv3>(explained, weights), orders_text(explained)};
}

}  // namespace ptattn::test
