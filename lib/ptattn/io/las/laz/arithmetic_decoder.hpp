#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>

#include "ptattn/io/las/laz/models.hpp"

namespace ptattn::io::las::laz {

/// Reads symbols from the bytes of an arithmetic coder of 32 bits.
///
/// The functions take the value that an encoder would write, and return the one that was read, so
/// that one piece of code describes both directions; here the argument is not looked at.
/// Bytes that no encoder wrote give some symbols, each within its model; behind the last byte there
/// are zeros, and is_exhausted() tells that they were needed.
class ArithmeticDecoder {
 public:
  static constexpr bool kEncodes = false;
  /// Bytes that must be readable behind those given to start().
  static constexpr std::size_t kReadAhead = 8;

  /// @param bytes  with kReadAhead bytes of any value behind them
  void start(std::span<const std::byte> bytes) {
    next_ = bytes.data();
    end_ = bytes.data() + bytes.size();
    length_ = UINT32_MAX;
    exhausted_ = bytes.size() < 4;
    value_ = exhausted_ ? 0 : load_big_endian(next_);
    next_ = exhausted_ ? end_ : next_ + 4;
    if (value_ == UINT32_MAX) damage();
  }

  template <class Model>
  unsigned symbol(Model& model, unsigned /*value*/ = 0) {
    model.prepare();
    const std::uint32_t unit = length_ >> Model::kShareBits;
    const unsigned found = model.find(value_ / unit);
    const std::uint32_t begin = model.begin_of(found) * unit;
    const std::uint32_t next = model.begin_of(found + 1) * unit;
    narrow(begin, (model.is_last(found) ? length_ : next) - begin);
    model.count(found);
    return found;
  }

  /// Reads a symbol that mostly is the one read before with this model. Where it is, which a CPU
  /// foresees, nothing has to wait for a division and a search.
  template <class Model>
  unsigned repeated_symbol(Model& model, unsigned /*value*/ = 0) {
    model.prepare();
    const std::uint32_t unit = length_ >> Model::kShareBits;
    const unsigned last = model.last();
    const std::uint32_t begin = model.begin_of(last) * unit;
    const std::uint32_t end = model.is_last(last) ? length_ : model.begin_of(last + 1) * unit;
    if (value_ - begin < end - begin) {
      narrow(begin, end - begin);
      model.count(last);
      return last;
    }
    const unsigned found = symbol(model);
    model.set_last(found);
    return found;
  }

  unsigned bit(BitModel& model, unsigned /*value*/ = 0) {
    const std::uint32_t zero = model.zero_share() * (length_ >> BitModel::kShareBits);
    const unsigned found = value_ >= zero ? 1 : 0;
    narrow(found != 0 ? zero : 0, found != 0 ? length_ - zero : zero);
    model.count(found);
    return found;
  }

  /// Returns a number of `count` bits, up to 32, all equally likely.
  std::uint32_t bits(unsigned count, std::uint32_t /*value*/ = 0) {
    constexpr unsigned kMostAtOnce = 19;
    if (count > kMostAtOnce) {
      const std::uint32_t low = plain_bits(16);
      return plain_bits(count - 16) << 16U | low;
    }
    return plain_bits(count);
  }

  std::uint32_t word(std::uint32_t /*value*/ = 0) {
    const std::uint32_t low = plain_bits(16);
    return plain_bits(16) << 16U | low;
  }

  std::uint64_t long_word(std::uint64_t /*value*/ = 0) {
    const std::uint64_t low = word();
    return std::uint64_t{word()} << 32U | low;
  }

  /// Returns true once more was read than there was.
  [[nodiscard]] bool is_exhausted() const { return exhausted_; }
  /// Returns the byte behind the last one taken: where the encoder had ended.
  [[nodiscard]] const std::byte* position() const { return next_; }

 private:
  static std::uint32_t load_big_endian(const std::byte* from) {
    std::uint32_t word;
    std::memcpy(&word, from, sizeof word);
    return __builtin_bswap32(word);
  }

  /// Numbers that no encoder makes: goes on with others, so that no symbol leaves its model.
  void damage() {
    exhausted_ = true;
    value_ = 0;
  }

  std::uint32_t plain_bits(unsigned count) {
    const std::uint32_t unit = length_ >> count;
    std::uint32_t found = value_ / unit;
    const std::uint32_t most = (1U << count) - 1;
    if (found > most) [[unlikely]] {
      damage();
      found = 0;
    }
    narrow(found * unit, unit);
    return found;
  }

  /// Goes on with the interval [begin, begin + length) and takes as many bytes as it became short.
  void narrow(std::uint32_t begin, std::uint32_t length) {
    const unsigned bytes = static_cast<unsigned>(std::countl_zero(length)) / 8;
    if (next_ + bytes > end_) [[unlikely]] {
      take_past_end(begin, length, bytes);
      return;
    }
    const std::uint64_t window = std::uint64_t{value_ - begin} << 32U | load_big_endian(next_);
    value_ = static_cast<std::uint32_t>(window << (8 * bytes) >> 32U);
    length_ = length << (8 * bytes);
    next_ += bytes;
  }

  void take_past_end(std::uint32_t begin, std::uint32_t length, unsigned bytes) {
    value_ -= begin;
    for (; bytes > 0; --bytes, length <<= 8U) {
      const bool is_there = next_ < end_;
      value_ = value_ << 8U | (is_there ? std::to_integer<std::uint32_t>(*next_++) : 0);
      exhausted_ = exhausted_ || !is_there;
    }
    length_ = length;
  }

  const std::byte* next_ = nullptr;
  const std::byte* end_ = nullptr;
  std::uint32_t value_ = 0;   // within the interval
  std::uint32_t length_ = 0;  // of the interval
  bool exhausted_ = false;
};

}  // namespace ptattn::io::las::laz
