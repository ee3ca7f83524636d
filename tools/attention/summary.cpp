#include "summary.hpp"

#include <algorithm>
#include <array>
#include <cstdio>
#include <numeric>
#include <utility>
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

std::string position_text(const Position& p) {
  std::string text = "(";
  return text.append(number_text(p[0]) + ", " + number_text(p[1]) + ", " + number_text(p[2]) + ")");
}

std::string point_text(std::size_t point, std::span<const Position> positions) {
  return "point " + std::to_string(point) + " " + position_text(positions[point]);
}

std::string query_text(const AttentionRun& run, const AttentionResult& result,
                       std::span<const Position> positions) {
  if (!result.query) return "none, the mean attention that each token receives";
  const std::size_t point = *run.query.point;
  const std::size_t token = result.nearest_points[*result.query];
  std::string text = point_text(point, positions);
  if (run.at) text = position_text(*run.at) + ", nearest point: " + text;
  return token == point ? text + ", a token"
                        : text + ", nearest token: " + point_text(token, positions);
}

/// The tokens of the largest weights, largest first.
std::vector<std::size_t> heaviest_tokens(const AttentionResult& result) {
  std::vector<std::size_t> order(result.tokens.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  const std::size_t count = std::min(kHeaviest, order.size());
  std::ranges::partial_sort(order, order.begin() + static_cast<std::ptrdiff_t>(count),
                            [&](std::size_t a, std::size_t b) {
                              if (result.tokens[a] != result.tokens[b]) {
                                return result.tokens[a] > result.tokens[b];
                              }
                              return a < b;
                            });
  order.resize(count);
  return order;
}

std::string heaviest_text(const AttentionResult& result, std::span<const Position> positions) {
  const std::vector<std::size_t> order = heaviest_tokens(result);
  std::string text;
  for (std::size_t i = 0; i < order.size(); ++i) {
    text += line(i == 0 ? "heaviest" : "", point_text(result.nearest_points[order[i]], positions) +
                                               " " + percent_text(result.tokens[order[i]], 2));
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

std::string class_text(const AttentionModel& model, const AttentionResult& result) {
  if (result.probabilities.empty()) return "";
  const std::size_t best = top_classes(result.probabilities, 1).front();
  return model.classes[best] + " " + percent_text(result.probabilities[best]);
}

std::string summary_text(const AttentionRun& run, const AttentionResult& result,
                         std::span<const Position> positions) {
  const AttentionSpread spread = spread_of(result.tokens);
  const std::string tokens = std::to_string(result.tokens.size());
  const std::string seen_as = class_text(run.model, result);
  std::string text = line("model", run.model.name);
  text += line("input", run.input + ", " + std::to_string(positions.size()) + " points, seen as " +
                            tokens + " tokens, up " + std::string(name_of(result.up)));
  if (!seen_as.empty()) {
    text += line("class", seen_as + (run.model.classifies_clouds ? "" : ", of the query point"));
  }
  text += line("layer", choice_text(run.query.choice));
  text += line("query", query_text(run, result, positions));
  text += line("entropy", fixed_text(spread.entropy, 3) + " nats, as wide as even attention over " +
                              fixed_text(spread.effective, 1) + " of " + tokens + " tokens");
  text += line("top 1 %", std::to_string(spread.top) +
                              (spread.top == 1 ? " token takes " : " tokens take ") +
                              percent_text(spread.top_share));
  return text + heaviest_text(result, positions);
}

nlohmann::ordered_json summary_json(const AttentionRun& run, const AttentionResult& result) {
  const AttentionSpread spread = spread_of(result.tokens);
  const AttentionChoice& choice = run.query.choice;
  nlohmann::ordered_json json = nlohmann::ordered_json::object();
  json["tokens"] = result.tokens.size();
  json["up"] = name_of(result.up);
  if (!result.probabilities.empty()) {
    const std::size_t best = top_classes(result.probabilities, 1).front();
    json["class"] = run.model.classes[best];
    json["confidence"] = result.probabilities[best];
  }
  json["layer"] = choice.layers.back().name;
  json["rollout"] = choice.rollout;
  if (choice.head) json["head"] = *choice.head;
  if (run.query.point) json["query"] = *run.query.point;
  json["entropy"] = spread.entropy;
  json["effective_tokens"] = spread.effective;
  json["top_tokens"] = spread.top;
  json["top_share"] = spread.top_share;
  nlohmann::ordered_json heaviest = nlohmann::ordered_json::array();
  for (const std::size_t token : heaviest_tokens(result)) {
    heaviest.push_back({{"point", result.nearest_points[token]}, {"weight", result.tokens[token]}});
  }
  json["heaviest"] = std::move(heaviest);
  return json;
}

int print_layers(std::span<const AttentionLayer> layers, std::optional<Format> format) {
  std::size_t width = text_width("layer");
  for (const AttentionLayer& layer : layers) width = std::max(width, text_width(layer.name));
  constexpr std::size_t kHeadsWidth = 7;
  const auto row = [&](const std::string& name, const std::string& heads) {
    return left_aligned(name, width) + right_aligned(heads, kHeadsWidth) + "\n";
  };
  Output output = Output::to_stdout();
  RecordWriter writer(format.value_or(Format::kTable), output);
  std::string heading = row("layer", "heads");
  for (const AttentionLayer& layer : layers) {
    writer.write({{"layer", layer.name}, {"heads", layer.heads}},
                 heading + row(layer.name, std::to_string(layer.heads)));
    heading.clear();
  }
  writer.finish();
  return 0;
}

}  // namespace ptattn::tools
