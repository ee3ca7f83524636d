#include "ptattn/train/relief.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

#include "ptattn/core/parallel.hpp"

namespace ptattn::train {
namespace {

constexpr std::size_t kPointsPerTask = 4096;
constexpr std::size_t kWaves = 3;
constexpr double kLevelRange = 8.0;  // metres of relief under an object that it still bridges

struct Direction {
  double cosine;
  double sine;

  explicit Direction(double angle) : cosine(std::cos(angle)), sine(std::sin(angle)) {}
  [[nodiscard]] double along(double x, double y) const { return x * cosine + y * sine; }
  [[nodiscard]] double across(double x, double y) const { return y * cosine - x * sine; }
};

double ramp(double position) {
  return std::clamp(position + 0.5, 0.0, 1.0);
}

struct Wave {
  Direction direction;
  double length;
  double amplitude;
  double phase;

  [[nodiscard]] double at(double position) const {
    return amplitude * std::sin(2.0 * std::numbers::pi * position / length + phase);
  }
};

Wave draw_wave(Draws& draws, double shortest, double longest, double amplitude) {
  const Direction direction(draws.angle());
  const double length = draws.log_uniform(shortest, longest);
  return {direction, length, amplitude, draws.angle()};
}

struct Box {
  std::array<double, 2> low{std::numeric_limits<double>::max(), std::numeric_limits<double>::max()};
  std::array<double, 2> high{std::numeric_limits<double>::lowest(),
                             std::numeric_limits<double>::lowest()};
  [[nodiscard]] double draw(Draws& draws, std::size_t axis) const {
    return draws.uniform(low[axis], high[axis]);
  }
};

Box plan_box(const LabelledCloud& cloud) {
  Box box;
  for (const auto& p : cloud.positions) {
    for (std::size_t axis = 0; axis < 2; ++axis) {
      box.low[axis] = std::min<double>(box.low[axis], p[axis]);
      box.high[axis] = std::max<double>(box.high[axis], p[axis]);
    }
  }
  return box;
}

/// A tilted plane with waves on it.
class SmoothRelief {
 public:
  SmoothRelief(Draws& draws, const Relief& relief, double scale)
      : slope_(relief.slope), direction_(draws.angle()) {
    for (std::size_t i = 0; relief.wave_slope > 0.0 && i < kWaves; ++i) {
      Wave wave = draw_wave(draws, 15.0 * scale, 150.0 * scale, 0.0);
      wave.amplitude =
          relief.wave_slope * wave.length / (2.0 * std::numbers::pi) * draws.uniform(0.2, 0.6);
      waves_.push_back(wave);
    }
  }

  [[nodiscard]] double at(double x, double y) const {
    double height = slope_ * direction_.along(x, y);
    for (const Wave& wave : waves_) height += wave.at(wave.direction.along(x, y));
    return height;
  }

 private:
  double slope_;
  Direction direction_;
  std::vector<Wave> waves_;
};

/// A cliff or terrace edge along a wavy line.
struct Step {
  std::array<double, 2> through;
  Direction direction;
  double width;
  double rise;
  Wave swing;

  [[nodiscard]] double at(double x, double y) const {
    const double dx = x - through[0];
    const double dy = y - through[1];
    const double across = direction.along(dx, dy) + swing.at(direction.across(dx, dy));
    return rise * ramp(across / width);
  }
};

Step draw_step(Draws& draws, const Relief& relief, const Box& box, double angle, double scale) {
  const double width = draws.chance(0.5) ? draws.uniform(0.02, 0.5) : draws.uniform(0.5, 6.0);
  const std::array through{box.draw(draws, 0), box.draw(draws, 1)};
  const double rise = relief.height * draws.uniform(0.5, 1.0);
  const double swing = draws.uniform(0.0, 5.0 * scale);
  return {through, Direction(angle), width * scale, rise,
          draw_wave(draws, 15.0 * scale, 100.0 * scale, swing)};
}

/// A mound, a ridge or a pit with a flat top and an edge from soft to steep.
struct Mound {
  std::array<double, 2> center;
  Direction direction;
  double longer;
  double radius;
  double width;
  double rise;

