#include "summary.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <numeric>
#include <vector>

#include "../text.hpp"
#include "ptattn/cloud/orientation.hpp"

namespace ptattn::tools {
namespace {

constexpr std::size_t kLabelWidth = 10;
constexpr std::size_t kHeaviest = 3;

std::string line(const std::string& label, const std::string& text) {
  return left_aligned(label, kLabelWidth) + text + "\n";
}

std::string number_text(double value) {
  std::array<char, 40> text;
  std::snprintf(text.data(), text.size(), "%.9g", value);
  return text.data();
}

std::string place_text(const Position& p) {
  std::string text = "(";
  return text.append(number_text(p[0]) + ", " + number_text(p[1]) + ", " + number_text(p[2]) + ")");
}

std::string point_text(std::size_t point, std::span<const Position> positions) {
  return "point " + std::to_string(point) + " " + place_text(positions[point]);
}

std::string query_text(const AttentionRun& run, const AttentionAnswer& answer,
                       std::span<const Position> positions) {
  if (!answer.query) return "none, the mean attention that each token receives";
  const std::size_t point = *run.question.point;
  const std::size_t token = answer.places[*answer.query];
  std::string text = point_text(point, positions);
  if (run.at) text = place_text(*run.at) + ", nearest point: " + text;
  return token == point ? text + ", a token"
                        : text + ", nearest token: " + point_text(token, positions);
}

std::string heaviest_text(const AttentionAnswer& answer, std::span<const Position> positions) {
  std::vector<std::size_t> order(answer.tokens.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const std::size_t count = std::min(kHeaviest, order.size());
  std::ranges::partial_sort(order, order.begin() + static_cast<std::ptrdiff_t>(count),
                            [&](std::size_t a, std::size_t b) {
                              if (answer.tokens[a] != answer.tokens[b]) {
                                return answer.tokens[a] > answer.tokens[b];
                              }
                              return a < b;
                            });
  std::string text;
  for (std::size_t i = 0; i < count; ++i) {
    text += line(i == 0 ? "heaviest" : "", point_text(answer.places[order[i]], positions) + " " +
                                               percent_text(answer.tokens[order[i]], 2));
  }
  return text;
}

}  // namespace

std::string choice_text(const AttentionChoice& choice) {
  const std::string& last = choice.layers.back().name;
  std::string text = last;
  if (choice.rollout) text = "rollout from " + choice.layers.front().name + " to " + last;
  if (choice.head) return text + ", head " + std::to_string(*choice.head);
  const std::size_t heads = choice.layers.back().heads;
  return heads == 1 ? text + ", one head" : text + ", mean of " + std::to_string(heads) + " heads";
}

std::string class_text(const Looker& model, const AttentionAnswer& answer) {
  if (answer.probabilities.empty()) return "";
  const std::size_t best = top_classes(answer.probabilities, 1).front();
  return model.classes[best] + " " + percent_text(answer.probabilities[best]);
}

std::string summary_text(const AttentionRun& run, const AttentionAnswer& answer,
                         std::span<const Position> positions) {
  const AttentionSpread spread = spread_of(answer.tokens);
  const std::string tokens = std::to_string(answer.tokens.size());
  const std::string seen_as = class_text(run.model, answer);
  std::string text = line("model", run.model.name);
  text += line("input", run.input + ", " + std::to_string(positions.size()) + " points, seen as " +
                            tokens + " tokens, up " + std::string(name_of(answer.up)));
  if (!seen_as.empty()) {
    text += line("class", seen_as + (run.model.names_clouds ? "" : ", of the point that looks"));
  }
  text += line("layer", choice_text(run.question.choice));
  text += line("query", query_text(run, answer, positions));
  text += line("entropy", fixed_text(spread.entropy, 3) + " nats, as wide as even attention over " +
                              fixed_text(spread.effective, 1) + " of " + tokens + " tokens");
  text += line("top 1 %", std::to_string(spread.top) +
                              (spread.top == 1 ? " token takes " : " tokens take ") +
                              percent_text(spread.top_share));
  return text + heaviest_text(answer, positions);
}

std::string layers_text(std::span<const AttentionLayer> layers) {
  std::size_t width = text_width("layer");
  for (const AttentionLayer& layer : layers) width = std::max(width, text_width(layer.name));
  constexpr std::size_t kHeadsWidth = 7;
  std::string text = left_aligned("layer", width) + right_aligned("heads", kHeadsWidth) + "\n";
  for (const AttentionLayer& layer : layers) {
    text += left_aligned(layer.name, width) +
            right_aligned(std::to_string(layer.heads), kHeadsWidth) + "\n";
  }
  return text;
}

}  // namespace ptattn::tools
