#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace ptattn::io::las::laz {

// Adaptive models of Said's arithmetic coder (Introduction to Arithmetic Coding, HPL-2004-76), with
// the periods that LAZ fixes.

/// Returns how many of 16 ascending numbers are not above `value`.
[[nodiscard]] inline unsigned count_up_to(const std::int16_t* ascending, std::int16_t value) {
#if defined(__SSE2__)
  const __m128i wanted = _mm_set1_epi16(value);
  const auto above = [&](const std::int16_t* at) {
    return _mm_cmpgt_epi16(_mm_load_si128(reinterpret_cast<const __m128i*>(at)), wanted);
  };
  const __m128i bytes = _mm_packs_epi16(above(ascending), above(ascending + 8));
  const auto mask = static_cast<unsigned>(_mm_movemask_epi8(bytes));
  return static_cast<unsigned>(std::countr_zero(mask | 0x10000U));
#else
  unsigned count = 0;
  for (std::size_t i = 0; i < 16; ++i) count += ascending[i] <= value ? 1U : 0U;
  return count;
#endif
}

/// Holds frequencies of `kSymbols` symbols, from which their shares of an interval are computed
/// anew from time to time.
///
/// @tparam kFewer  true for models of different numbers of symbols that are chosen by an index: the
///                 number, up to kSymbols, is told by set_symbols(), and all are searched alike
template <std::size_t kSymbols, bool kFewer = false>
class SymbolModel {
 public:
  static constexpr unsigned kShareBits = 15;  // the shares add up to 2^15

  void set_symbols(std::size_t symbols) {
    static_assert(kFewer);
    symbols_ = static_cast<std::uint32_t>(symbols);
  }

  /// Forgets everything; the next symbol finds all of them equally likely.
  void reset() { until_update_ = 0; }
  /// Call before the shares are used.
  void prepare() {
    if (until_update_ == 0) [[unlikely]]
      start();
  }

  /// Returns where the share of `symbol` begins; for the number of symbols anything.
  [[nodiscard]] std::uint32_t begin_of(unsigned symbol) const {
    return static_cast<std::uint32_t>(begins_[symbol] + kShift);
  }
  [[nodiscard]] bool is_last(unsigned symbol) const { return symbol + 1 == symbols(); }

  /// Returns the symbol whose share holds `place`, which may lie a little beyond the shares: the
  /// last one then.
  [[nodiscard]] unsigned find(std::uint32_t place) const {
    const auto value = static_cast<std::int16_t>(static_cast<std::int32_t>(place) - kShift);
    if constexpr (kBlocks <= kBlocksAtOnce) {
      unsigned begins = 0;  // that are not above the place
      for (std::size_t b = 0; b < kBlocks; ++b) {
        const unsigned count = count_up_to(begins_.data() + b * kBlock, value);
        begins += count;
        if (kIsNumberOfBits && count < kBlock) break;
      }
      return begins - 1;
    } else {
      unsigned blocks = 0;
      for (std::size_t b = 0; b < kBlocks; b += kBlock) {
        blocks += count_up_to(block_begins_.data() + b, value);
      }
      const unsigned first = (blocks - 1) * kBlock;
      return first + count_up_to(begins_.data() + first, value) - 1;
    }
  }

  /// Returns the symbol that set_last() was told of, 0 before.
  [[nodiscard]] unsigned last() const { return last_; }
  void set_last(unsigned symbol) { last_ = symbol; }

  void count(unsigned symbol) {
    ++counts_[symbol];
    if (--until_update_ == 0) [[unlikely]]
      update();
  }

 private:
  static constexpr std::size_t kBlock = 16;
  static constexpr std::size_t kBlocks = (kSymbols + kBlock - 1) / kBlock;
  // Numbers of bits, 0 to 16 or 0 to 32, are mostly below 16: others can be left to the end.
  static constexpr bool kIsNumberOfBits = kSymbols == 17 || kSymbols == 33;
  static constexpr std::size_t kBlocksAtOnce = 4;  // more are searched in two steps
  static constexpr std::size_t kPaddedBlocks = (kBlocks + kBlock - 1) / kBlock * kBlock;
  static constexpr std::uint32_t kMostCounts = 1U << 15U;  // then all are halved
  // Places are kept less this, so that 16 bits with a sign hold all of them, those a little beyond
  // the shares too, and still have a number above all.
  static constexpr std::int32_t kShift = 1 << 15;

