#pragma once

#include <cstdint>
#include <string_view>

namespace ptattn {

/// Returns the finaliser of splitmix64 (Steele, Lea, Flood 2014): a bijection of 64 bits that mixes
/// well.
[[nodiscard]] constexpr std::uint64_t splitmix64_mix(std::uint64_t z) {
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9ULL;
  z = (z ^ (z >> 27)) * 0x94d049bb133111ebULL;
  return z ^ (z >> 31);
}

/// Returns FNV-1a, 64 bits, of the bytes of `text`.
[[nodiscard]] constexpr std::uint64_t fnv1a64(std::string_view text) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  for (const char c : text) {
    hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3ULL;
  }
  return hash;
}

/// Holds splitmix64 generator: the same numbers from the same seed on every platform.
class Random {
 public:
  explicit constexpr Random(std::uint64_t seed) : state_(splitmix64_mix(seed)) {}

  /// Returns 64 random bits.
  constexpr std::uint64_t next() {
    state_ += 0x9e3779b97f4a7c15ULL;
    return splitmix64_mix(state_);
  }
  /// Draws a number, uniform in [0, 1), 53 bits.
  constexpr double uniform() { return static_cast<double>(next() >> 11) * 0x1.0p-53; }
  /// Draws a number, uniform in {0, ..., bound - 1}; the bias is below 2^-32 for bounds below 2^32.
  /// bound > 0.
  constexpr std::uint64_t below(std::uint64_t bound) { return next() % bound; }

 private:
  std::uint64_t state_;
};

}  // namespace ptattn
