#include "summary.hpp"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>
#include <vector>

#include "../text.hpp"
#include "legend_panel.hpp"

namespace ptattn::tools {
namespace {

constexpr std::size_t kMostChanges = 10;
constexpr std::size_t kCodeWidth = 4;
constexpr std::size_t kCountWidth = 12;
constexpr std::size_t kPercentWidth = 9;

std::string share_text(std::size_t part, std::size_t whole) {
  const double fraction = whole == 0 ? 0.0 : static_cast<double>(part) / static_cast<double>(whole);
  return right_aligned(percent_text(fraction), kPercentWidth);
}

/// In the order of the legend; classes of one name together.
std::vector<std::pair<std::string, std::size_t>> points_by_name(const view::Legend& legend) {
  std::vector<std::pair<std::string, std::size_t>> counts;
  std::map<std::string_view, std::size_t> places;
  for (const view::LegendClass& entry : legend.classes) {
    const auto [place, is_new] = places.emplace(entry.style.name, counts.size());
    if (is_new) counts.emplace_back(entry.style.name, 0);
    counts[place->second].second += entry.points;
  }
  return counts;
}

}  // namespace

std::string summary_text(const ShownCloud& shown, const view::Legend& legend) {
  const std::size_t drawn = shown.cloud.size();
  std::string text = shown.path + ": " + std::to_string(shown.points) + " points";
  if (drawn < shown.points) text += ", " + std::to_string(drawn) + " drawn";
  text += ", coloured by " + legend.source.name;
  if (legend.range) {
    text += " from " + short_number(legend.range->low) + " to " + short_number(legend.range->high);
  }
  text += "\n";
  std::size_t width = 0;
  for (const view::LegendClass& entry : legend.classes) {
    width = std::max(width, text_width(entry.style.name));
  }
  for (const view::LegendClass& entry : legend.classes) {
    const bool none = entry.style.code == view::kNoClass;
    text += right_aligned(none ? "" : std::to_string(entry.style.code), kCodeWidth) + "  " +
            left_aligned(entry.style.name, width) +
            right_aligned(std::to_string(entry.points), kCountWidth) +
            share_text(entry.points, drawn) + "\n";
  }
  return text;
}

nlohmann::ordered_json summary_json(const ShownCloud& shown, const view::Legend& legend) {
  nlohmann::ordered_json json{
      {"points", shown.points}, {"drawn", shown.cloud.size()}, {"field", legend.source.name}};
  if (shown.strays > 0) json["strays"] = shown.strays;
  if (legend.range) json["range"] = {{"low", legend.range->low}, {"high", legend.range->high}};
  if (legend.classes.empty()) return json;
  nlohmann::ordered_json::object_t classes;  // a key by itself is looked for among all before it
  for (const auto& [name, points] : points_by_name(legend)) classes.emplace_back(name, points);
  json["classes"] = std::move(classes);
  return json;
}

std::string comparison_text(const Comparison& comparison, const ClassNames& classes) {
  if (!comparison.problem.empty()) return "";
  const auto& [a, b] = comparison.sources;
  const bool one_field = a.name == b.name;
  std::string text = (one_field ? "different " + a.name : a.name + " and " + b.name + " differ") +
                     ": " + std::to_string(comparison.differing) + " of " +
                     std::to_string(comparison.points) + " points";
  if (comparison.points > 0) {
    text += ", " + percent_text(static_cast<double>(comparison.differing) /
                                    static_cast<double>(comparison.points),
                                2);
  }
  if (comparison.largest > 0.0) text += ", by at most " + short_number(comparison.largest);
  text += "\n";
  const std::size_t shown = std::min(comparison.changes.size(), kMostChanges);
  std::vector<std::string> names;
  std::size_t width = 0;
  for (std::size_t i = 0; i < shown; ++i) {
    const Comparison::Change& change = comparison.changes[i];
    names.push_back(classes(a)[change.from].name + " -> " + classes(b)[change.to].name);
    width = std::max(width, text_width(names.back()));
  }
  for (std::size_t i = 0; i < shown; ++i) {
    const std::size_t points = comparison.changes[i].points;
    text += "      " + left_aligned(names[i], width) +
            right_aligned(std::to_string(points), kCountWidth) +
            share_text(points, comparison.points) + "\n";
  }
  return text;
}

}  // namespace ptattn::tools
