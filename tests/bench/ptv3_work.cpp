#include "ptv3_work.hpp"

#include <algorithm>
#include <vector>

#include "ptattn/models/ptv3/level.hpp"

namespace ptattn_bench {
namespace {

constexpr int kBits = 20;  // of a coordinate, and room for a neighbour outside
constexpr std::int64_t kX = std::int64_t{1} << 2 * kBits;
constexpr std::int64_t kY = std::int64_t{1} << kBits;

/// Voxels as numbers x kX + y kY + z, ascending; a neighbour is the sum of two of them.
using Voxels = std::vector<std::int64_t>;

Voxels voxels_of(std::span<const std::int32_t> grid) {
  Voxels voxels;
  for (std::size_t i = 0; i < grid.size(); i += 3) {
    voxels.push_back((grid[i] + 8) * kX + (grid[i + 1] + 8) * kY + grid[i + 2] + 8);
  }
  std::ranges::sort(voxels);
  return voxels;
}

Voxels halved(const Voxels& voxels) {
  Voxels coarse;
  for (const std::int64_t v : voxels) {
    const auto half = [](std::int64_t coordinate) { return (coordinate - 8) / 2 + 8; };
    coarse.push_back(half(v / kX) * kX + half(v / kY % kY) * kY + half(v % kY));
  }
  std::ranges::sort(coarse);
  coarse.erase(std::unique(coarse.begin(), coarse.end()), coarse.end());
  return coarse;
}

/// Pairs of voxels, themselves among them, that a kernel of (2 radius + 1)^3 places brings
/// together.
double pairs(const Voxels& voxels, int radius) {
  double count = 0.0;
  for (int x = -radius; x <= radius; ++x) {
    for (int y = -radius; y <= radius; ++y) {
      for (int z = -radius; z <= radius; ++z) {
        const std::int64_t step = x * kX + y * kY + z;
        auto other = voxels.begin();  // moves along, since both are ascending
        for (const std::int64_t v : voxels) {
          while (other != voxels.end() && *other < v + step) ++other;
          if (other != voxels.end() && *other == v + step) count += 1.0;
        }
      }
    }
  }
  return count;
}

double block_work(const ptattn::Ptv3Config::Stage& stage, std::size_t n, double pairs,
                  double mlp_ratio) {
  const std::size_t end[] = {n};
  double tokens = 0.0;     // those that a patch borrows count twice
  double attention = 0.0;  // queries times keys
  ptattn::ScratchMemory scratch;
  for (const ptattn::Patch& patch : ptattn::cut_patches(end, stage.patch_size, scratch)) {
    const auto keys = static_cast<double>(patch.end - patch.begin);
    tokens += keys;
    attention += keys * static_cast<double>(patch.end - patch.first_own);
  }
  const auto c = static_cast<double>(stage.channels);
  const auto rows = static_cast<double>(n);
  const double position = (pairs + rows) * c * c;
  const double linear = (3.0 * tokens + (1.0 + 2.0 * mlp_ratio) * rows) * c * c;
  return position + linear + 2.0 * attention * c;
}

}  // namespace

std::map<std::string, StageWork> ptv3_work(const ptattn::Ptv3Config& config,
                                           std::span<const std::int32_t> grid) {
  std::map<std::string, StageWork> work;
  std::vector<std::size_t> sizes;
  std::vector<double> pairs_of;
  Voxels voxels = voxels_of(grid);
  for (std::size_t s = 0; s < config.encoder.size(); ++s) {
    const auto& stage = config.encoder[s];
    if (s == 0) {
      work["stem"] = {voxels.size(), pairs(voxels, 2) * static_cast<double>(config.in_channels) *
                                         static_cast<double>(stage.channels)};
    } else {
      voxels = halved(voxels);
    }
    sizes.push_back(voxels.size());
    pairs_of.push_back(pairs(voxels, 1));
    StageWork& here = work["enc" + std::to_string(s)];
    here.voxels = voxels.size();
    if (s > 0) {
      here.multiply_adds +=
          static_cast<double>(sizes[s - 1] * config.encoder[s - 1].channels * stage.channels);
    }
    here.multiply_adds += static_cast<double>(stage.depth) *
                          block_work(stage, sizes[s], pairs_of[s], config.mlp_ratio);
  }
  for (std::size_t s = 0; s < config.decoder.size(); ++s) {
    const auto& stage = config.decoder[s];
    const std::size_t coarse = s + 1 < config.decoder.size() ? config.decoder[s + 1].channels
                                                             : config.encoder[s + 1].channels;
    StageWork& here = work["dec" + std::to_string(s)];
    here.voxels = sizes[s];
    here.multiply_adds =
        static_cast<double>(sizes[s + 1] * coarse * stage.channels) +
        static_cast<double>(sizes[s] * config.encoder[s].channels * stage.channels) +
        static_cast<double>(stage.depth) *
            block_work(stage, sizes[s], pairs_of[s], config.mlp_ratio);
  }
  return work;
}

}  // namespace ptattn_bench
