#include "ptattn/train/augment.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <numbers>
#include <unordered_set>
#include <utility>

#include "ptattn/core/random.hpp"
#include "ptattn/train/relief.hpp"

namespace ptattn::train {
namespace {

constexpr double kAerialVoxel = 0.5;  // metres; other scenes are scaled copies
constexpr std::size_t kFewestPoints = 64;

struct PlanTurn {
  double cosine = 1.0;
  double sine = 0.0;
  double mirror = 1.0;

  [[nodiscard]] std::array<double, 2> operator()(double x, double y) const {
    return {(x * cosine - y * sine) * mirror, x * sine + y * cosine};
  }
};

void turn_normals(LabelledCloud& cloud, const PlanTurn& turn) {
  const auto find = [&](const char* name) {
    const auto found = std::ranges::find(cloud.attributes, name, &Attribute::name);
    return found == cloud.attributes.end() ? nullptr : &found->values;
  };
  auto* const x = find("normal_x");
  auto* const y = find("normal_y");
  if (x == nullptr || y == nullptr) return;
  for (std::size_t i = 0; i < cloud.size(); ++i) {
    const auto turned = turn((*x)[i], (*y)[i]);
    (*x)[i] = static_cast<float>(turned[0]);
    (*y)[i] = static_cast<float>(turned[1]);
  }
}

std::span<const float> values_of(const LabelledCloud& cloud, const char* name) {
  const auto found = std::ranges::find(cloud.attributes, name, &Attribute::name);
  return found == cloud.attributes.end() ? std::span<const float>{} : found->values;
}

/// One point, the first of a random order, in each cell of a grid.
LabelledCloud one_per_cell(const LabelledCloud& cloud, double cell, Draws& draws) {
  const double dx = draws.uniform();
  const double dy = draws.uniform();
  const auto start = draws.below(cloud.size());
  const auto stride = static_cast<std::uint64_t>(draws.below(1U << 20U));
  std::unordered_set<std::uint64_t> occupied;
  std::vector<std::pair<std::uint64_t, std::uint32_t>> order(cloud.size());
  for (std::size_t i = 0; i < cloud.size(); ++i) {
    order[i] = {splitmix64_mix(i + start + stride), static_cast<std::uint32_t>(i)};
  }
  std::ranges::sort(order);
  std::vector<std::uint32_t> kept;
  for (const auto& [key, i] : order) {
    const auto& p = cloud.positions[i];
    const auto column = static_cast<std::int32_t>(std::floor(p[0] / cell + dx));
    const auto row = static_cast<std::int32_t>(std::floor(p[1] / cell + dy));
    const std::uint64_t place = (std::uint64_t{static_cast<std::uint32_t>(column)} << 32U) |
                                static_cast<std::uint32_t>(row);
    if (occupied.insert(place).second) kept.push_back(i);
  }
  std::ranges::sort(kept);
  return select(cloud, kept);
}

/// First or last returns only; `share` becomes what is still to be kept.
LabelledCloud keep_one_return(const LabelledCloud& cloud, double& share, Draws& draws) {
  const auto number = values_of(cloud, "return_number");
  const auto count = values_of(cloud, "number_of_returns");
  if (number.empty() || count.empty()) return cloud;
  const bool first = draws.chance(0.5);
  LabelledCloud kept = select_if(
      cloud, [&](std::size_t i) { return first ? number[i] == 1.0F : number[i] >= count[i]; });
  const double left = static_cast<double>(kept.size()) / static_cast<double>(cloud.size());
  share = std::min(1.0, share / std::max(left, 1e-3));
  return kept;
}

/// Bands of the plane, as scan lines far apart leave them.
LabelledCloud keep_scan_lines(const LabelledCloud& cloud, double& share, double density,
                              Draws& draws) {
  const double bands = std::pow(share, draws.uniform(0.3, 1.0));
  const double angle = draws.uniform(0.0, std::numbers::pi);
  const double spacing = std::exp(draws.uniform(-0.7, 0.7)) / std::sqrt(density);
  const double cosine = std::cos(angle);
  const double sine = std::sin(angle);
  share /= bands;
  return select_if(cloud, [&](std::size_t i) {
    const double across = (cloud.positions[i][0] * cosine + cloud.positions[i][1] * sine) / spacing;
    return across - std::floor(across) < bands;
  });
}

}  // namespace

LabelledCloud cut_square(const LabelledCloud& cloud, const Square& square, Draws& draws,
                         bool turn) {
  PlanTurn plan;
  if (turn) {
    const double angle = draws.angle();
    plan = {std::cos(angle), std::sin(angle), draws.sign()};
  }
  const double reach = 0.75 * square.side;
  const double half = 0.5 * square.side;
  std::vector<std::uint32_t> rows;
  std::vector<std::array<float, 2>> turned;
  for (std::size_t i = 0; i < cloud.size(); ++i) {
    const double x = cloud.positions[i][0] - square.center[0];
    const double y = cloud.positions[i][1] - square.center[1];
    if (std::abs(x) >= reach || std::abs(y) >= reach) continue;
    const auto p = plan(x, y);
    if (std::abs(p[0]) >= half || std::abs(p[1]) >= half) continue;
    rows.push_back(static_cast<std::uint32_t>(i));
    turned.push_back({static_cast<float>(p[0]), static_cast<float>(p[1])});
  }
  LabelledCloud part = select(cloud, rows);
  for (std::size_t i = 0; i < part.size(); ++i) {
    part.positions[i][0] = turned[i][0];
    part.positions[i][1] = turned[i][1];
  }
  turn_normals(part, plan);
  return part;
}

LabelledCloud thin(const LabelledCloud& cloud, double share, double density, Draws& draws) {
  if (cloud.size() < kFewestPoints) return cloud;
  const double kind = draws.uniform();
  if (kind > 0.9) return one_per_cell(cloud, 1.0 / std::sqrt(density), draws);
  LabelledCloud kept;
  const LabelledCloud* source = &cloud;
  if (kind < 0.12) {
    kept = keep_one_return(cloud, share, draws);
    source = &kept;
  } else if (kind > 0.6 && share < 1.0) {
    kept = keep_scan_lines(cloud, share, density, draws);
    source = &kept;
  }
  if (share >= 1.0) return *source;
  return select_if(*source, [&](std::size_t) { return draws.chance(share); });
}

LabelledCloud punch_holes(const LabelledCloud& cloud, Draws& draws) {
  if (cloud.size() == 0) return cloud;
  std::array<float, 2> low{cloud.positions[0][0], cloud.positions[0][1]};
  std::array<float, 2> high = low;
  for (const auto& p : cloud.positions) {
    for (std::size_t axis = 0; axis < 2; ++axis) {
      low[axis] = std::min(low[axis], p[axis]);
      high[axis] = std::max(high[axis], p[axis]);
    }
  }
  const double extent = std::max(high[0] - low[0], high[1] - low[1]);
  struct Disc {
    double x, y, squared;
  };
  std::vector<Disc> discs(draws.between(1, 4));
  for (Disc& disc : discs) {
    const auto& p = cloud.positions[draws.below(cloud.size())];
    const double radius = extent * draws.uniform(0.02, 0.1);
    disc = {p[0], p[1], radius * radius};
  }
  LabelledCloud kept = select_if(cloud, [&](std::size_t i) {
    return std::ranges::none_of(discs, [&](const Disc& disc) {
      const double x = cloud.positions[i][0] - disc.x;
      const double y = cloud.positions[i][1] - disc.y;
      return x * x + y * y <= disc.squared;
    });
  });
  return kept.size() >= kFewestPoints ? std::move(kept) : cloud;
}

void add_stray_points(LabelledCloud& cloud, Draws& draws, Label label, double scale) {
  if (cloud.size() == 0) return;
  constexpr std::array<std::size_t, 5> kRepeats{1, 1, 1, 2, 3};
  std::vector<std::uint32_t> sources;
  std::vector<double> shifts;
  const std::size_t most = 1 + std::min<std::size_t>(30, cloud.size() / 400);
  for (std::size_t left = draws.between(1, most); left > 0; --left) {
    const auto source = static_cast<std::uint32_t>(draws.below(cloud.size()));
    const double sign = draws.chance(0.7) ? -1.0 : 1.0;
    const double shift = sign * draws.log_uniform(1.5, 60.0) * scale;
    const std::size_t repeats = kRepeats[draws.below(kRepeats.size())];
    sources.insert(sources.end(), repeats, source);
    shifts.insert(shifts.end(), repeats, shift);
  }
  LabelledCloud extra = select(cloud, sources);
  for (std::size_t i = 0; i < extra.size(); ++i) {
    for (std::size_t axis = 0; axis < 3; ++axis) {
      const double moved = 0.3 * scale * draws.normal() + (axis == 2 ? shifts[i] : 0.0);
      extra.positions[i][axis] += static_cast<float>(moved);
    }
    extra.labels[i] = label;
  }
  std::ranges::fill(extra.objects, -1);
  append(cloud, extra);
}

void stretch(LabelledCloud& cloud, Draws& draws) {
  const double all = draws.uniform(0.85, 1.2);
  const double up = all * draws.uniform(0.85, 1.2);
  const std::array factors{static_cast<float>(all), static_cast<float>(all),
                           static_cast<float>(up)};
  for (auto& p : cloud.positions) {
    for (std::size_t axis = 0; axis < 3; ++axis) p[axis] *= factors[axis];
  }
}

void jitter(LabelledCloud& cloud, Draws& draws, double least, double most) {
  const double plan = draws.log_uniform(least, most);
  const double height = draws.log_uniform(least, most);
  for (auto& p : cloud.positions) {
    p[0] += static_cast<float>(plan * draws.normal());
    p[1] += static_cast<float>(plan * draws.normal());
    p[2] += static_cast<float>(height * draws.normal());
  }
}

void lose_fields(LabelledCloud& cloud, Draws& draws, double bare) {
  constexpr double kLost = 0.25;
  const bool all = draws.chance(bare);
  const bool no_intensity = draws.chance(kLost);
  const bool uneven = draws.chance(0.3);
  if (all || no_intensity) {
    cloud.drop(AttributeKind::kIntensity);
  } else if (uneven) {
    for (Attribute& attribute : cloud.attributes) {
      if (attribute.kind != AttributeKind::kIntensity) continue;
      for (float& value : attribute.values) {
        value *= static_cast<float>(std::exp(0.3 * draws.normal()));
      }
    }
  }
  const bool no_returns = draws.chance(kLost);
  if (all || no_returns) cloud.drop(AttributeKind::kReturns);
  constexpr double kColorLost = 0.15;
  if (draws.chance(kColorLost)) cloud.drop(AttributeKind::kColor);
  if (draws.chance(kColorLost)) cloud.drop(AttributeKind::kNormal);
}

LabelledCloud change_survey(LabelledCloud cloud, const SurveyChange& change, Draws& draws) {
  if (change.kind == SceneAugmentation::kNone) return cloud;
  const double scale = change.voxel / kAerialVoxel;
  const bool aerial = change.kind == SceneAugmentation::kAerial;
  if (draws.chance(0.25)) cloud = punch_holes(cloud, draws);
  stretch(cloud, draws);
  if (aerial && draws.chance(change.sparse ? 0.85 : 0.7)) {
    const Relief relief = draw_relief(draws, change.sparse, scale);
    const bool level = draws.chance(0.75);
    bend(cloud, draws, relief, level, scale);
  }
  jitter(cloud, draws, 0.005 * scale, 0.12 * scale);
  if (aerial && draws.chance(0.4)) add_stray_points(cloud, draws, change.stray, scale);
  lose_fields(cloud, draws, change.sparse ? 0.45 : 0.3);
  return cloud;
}

}  // namespace ptattn::train
