#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <span>
#include <vector>

#include "ptattn/io/las/laz/models.hpp"

namespace ptattn::io::las::laz {

/// Writes symbols as an arithmetic coder of 32 bits does; the counterpart of ArithmeticDecoder.
class ArithmeticEncoder {
 public:
  static constexpr bool kEncodes = true;

  void start() {
    next_ = bytes_.data();
    base_ = 0;
    length_ = UINT32_MAX;
  }

  template <std::size_t kSymbols>
  unsigned symbol(SymbolModel<kSymbols>& model, unsigned value) {
    model.prepare();
    const std::uint32_t unit = length_ >> SymbolModel<kSymbols>::kShareBits;
    const std::uint32_t begin = model.begin_of(value) * unit;
    const std::uint32_t end = model.is_last(value) ? length_ : model.begin_of(value + 1) * unit;
    narrow(begin, end - begin);
    model.count(value);
    return value;
  }

  unsigned bit(BitModel& model, unsigned value) {
    const std::uint32_t zero = model.zero_share() * (length_ >> BitModel::kShareBits);
    narrow(value != 0 ? zero : 0, value != 0 ? length_ - zero : zero);
    model.count(value);
    return value;
  }

  std::uint32_t bits(unsigned count, std::uint32_t value) {
    constexpr unsigned kMostAtOnce = 19;
    if (count > kMostAtOnce) {
      plain_bits(16, value & 0xffffU);
      plain_bits(count - 16, value >> 16U);
    } else {
      plain_bits(count, value);
    }
    return value;
  }

  std::uint32_t word(std::uint32_t value) {
    plain_bits(16, value & 0xffffU);
    plain_bits(16, value >> 16U);
    return value;
  }

  std::uint64_t long_word(std::uint64_t value) {
    word(static_cast<std::uint32_t>(value));
    word(static_cast<std::uint32_t>(value >> 32U));
    return value;
  }

  /// Ends with the bytes that a decoder reads ahead, and returns all of them; valid until start().
  std::span<const std::byte> finish() {
    constexpr std::uint32_t kShortest = 1U << 24U;
    const bool one_byte = length_ > 2 * kShortest;
    // A point of the interval, told by one byte more, or by two.
    narrow(one_byte ? kShortest : kShortest / 2, one_byte ? kShortest / 2 : kShortest / 512);
    make_room();
    for (unsigned i = one_byte ? 3 : 2; i > 0; --i) *next_++ = std::byte{0};
    return {bytes_.data(), next_};
  }

 private:
  static constexpr std::size_t kRoom = 16;  // more than a step writes

  void plain_bits(unsigned count, std::uint32_t value) {
    const std::uint32_t unit = length_ >> count;
    narrow(value * unit, unit);
  }

  void make_room() {
    if (static_cast<std::size_t>(bytes_.data() + bytes_.size() - next_) < kRoom) [[unlikely]]
      grow();
  }

  void grow() {
    const auto written = next_ - bytes_.data();
    bytes_.resize(2 * bytes_.size() + (std::size_t{1} << 16U));
    next_ = bytes_.data() + written;
  }

  void narrow(std::uint32_t begin, std::uint32_t length) {
    const std::uint32_t old = base_;
    base_ += begin;
    if (base_ < old) [[unlikely]]
      carry();
    const unsigned bytes = static_cast<unsigned>(std::countl_zero(length)) / 8;
    make_room();
    const std::uint32_t top = __builtin_bswap32(base_);  // of its bytes so many count
    std::memcpy(next_, &top, sizeof top);
    next_ += bytes;
    base_ <<= 8 * bytes;
    length_ = length << (8 * bytes);
  }

  void carry() {
    std::byte* at = next_ - 1;
    for (; *at == std::byte{0xff}; --at) *at = std::byte{0};
    *at = static_cast<std::byte>(std::to_integer<unsigned>(*at) + 1);
  }

  std::vector<std::byte> bytes_;
  std::byte* next_ = nullptr;  // behind those of `bytes_` that are written
  std::uint32_t base_ = 0;
  std::uint32_t length_ = 0;
};

}  // namespace ptattn::io::las::laz
