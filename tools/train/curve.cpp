#include "curve.hpp"

#include <algorithm>
#include <array>

#include "../plot/canvas.hpp"
#include "../plot/heat_map.hpp"

namespace ptattn::tools {
namespace {

constexpr double kWidth = 640.0;
constexpr double kPanel = 200.0;
constexpr double kLeft = 70.0;
constexpr double kTop = 34.0;
constexpr double kBetween = 56.0;
constexpr double kRight = 20.0;
constexpr double kBottom = 46.0;
constexpr double kDot = 2.0;  // half of its side
constexpr std::size_t kMostDots = 60;

struct Series {
  std::string title;
  Rgb color;
  std::vector<std::array<double, 2>> points;  // step, value
};

struct Panel {
  const Series& series;
  double top;
  double steps;
  double low;
  double high;

  [[nodiscard]] Spot at(double step, double value) const {
    return {kLeft + step / steps * (kWidth - kLeft - kRight),
            top + (high - value) / (high - low) * kPanel};
  }
};

std::vector<Series> series_of(const TrainLog& log) {
  const bool any = !log.validations().empty();
  Series validation{
      "validation " + (any ? log.validations().back().measure : "score") + ", percent",
      {60, 120, 220},
      {}};
  for (const ValidationPoint& v : log.validations()) {
    validation.points.push_back({static_cast<double>(v.step), 100.0 * v.score});
  }
  Series loss{"loss", {220, 80, 60}, {}};
  for (const CurvePoint& p : log.curve()) {
    loss.points.push_back({static_cast<double>(p.step), p.loss});
  }
  return {validation, loss};
}

std::vector<Panel> panels_of(const std::vector<Series>& all) {
  double steps = 1.0;
  for (const Series& series : all) {
    for (const auto& p : series.points) steps = std::max(steps, p[0]);
  }
  std::vector<Panel> panels;
  for (const Series& series : all) {
    double high = 0.0;
    for (const auto& p : series.points) high = std::max(high, p[1]);
    const double top = kTop + static_cast<double>(panels.size()) * (kPanel + kBetween);
    panels.push_back({series, top, steps, 0.0, high > 0.0 ? 1.05 * high : 1.0});
  }
  return panels;
}

void draw_axes(const Panel& panel, const Canvas& canvas) {
  canvas.text({kLeft, panel.top - 22.0}, panel.series.title + ", by step", Anchor::kStart);
  for (const double tick : axis_ticks(panel.high)) {
    const Spot left = panel.at(0.0, tick);
    canvas.line(left, panel.at(panel.steps, tick), kGrid);
    canvas.text({left.x - 8.0, left.y - 8.0}, number_text(tick), Anchor::kEnd);
  }
  for (const double tick : axis_ticks(panel.steps)) {
    const Spot below = panel.at(tick, panel.low);
    canvas.line(below, {below.x, below.y + 6.0}, kInk);
    canvas.text({below.x, below.y + 8.0}, number_text(tick), Anchor::kMiddle);
  }
  canvas.line(panel.at(0.0, panel.low), panel.at(panel.steps, panel.low), kInk);
}

/// Few values are dots as well: one alone has no line.
void draw_series(const Panel& panel, const Canvas& canvas) {
  const auto& points = panel.series.points;
  const auto place = [&](std::size_t i) { return panel.at(points[i][0], points[i][1]); };
  for (std::size_t i = 0; i < points.size(); ++i) {
    const Spot at = place(i);
    if (i + 1 < points.size()) canvas.line(at, place(i + 1), panel.series.color);
    if (points.size() <= kMostDots) {
      canvas.box({at.x - kDot, at.y - kDot}, {at.x + kDot, at.y + kDot}, panel.series.color);
    }
  }
}

constexpr double kHeight = kTop + 2.0 * kPanel + kBetween + kBottom;

void draw_curve(const TrainLog& log, const Canvas& canvas) {
  const std::vector<Series> all = series_of(log);
  for (const Panel& panel : panels_of(all)) {
    draw_axes(panel, canvas);
    draw_series(panel, canvas);
  }
}

}  // namespace

Image curve_image(const TrainLog& log) {
  return draw_image({kWidth, kHeight}, [&](const Canvas& canvas) { draw_curve(log, canvas); });
}

std::string curve_svg(const TrainLog& log) {
  return draw_svg({kWidth, kHeight}, [&](const Canvas& canvas) { draw_curve(log, canvas); });
}

}  // namespace ptattn::tools
