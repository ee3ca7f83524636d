#include "ptattn/sampling/curve.hpp"

#include <cassert>
#include <cstddef>

#include "ptattn/core/parallel.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kGrain = 4096;

/// Bit i of `x` moves to bit 3 i (21 bits).
constexpr std::uint64_t spread(std::uint64_t x) {
  x &= 0x1fffffU;
  x = (x | x << 32U) & 0x001f00000000ffffULL;
  x = (x | x << 16U) & 0x001f0000ff0000ffULL;
  x = (x | x << 8U) & 0x100f00f00f00f00fULL;
  x = (x | x << 4U) & 0x10c30c30c30c30c3ULL;
  x = (x | x << 2U) & 0x1249249249249249ULL;
  return x;
}

std::uint64_t z_code(const Cell& cell) {
  return spread(cell[0]) << 2U | spread(cell[1]) << 1U | spread(cell[2]);
}

/// What Skilling's algorithm has done to the bits below the current one: axis a holds the bits of
/// the original axis `axis[a]`, inverted where `inverted[a]`.
struct Orientation {
  std::array<unsigned, 3> axis{0, 1, 2};
  std::array<unsigned, 3> inverted{0, 0, 0};
};

// Skilling's loop over all lower bits, bit for bit, becomes one step of an automaton per bit: the
// state is the orientation, of which there are 6 permutations times 8 inversions.
constexpr std::size_t kStates = 48;

struct Step {
  std::uint8_t gray;  ///< three bits of the Gray code of the position
  std::uint8_t next;  ///< state
};
using Automaton = std::array<std::array<Step, 8>, kStates>;

constexpr std::array<std::array<unsigned, 3>, 6> kPermutations{
    {{0, 1, 2}, {0, 2, 1}, {1, 0, 2}, {1, 2, 0}, {2, 0, 1}, {2, 1, 0}}};

constexpr std::size_t state_of(const Orientation& o) {
  std::size_t permutation = 0;
  while (kPermutations[permutation] != o.axis) ++permutation;
  const unsigned inversions = o.inverted[0] << 2U | o.inverted[1] << 1U | o.inverted[2];
  return permutation * 8 + inversions;
}

constexpr Orientation orientation_of(std::size_t state) {
  const auto bit = [&](unsigned position) { return static_cast<unsigned>(state >> position & 1U); };
  return {kPermutations[state / 8], {bit(2), bit(1), bit(0)}};
}

/// One bit of every coordinate in (`octant`: x y z), one step of Skilling's loop.
constexpr Step step_from(std::size_t state, std::size_t octant) {
  Orientation o = orientation_of(state);
  std::array<unsigned, 3> bits{};
  for (std::size_t a = 0; a < 3; ++a) {
    bits[a] = static_cast<unsigned>(octant >> (2U - o.axis[a]) & 1U) ^ o.inverted[a];
  }
  for (std::size_t a = 0; a < 3; ++a) {
    if (bits[a] != 0) {
      o.inverted[0] ^= 1U;
    } else {
      const Orientation before = o;
      o.axis[0] = before.axis[a];
      o.inverted[0] = before.inverted[a];
      o.axis[a] = before.axis[0];
      o.inverted[a] = before.inverted[0];
    }
  }
  return {static_cast<std::uint8_t>(bits[0] << 2U | bits[1] << 1U | bits[2]),
          static_cast<std::uint8_t>(state_of(o))};
}

constexpr Automaton make_automaton() {
  Automaton steps{};
  for (std::size_t state = 0; state < kStates; ++state) {
    for (std::size_t octant = 0; octant < 8; ++octant) {
      steps[state][octant] = step_from(state, octant);
    }
  }
  return steps;
}

constexpr Automaton kAutomaton = make_automaton();

std::uint64_t hilbert_code(const Cell& cell, int depth) {
  const std::uint64_t interleaved = z_code(cell);
  std::uint64_t gray = 0;
  std::size_t state = 0;
  for (int shift = 3 * (depth - 1); shift >= 0; shift -= 3) {
    const Step step = kAutomaton[state][interleaved >> static_cast<unsigned>(shift) & 7U];
    gray = gray << 3U | step.gray;
    state = step.next;
  }
  // From Gray code to binary: every bit is the parity of all bits above it and itself.
  for (unsigned shift = 1; shift < 64; shift *= 2) gray ^= gray >> shift;
  return gray;
}

}  // namespace

std::uint64_t curve_code(Curve curve, const Cell& cell, int depth) {
  assert(depth >= 1 && depth <= kMaxCurveDepth);
  const Cell swapped{cell[1], cell[0], cell[2]};
  switch (curve) {
    case Curve::kZ:
      return z_code(cell);
    case Curve::kZTrans:
      return z_code(swapped);
    case Curve::kHilbert:
      return hilbert_code(cell, depth);
    case Curve::kHilbertTrans:
      break;
  }
  return hilbert_code(swapped, depth);
}

void curve_codes(Curve curve, std::span<const Cell> cells, int depth,
                 std::span<std::uint64_t> codes) {
  assert(cells.size() == codes.size());
  parallel_each(cells.size(), kGrain,
                [&](std::size_t i) { codes[i] = curve_code(curve, cells[i], depth); });
}

}  // namespace ptattn