  [[nodiscard]] std::uint32_t symbols() const { return kFewer ? symbols_ : kSymbols; }

  // Not inline, like update(): both are rare, and in each of the hundred places that code a symbol
  // they would crowd the rest out of the nearest cache.
  [[gnu::noinline]] void start() {
    last_ = 0;
    std::fill_n(counts_.begin(), symbols(), std::uint16_t{1});
    begins_.fill(INT16_MAX);
    block_begins_.fill(INT16_MAX);
    total_ = 0;
    period_ = symbols();
    update();
    period_ = until_update_ = (symbols() + 6) / 2;
  }

  [[gnu::noinline]] void update() {
    total_ += period_;
    if (total_ > kMostCounts) {
      total_ = 0;
      for (std::size_t s = 0; s < symbols(); ++s) {
        counts_[s] = static_cast<std::uint16_t>((counts_[s] + 1) / 2);
        total_ += counts_[s];
      }
    }
    const std::uint32_t scale = 0x80000000U / total_;
    std::uint32_t sum = 0;
    for (std::size_t s = 0; s < symbols(); ++s) {
      const auto begin = static_cast<std::int32_t>(scale * sum >> (31 - kShareBits));
      begins_[s] = static_cast<std::int16_t>(begin - kShift);
      sum += counts_[s];
    }
    if constexpr (kBlocks > kBlocksAtOnce) {
      for (std::size_t b = 0; b < kBlocks; ++b) block_begins_[b] = begins_[b * kBlock];
    }
    period_ = std::min(period_ * 5 / 4, (symbols() + 6) * 8);
    until_update_ = period_;
  }

  // One number more than there are symbols, which is read but not used.
  alignas(16) std::array<std::int16_t, (kSymbols / kBlock + 1) * kBlock> begins_;
  alignas(16) std::array<std::int16_t, kBlocks <= kBlocksAtOnce ? 0 : kPaddedBlocks> block_begins_;
  std::array<std::uint16_t, kSymbols> counts_;
  std::uint32_t total_;
  std::uint32_t period_;
  std::uint32_t until_update_ = 0;
  std::uint32_t last_ = 0;
  std::uint32_t symbols_ = kSymbols;  // where these are fewer
};

/// Represents the frequencies of zeros and ones.
class BitModel {
 public:
  static constexpr unsigned kShareBits = 13;

  void reset() { *this = BitModel(); }

  [[nodiscard]] std::uint32_t zero_share() const { return zero_share_; }

  void count(unsigned bit) {
    if (bit == 0) ++zeros_;
    if (--until_update_ == 0) update();
  }

 private:
  static constexpr std::uint32_t kMostCounts = 1U << 13U;
  static constexpr std::uint32_t kLongestPeriod = 64;

  [[gnu::noinline]] void update() {
    total_ += period_;
    if (total_ > kMostCounts) {
      total_ = (total_ + 1) / 2;
      zeros_ = (zeros_ + 1) / 2;
      if (zeros_ == total_) ++total_;
    }
    zero_share_ = (0x80000000U / total_) * zeros_ >> (31 - kShareBits);
    period_ = std::min(period_ * 5 / 4, kLongestPeriod);
    until_update_ = period_;
  }

  std::uint32_t zeros_ = 1;
  std::uint32_t total_ = 2;
  std::uint32_t zero_share_ = 1U << (kShareBits - 1);
  std::uint32_t period_ = 4;
  std::uint32_t until_update_ = 4;
};

template <class Model, std::size_t kCount>
void reset_each(std::array<Model, kCount>& models) {
  for (Model& model : models) model.reset();
}

}  // namespace ptattn::io::las::laz
