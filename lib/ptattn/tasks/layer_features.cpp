#include "ptattn/tasks/layer_features.hpp"

#include <algorithm>
#include <cmath>

#include "ptattn/core/error.hpp"
#include "ptattn/tasks/interpolate.hpp"
#include "ptattn/tasks/orientation.hpp"
#include "ptattn/tasks/prepare.hpp"

namespace ptattn {
namespace {

/// Points on a spiral from pole to pole of a sphere: no two alike.
Matrix spiral(std::size_t count) {
  Matrix points(count, 3);
  for (std::size_t i = 0; i < count; ++i) {
    const double t = (static_cast<double>(i) + 0.5) / static_cast<double>(count);
    const double z = 2.0 * t - 1.0;
    const double radius = std::sqrt(1.0 - z * z);
    const double angle = 2.4 * static_cast<double>(i);  // close to the golden angle
    points(i, 0) = static_cast<float>(radius * std::cos(angle));
    points(i, 1) = static_cast<float>(radius * std::sin(angle));
    points(i, 2) = static_cast<float>(z);
  }
  return points;
}

Matrix copy_of(MatrixView view) {
  Matrix copy(view.rows, view.cols);
  for (std::size_t i = 0; i < view.rows; ++i) std::copy_n(view.row(i), view.cols, copy.row(i));
  return copy;
}

/// What a layer says about its tokens, and where they are.
struct Tokens {
  bool heard = false;
  Matrix positions;  // [t, 3]
  Matrix values;     // [t, channels]
};

Tokens listen(const ClassifierModel& model, std::string_view layer, MatrixView points) {
  Tokens tokens;
  (void)model.network->logits(
      points, Trace::of_values([&](std::string_view name, MatrixView values, MatrixView positions) {
        if (name != layer) return;
        tokens.heard = true;
        tokens.positions = copy_of(positions);
        tokens.values = copy_of(values);
      }));
  return tokens;
}

void check(const Tokens& tokens, const ClassifierModel& model, std::string_view layer) {
  const std::string& name = model.description.name;
  if (!tokens.heard) {
    throw Error(Fault::kUsage, name, "has no layer " + std::string(layer));
  }
  if (tokens.positions.rows() == 0) {
    throw Error(Fault::kUsage, name,
                "layer " + std::string(layer) +
                    " describes the cloud as a whole, expected one that describes points");
  }
}

}  // namespace

std::vector<LayerDescription> layers_of(const std::function<void(const Trace& trace)>& forward) {
  std::vector<LayerDescription> layers;
  forward(Trace::of_values([&](std::string_view name, MatrixView values, MatrixView positions) {
    if (positions.rows == 0 && values.rows != 1) return;
    layers.push_back({std::string(name), positions.rows, values.cols});
  }));
  return layers;
}

std::vector<LayerDescription> layers_of(const ClassifierModel& model) {
  const Matrix points = spiral(model.description.preprocessing.points);
  return layers_of([&](const Trace& trace) { (void)model.network->logits(points, trace); });
}

Matrix layer_features(const ClassifierModel& model, std::string_view layer, const PointCloud& cloud,
                      std::string_view subject, Axis up) {
  const Preprocessing& profile = model.description.preprocessing;
  std::vector<Position> positions = usable_positions(cloud, profile, subject);
  for (Position& p : positions) p = upright(p, up);
  const PreparedSample sample = prepare_sample(positions, profile, 0, 1);
  const Tokens tokens = listen(model, layer, sample.points);
  check(tokens, model, layer);
  return interpolate(tokens.positions, tokens.values, to_network(positions, sample.frame));
}

}  // namespace ptattn
