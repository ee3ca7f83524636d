#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "ptattn/io/las/laz/models.hpp"

namespace ptattn::io::las::laz {

/// Codes integers of `kBits` bits by what a prediction missed them by.
///
/// The miss c lies in one of the intervals [-(2^k - 1), 2^k], k = 0, 1, ...: the smallest k is
/// coded with a model for each context, then the offset within the interval, of which the low bits
/// beyond 8 are not modelled.
template <unsigned kBits, std::size_t kContexts>
class IntegerCodec {
 public:
  IntegerCodec() {
    for (unsigned k = 1; k <= kBits; ++k) {
      offsets_[k - 1].set_symbols(std::size_t{1} << std::min(k, kModelled));
    }
  }

  void reset() {
    reset_each(interval_);
    unit_.reset();
    reset_each(offsets_);
  }

  /// Codes `value`, or finds it. Arithmetic is modulo 2^kBits.
  template <class Coder>
  std::int32_t code(Coder& coder, std::int32_t prediction, std::int32_t value,
                    std::size_t context = 0) {
    return code_with(coder, interval_[context], prediction, value);
  }

  /// The same with the model of k from elsewhere, for contexts whose number is not known here.
  template <class Coder>
  std::int32_t code_with(Coder& coder, SymbolModel<kBits + 1>& intervals, std::int32_t prediction,
                         std::int32_t value) {
    const std::int32_t missed = code_miss(coder, intervals, fold(difference(value, prediction)));
    return wrap(static_cast<std::int32_t>(static_cast<std::uint32_t>(prediction) +
                                          static_cast<std::uint32_t>(missed)));
  }

  /// Returns the k of the last integer, by which others choose their contexts.
  [[nodiscard]] unsigned interval() const { return last_; }

 private:
  static constexpr unsigned kModelled = 8;  // bits of an offset that are modelled

  static std::int32_t difference(std::int32_t a, std::int32_t b) {
    return static_cast<std::int32_t>(static_cast<std::uint32_t>(a) - static_cast<std::uint32_t>(b));
  }

  /// Returns into [-2^(kBits-1), 2^(kBits-1)).
  static std::int32_t fold(std::int32_t missed) {
    if constexpr (kBits == 32) {
      return missed;
    } else {
      constexpr std::int32_t kHalf = 1 << (kBits - 1);
      if (missed < -kHalf) return missed + 2 * kHalf;
      return missed >= kHalf ? missed - 2 * kHalf : missed;
    }
  }

  /// Returns into [0, 2^kBits).
  static std::int32_t wrap(std::int32_t value) {
    if constexpr (kBits == 32) {
      return value;
    } else {
      return value & ((1 << kBits) - 1);
    }
  }

  /// Returns the smallest k with -(2^k - 1) <= missed <= 2^k.
  static unsigned interval_of(std::int32_t missed) {
    const auto bits = static_cast<std::uint32_t>(missed);
    return static_cast<unsigned>(std::bit_width(missed <= 0 ? 0U - bits : bits - 1));
  }

  template <class Coder>
  std::int32_t code_miss(Coder& coder, SymbolModel<kBits + 1>& intervals, std::int32_t missed) {
    const unsigned k = coder.symbol(intervals, Coder::kEncodes ? interval_of(missed) : 0);
    last_ = k;
    if (k == 0) return static_cast<std::int32_t>(coder.bit(unit_, static_cast<unsigned>(missed)));
    if (k >= 32) return INT32_MIN;
    // Negative ones fill the lower half of the offsets, positive ones the upper half.
    const std::uint32_t most = (1U << k) - 1;
    const auto bits = static_cast<std::uint32_t>(missed);
    const std::uint32_t offset = code_offset(coder, k, missed < 0 ? bits + most : bits - 1);
    return static_cast<std::int32_t>(offset >= 1U << (k - 1) ? offset + 1 : offset - most);
  }

  template <class Coder>
  std::uint32_t code_offset(Coder& coder, unsigned k, std::uint32_t offset) {
    // The models of all k are looked up and used alike: k is hard to foresee.
    const unsigned low = k > kModelled ? k - kModelled : 0;
    const std::uint32_t high = coder.symbol(offsets_[k - 1], offset >> low);
    if (low == 0) return high;
    return high << low | coder.bits(low, offset & ((1U << low) - 1));
  }

  std::array<SymbolModel<kBits + 1>, kContexts> interval_;
  BitModel unit_;                                                  // of k = 0: 0 or 1
  std::array<SymbolModel<1U << kModelled, true>, kBits> offsets_;  // of k = 1, 2, ...
  unsigned last_ = 0;
};

}  // namespace ptattn::io::las::laz
