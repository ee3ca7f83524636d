#pragma once

#include <algorithm>
#include <array>
#include <cstdint>

#include "ptattn/io/las/laz/models.hpp"

namespace ptattn::io::las::laz {

using Color = std::array<std::uint16_t, 3>;

/// Codes colours byte by byte: those that changed, each by the difference to a prediction, which
/// for green and blue follows what the channels before did. Greys are coded once.
class ColorCodec {
 public:
  void reset() {
    changed_.reset();
    reset_each(differences_);
  }

  template <class Coder>
  Color code(Coder& coder, const Color& last, const Color& color) {
    const unsigned changed = coder.symbol(changed_, Coder::kEncodes ? changes_of(last, color) : 0);
    Color out{};
    std::array<int, 2> step{};  // of the low and of the high byte
    for (unsigned half = 0; half < 2; ++half) {
      const int before = byte_of(last[0], half);
      const int after = code_byte(coder, changed, half, before, byte_of(color[0], half));
      step[half] = after - before;
      put(out[0], half, after);
    }
    if ((changed & kIsColored) == 0) return {out[0], out[0], out[0]};
    for (unsigned half = 0; half < 2; ++half) {
      for (unsigned channel = 1; channel < 3; ++channel) {
        const int before = byte_of(last[channel], half);
        if (channel == 2) {  // follows red and green
          step[half] = (step[half] + byte_of(out[1], half) - byte_of(last[1], half)) / 2;
        }
        const int predicted = std::clamp(before + step[half], 0, 255);
        const bool differs = (changed & bit_of(channel, half)) != 0;
        const int after = differs ? code_difference(coder, channel, half, predicted,
                                                    byte_of(color[channel], half))
                                  : before;
        put(out[channel], half, after);
      }
    }
    return out;
  }

 private:
  static constexpr unsigned kIsColored = 1U << 6U;

  static unsigned bit_of(unsigned channel, unsigned half) { return 1U << (2 * channel + half); }
  static int byte_of(std::uint16_t value, unsigned half) { return value >> (8 * half) & 0xff; }
  static void put(std::uint16_t& value, unsigned half, int byte) {
    value = static_cast<std::uint16_t>(value | static_cast<unsigned>(byte) << (8 * half));
  }

  static unsigned changes_of(const Color& last, const Color& color) {
    unsigned changed = color[0] != color[1] || color[0] != color[2] ? kIsColored : 0;
    for (unsigned channel = 0; channel < 3; ++channel) {
      for (unsigned half = 0; half < 2; ++half) {
        if (byte_of(last[channel], half) != byte_of(color[channel], half)) {
          changed |= bit_of(channel, half);
        }
      }
    }
    return changed;
  }

  template <class Coder>
  int code_difference(Coder& coder, unsigned channel, unsigned half, int predicted, int byte) {
    const auto missed = static_cast<unsigned>(byte - predicted) & 0xffU;
    return (predicted + static_cast<int>(coder.symbol(differences_[2 * channel + half], missed))) &
           0xff;
  }

  template <class Coder>
  int code_byte(Coder& coder, unsigned changed, unsigned half, int before, int byte) {
    return (changed & bit_of(0, half)) != 0 ? code_difference(coder, 0, half, before, byte)
                                            : before;
  }

  SymbolModel<128> changed_;
  std::array<SymbolModel<256>, 6> differences_;
};

/// Codes the near infrared as ColorCodec does a single channel.
class InfraredCodec {
 public:
  void reset() {
    changed_.reset();
    reset_each(differences_);
  }

  template <class Coder>
  std::uint16_t code(Coder& coder, std::uint16_t last, std::uint16_t value) {
    const unsigned difference = static_cast<unsigned>(last) ^ value;
    const unsigned changes =
        ((difference & 0xffU) != 0 ? 1U : 0U) | ((difference & 0xff00U) != 0 ? 2U : 0U);
    const unsigned changed = coder.symbol(changed_, changes);
    unsigned out = 0;
    for (unsigned half = 0; half < 2; ++half) {
      const unsigned before = static_cast<unsigned>(last) >> (8 * half) & 0xffU;
      const unsigned after = static_cast<unsigned>(value) >> (8 * half) & 0xffU;
      unsigned byte = before;
      if ((changed >> half & 1U) != 0) {
        byte = (before + coder.symbol(differences_[half], (after - before) & 0xffU)) & 0xffU;
      }
      out |= byte << (8 * half);
    }
    return static_cast<std::uint16_t>(out);
  }

 private:
  SymbolModel<4> changed_;
  std::array<SymbolModel<256>, 2> differences_;
};

}  // namespace ptattn::io::las::laz
