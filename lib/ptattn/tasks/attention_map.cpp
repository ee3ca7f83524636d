#include "ptattn/tasks/attention_map.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <utility>

#include "ptattn/neighbors/knn.hpp"
#include "ptattn/tasks/interpolate.hpp"
#include "ptattn/tasks/orientation.hpp"
#include "ptattn/tasks/prepare.hpp"

namespace ptattn {
namespace {

/// A cloud as it is shown to a network.
struct Shown {
  std::vector<std::size_t> points;  // of the cloud, those that take part
  Matrix positions;                 // [points, 3] of all of them in the network's coordinates
  PreparedSample sample;            // what the network sees of them
  Axis up;

  [[nodiscard]] std::array<float, 3> place_of(const Position& p) const {
    const Position turned = upright(p, up);
    const Matrix place = to_network(std::span(&turned, 1), sample.frame);
    return {place(0, 0), place(0, 1), place(0, 2)};
  }
};

Shown show(const PointCloud& cloud, const Preprocessing& profile, std::string_view subject,
           Axis up) {
  std::vector<Position> positions = usable_positions(cloud, profile, subject);
  for (Position& p : positions) p = upright(p, up);
  PreparedSample sample = prepare_sample(positions, profile, 0, 1);
  Matrix all = to_network(positions, sample.frame);
  return {finite_points(cloud.positions(subject)), std::move(all), std::move(sample), up};
}

std::size_t nearest(MatrixView tokens, const std::array<float, 3>& place) {
  return k_nearest(tokens, {place.data(), 1, 3, 3}, 1).indices.front();
}

/// The weights of the tokens, carried to all points of a cloud of `size` points.
std::vector<float> on_points(const AttentionRows& attention, const Shown& shown, std::size_t size) {
  const MatrixView weights{attention.rows.data(), attention.tokens.rows(), 1, 1};
  const Matrix values = interpolate(attention.tokens, weights, shown.positions);
  std::vector<float> all(size, 0.0F);
  for (std::size_t i = 0; i < shown.points.size(); ++i) all[shown.points[i]] = values(i, 0);
  return all;
}

std::vector<std::size_t> places_of(MatrixView tokens, const Shown& shown) {
  const IndexTable found = k_nearest(shown.positions, tokens, 1);
  std::vector<std::size_t> places(tokens.rows);
  std::ranges::transform(found.indices, places.begin(),
                         [&](std::uint32_t i) { return shown.points[i]; });
  return places;
}

}  // namespace

AttentionAnswer attention_map(const ClassifierModel& model, const PointCloud& cloud,
                              std::string_view subject, const AttentionQuestion& question) {
  AttentionAnswer answer;
  answer.classification = classify(model, cloud, subject, {.votes = 1, .up = question.up});
  const Shown shown =
      show(cloud, model.description.preprocessing, subject, answer.classification.up);
  const ForwardPass forward = [&](const Trace& trace) {
    (void)model.network->logits(shown.sample.points, trace);
  };
  RowChoice select = mean_row();
  if (question.at) select = row_nearest_to(shown.place_of(*question.at));
  const AttentionRows attention = attention_rows(forward, question.choice, select);
  answer.points = on_points(attention, shown, cloud.size());
  answer.tokens.assign(attention.rows.values().begin(), attention.rows.values().end());
  answer.places = places_of(attention.tokens, shown);
  if (question.at) answer.query = nearest(attention.tokens, shown.place_of(*question.at));
  if (question.picture_cells > 0) {
    answer.picture = attention_picture(forward, question.choice, question.picture_cells);
  }
  return answer;
}

}  // namespace ptattn
