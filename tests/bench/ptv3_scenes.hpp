#pragma once

#include <array>
#include <cmath>
#include <cstdint>
#include <set>
#include <vector>

#include "ptattn/core/random.hpp"
#include "ptattn/models/ptv3/config.hpp"

namespace ptattn_bench {

/// A room: a bumpy floor, two walls, and balls as furniture; `side` voxels long, 3/4 as wide and
/// 1/2 as high.
inline std::vector<std::int32_t> room(std::int32_t side) {
  std::set<std::array<std::int32_t, 3>> cells;
  const std::int32_t width = side * 3 / 4;
  const std::int32_t height = side / 2;
  for (std::int32_t x = 0; x < side; ++x) {
    for (std::int32_t y = 0; y < width; ++y) {
      cells.insert(
          {x, y, static_cast<std::int32_t>(2.0 + 2.0 * std::sin(x * 0.07) * std::cos(y * 0.05))});
    }
    for (std::int32_t z = 0; z < height; ++z) cells.insert({x, 0, z});
  }
  for (std::int32_t y = 0; y < width; ++y) {
    for (std::int32_t z = 0; z < height; ++z) cells.insert({0, y, z});
  }
  ptattn::Random random(7);
  for (int ball = 0; ball < 12; ++ball) {
    const double radius = side * (0.03 + 0.04 * random.uniform());
    const double cx = radius + (side - 2.0 * radius) * random.uniform();
    const double cy = radius + (width - 2.0 * radius) * random.uniform();
    for (int i = 0; i < static_cast<int>(40.0 * radius * radius); ++i) {
      const double z = 2.0 * random.uniform() - 1.0;
      const double angle = 6.283185307179586 * random.uniform();
      const double around = radius * std::sqrt(1.0 - z * z);
      cells.insert({static_cast<std::int32_t>(cx + around * std::cos(angle)),
                    static_cast<std::int32_t>(cy + around * std::sin(angle)),
                    static_cast<std::int32_t>(radius + radius * z)});
    }
  }
  std::vector<std::int32_t> grid;
  for (const auto& cell : cells) grid.insert(grid.end(), cell.begin(), cell.end());
  return grid;
}

/// A sweep of a spinning LiDAR with 32 beams from -30 to 10 degrees, in voxels of 5 cm: uneven
/// ground 1.8 m below it, and sixty upright boxes as houses and cars; what is farther than 60 m
/// returns nothing.
inline std::vector<std::int32_t> sweep() {
  constexpr double kHeight = 1.8;
  constexpr double kReach = 60.0;
  constexpr double kVoxel = 0.05;
  constexpr int kBeams = 32;
  constexpr int kTurns = 1360;
  struct Box {
    double x, y, half, top;
  };
  std::vector<Box> boxes;
  ptattn::Random random(11);
  for (int i = 0; i < 60; ++i) {
    const double angle = 6.283185307179586 * random.uniform();
    const double away = 6.0 + 45.0 * random.uniform();
    boxes.push_back({away * std::cos(angle), away * std::sin(angle), 0.8 + 2.5 * random.uniform(),
                     1.0 + 5.0 * random.uniform()});
  }
  std::set<std::array<std::int32_t, 3>> cells;
  for (int turn = 0; turn < kTurns; ++turn) {
    const double angle = 6.283185307179586 * turn / kTurns;
    const double dx = std::cos(angle);
    const double dy = std::sin(angle);
    for (int beam = 0; beam < kBeams; ++beam) {
      const double slope = std::tan((-30.0 + 40.0 * beam / (kBeams - 1)) * 0.017453292519943295);
      double along = slope < -0.02 ? kHeight / -slope : kReach + 1.0;
      for (const Box& box : boxes) {  // seen as an upright disc that faces the sensor
        const double near = box.x * dx + box.y * dy;
        const double beside = std::abs(box.x * dy - box.y * dx);
        const double z = kHeight + slope * near;
        if (near > 0.0 && beside < box.half && z > 0.0 && z < box.top && near < along) along = near;
      }
      if (along > kReach) continue;
      along += 0.02 * random.uniform();
      const double ripple = 0.05 * std::sin(0.9 * along * dx) * std::cos(0.7 * along * dy);
      cells.insert({static_cast<std::int32_t>((along * dx + kReach + 1.0) / kVoxel),
                    static_cast<std::int32_t>((along * dy + kReach + 1.0) / kVoxel),
                    static_cast<std::int32_t>((kHeight + slope * along + ripple + 1.0) / kVoxel)});
    }
  }
  std::vector<std::int32_t> grid;
  for (const auto& cell : cells) grid.insert(grid.end(), cell.begin(), cell.end());
  return grid;
}

/// The configuration of the model `aerial`: 2.7 M parameters.
inline ptattn::Ptv3Config small_config() {
  ptattn::Ptv3Config config;
  config.in_channels = 25;
  config.encoder = {
      {1, 32, 2, 128}, {1, 48, 3, 128}, {2, 64, 4, 128}, {2, 96, 6, 128}, {1, 128, 8, 128}};
  config.decoder = {{1, 32, 2, 128}, {1, 48, 3, 128}, {1, 64, 4, 128}, {1, 96, 6, 128}};
  return config;
}

}  // namespace ptattn_bench
