#include "ptattn/tasks/inspect/layer_tokens.hpp"

#include <cmath>

#include "ptattn/core/clone.hpp"
#include "ptattn/core/error.hpp"

namespace ptattn {

std::vector<LayerDescription> layers_of(const TracedPass& forward) {
  std::vector<LayerDescription> layers;
  forward(Trace::of_values([&](std::string_view name, MatrixView values, MatrixView positions) {
    if (positions.rows == 0 && values.rows != 1) return;
    layers.push_back({std::string(name), positions.rows, values.cols});
  }));
  return layers;
}

LayerTokens listen_to(const TracedPass& forward, std::string_view layer, std::string_view model) {
  LayerTokens tokens;
  bool heard = false;
  forward(Trace::of_values([&](std::string_view name, MatrixView values, MatrixView positions) {
    if (name != layer) return;
    heard = true;
    tokens.positions = clone(positions);
    tokens.values = clone(values);
  }));
  if (!heard) throw Error(Fault::kUsage, model, "has no layer " + std::string(layer));
  if (tokens.positions.rows() == 0) {
    throw Error(Fault::kUsage, model,
                "layer " + std::string(layer) +
                    " describes the cloud as a whole, expected one that describes points");
  }
  return tokens;
}

Matrix spiral(std::size_t count, double radius) {
  Matrix points(count, 3);
  for (std::size_t i = 0; i < count; ++i) {
    const double t = (static_cast<double>(i) + 0.5) / static_cast<double>(count);
    const double z = 2.0 * t - 1.0;
    const double ring = std::sqrt(1.0 - z * z);
    const double angle = 2.4 * static_cast<double>(i);  // close to the golden angle
    points(i, 0) = static_cast<float>(radius * ring * std::cos(angle));
    points(i, 1) = static_cast<float>(radius * ring * std::sin(angle));
    points(i, 2) = static_cast<float>(radius * z);
  }
  return points;
}

}  // namespace ptattn