  [[nodiscard]] double at(double x, double y) const {
    const double dx = x - center[0];
    const double dy = y - center[1];
    const double from = std::hypot(direction.along(dx, dy) / longer, direction.across(dx, dy));
    return rise * ramp((radius - from) / width);
  }
};

Mound draw_mound(Draws& draws, const Relief& relief, const Box& box, double scale) {
  const std::array center{box.draw(draws, 0), box.draw(draws, 1)};
  const Direction direction(draws.angle());
  const double longer = std::exp(draws.uniform(0.0, 1.5));
  const double radius = draws.log_uniform(5.0, 40.0) * scale;
  const double width = draws.uniform(0.02, 1.0) * radius;
  const double rise = relief.height * draws.uniform(0.2, 1.0) * draws.sign();
  return {center, direction, longer, radius, width, rise};
}

/// Makes each numbered object move as one.
void level_objects(std::span<const std::int32_t> objects, Draws& draws, double range,
                   std::span<double> smooth, std::span<double> steps) {
  struct Reach {
    double low = std::numeric_limits<double>::max();
    double high = std::numeric_limits<double>::lowest();
    double step = std::numeric_limits<double>::lowest();
    bool still = false;
    double level = 0.0;
  };
  const std::int32_t count = objects.empty() ? 0 : std::ranges::max(objects) + 1;
  std::vector<Reach> reaches(static_cast<std::size_t>(std::max(count, 0)));
  for (std::size_t i = 0; i < objects.size(); ++i) {
    if (objects[i] < 0) continue;
    Reach& reach = reaches[static_cast<std::size_t>(objects[i])];
    reach.low = std::min(reach.low, smooth[i]);
    reach.high = std::max(reach.high, smooth[i]);
    reach.step = std::max(reach.step, steps[i]);
  }
  for (Reach& reach : reaches) {
    if (reach.high < reach.low) continue;  // no point of it is here
    reach.still = reach.high - reach.low <= range;
    reach.level = reach.high - draws.uniform(0.0, 0.4) * (reach.high - reach.low);
  }
  for (std::size_t i = 0; i < objects.size(); ++i) {
    if (objects[i] < 0) continue;
    const Reach& reach = reaches[static_cast<std::size_t>(objects[i])];
    steps[i] = reach.step;
    if (reach.still) smooth[i] = reach.level;
  }
}

}  // namespace

Relief draw_relief(Draws& draws, bool sparse, double scale) {
  Relief relief;
  relief.slope =
      draws.chance(sparse ? 0.2 : 0.35) ? draws.uniform(0.0, 0.05) : draws.uniform(0.05, 0.95);
  if (draws.chance(0.4)) relief.steps = draws.between(1, 4);
  relief.height = draws.log_uniform(1.5, 20.0) * scale;
  if (draws.chance(0.5)) relief.wave_slope = draws.uniform(0.0, 0.6);
  if (draws.chance(0.25)) relief.mounds = draws.between(1, 4);
  return relief;
}

void bend(LabelledCloud& cloud, Draws& draws, const Relief& relief, bool level, double scale) {
  const Box box = plan_box(cloud);
  const SmoothRelief plane(draws, relief, scale);
  const bool parallel = draws.chance(0.5);
  const double common = draws.angle();
  std::vector<Step> cliffs;
  for (std::size_t i = 0; i < relief.steps; ++i) {
    const double angle = parallel ? common : draws.angle();
    cliffs.push_back(draw_step(draws, relief, box, angle, scale));
  }
  std::vector<Mound> mounds;
  for (std::size_t i = 0; i < relief.mounds; ++i) {
    mounds.push_back(draw_mound(draws, relief, box, scale));
  }
  std::vector<double> smooth(cloud.size());
  std::vector<double> steps(cloud.size());
  parallel_each(cloud.size(), kPointsPerTask, [&](std::size_t i) {
    const double x = cloud.positions[i][0];
    const double y = cloud.positions[i][1];
    smooth[i] = plane.at(x, y);
    steps[i] = 0.0;
    for (const Step& step : cliffs) steps[i] += step.at(x, y);
    for (const Mound& mound : mounds) steps[i] += mound.at(x, y);
  });
  if (level) level_objects(cloud.objects, draws, kLevelRange * scale, smooth, steps);
  parallel_each(cloud.size(), kPointsPerTask, [&](std::size_t i) {
    cloud.positions[i][2] += static_cast<float>(smooth[i] + steps[i]);
  });
}

}  // namespace ptattn::train
