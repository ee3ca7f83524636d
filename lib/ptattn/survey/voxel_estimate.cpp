#include "ptattn/survey/voxel_estimate.hpp"

#include <algorithm>
#include <cmath>
#include <unordered_set>
#include <vector>

#include "ptattn/core/parallel.hpp"
#include "ptattn/survey/survey_pieces.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kMostKept = std::size_t{1} << 15U;
constexpr std::size_t kPointsPerTask = 16384;

/// Mixes the bits of a number (the finalizer of SplitMix64, Steele et al. 2014).
std::uint64_t mixed(std::uint64_t x) {
  x ^= x >> 30U;
  x *= 0xbf58476d1ce4e5b9;
  x ^= x >> 27U;
  x *= 0x94d049bb133111eb;
  return x ^ (x >> 31U);
}

std::uint64_t hash_of(const Position& p, double voxel) {
  std::uint64_t hash = 0;
  for (const double x : p) {
    // Coordinates beyond the range of integers count as one voxel: there are no surveys there.
    const double cell = std::clamp(std::floor(x / voxel), -0x1p62, 0x1p62);
    hash = mixed(hash + static_cast<std::uint64_t>(static_cast<std::int64_t>(cell)) + 1);
  }
  return hash;
}

}  // namespace

std::uint64_t estimate_voxels(CloudStream& stream, double voxel, const SurveyProgress& progress) {
  std::unordered_set<std::uint64_t> kept;
  std::uint64_t mask = 0;  // bits that are 0 in what is kept
  for_each_piece(stream, {}, "looking at", progress, [&](const FramedPiece& piece) {
    std::vector<std::uint64_t> hashes(piece.positions.size());
    parallel_each(hashes.size(), kPointsPerTask, [&](std::size_t i) {
      const Position& p = piece.positions[i];
      hashes[i] = is_finite(p) ? hash_of(p, voxel) : ~std::uint64_t{0};  // thinned out soon
    });
    for (const std::uint64_t hash : hashes) {
      if ((hash & mask) != 0 || !kept.insert(hash).second) continue;
      while (kept.size() > kMostKept) {
        mask = 2 * mask + 1;
        std::erase_if(kept, [&](std::uint64_t one) { return (one & mask) != 0; });
      }
    }
  });
  return kept.size() * (mask + 1);
}

}  // namespace ptattn
