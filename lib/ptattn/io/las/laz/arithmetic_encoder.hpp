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
///
/// The last four bytes stay in a register until they leave it, so that a carry reaches memory once
/// in 2^32 times, and a step takes no branch that depends on the symbols.
class ArithmeticEncoder {
 public:
  static constexpr bool kEncodes = true;

  void start() {
    next_ = bytes_.data();
    base_ = 0;
    length_ = UINT32_MAX;
  }

  template <class Model>
  unsigned symbol(Model& model, unsigned value) {
    model.prepare();
    const std::uint32_t unit = length_ >> Model::kShareBits;
    const std::uint32_t begin = model.begin_of(value) * unit;
    const std::uint32_t next = model.begin_of(value + 1) * unit;
    narrow(begin, (model.is_last(value) ? length_ : next) - begin);
    model.count(value);
    return value;
  }

  template <class Model>
  unsigned repeated_symbol(Model& model, unsigned value) {
    return symbol(model, value);
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
    for (std::size_t i = 0; i < kHeld; ++i) put_bytes(1);
    base_ = 0;
    put_bytes(one_byte ? 3 : 2);
    return std::span<const std::byte>(bytes_.data(), next_).subspan(kHeld);
  }

 private:
  static constexpr std::size_t kHeld = 4;  // bytes above the 32 bits of the base
  static constexpr std::size_t kRoom = 4;  // more than a step writes

  void plain_bits(unsigned count, std::uint32_t value) {
    const std::uint32_t unit = length_ >> count;
    narrow(value * unit, unit);
  }

  void grow() {
    const auto written = next_ - bytes_.data();
    bytes_.resize(2 * bytes_.size() + (std::size_t{1} << 16U));
    next_ = bytes_.data() + written;
    last_ = bytes_.data() + bytes_.size() - kRoom;
  }

  [[gnu::always_inline]] void narrow(std::uint32_t begin, std::uint32_t length) {
    base_ += begin;
    if (base_ < begin) [[unlikely]]
      carry();
    const unsigned bytes = static_cast<unsigned>(std::countl_zero(length)) / 8;
    put_bytes(bytes);
    length_ = length << (8 * bytes);
  }

  /// Writes the first `count` of the bytes held, up to 3, and holds as many more.
  [[gnu::always_inline]] void put_bytes(unsigned count) {
    if (next_ >= last_) [[unlikely]]
      grow();
    const std::uint32_t held = __builtin_bswap32(static_cast<std::uint32_t>(base_ >> 32U));
    std::memcpy(next_, &held, sizeof held);
    next_ += count;
    base_ <<= 8 * count;
  }

  void carry() {
    std::byte* at = next_ - 1;
    for (; *at == std::byte{0xff}; --at) *at = std::byte{0};
    *at = static_cast<std::byte>(std::to_integer<unsigned>(*at) + 1);
  }

  std::vector<std::byte> bytes_;
  std::byte* next_ = nullptr;  // behind those of `bytes_` that are written
  std::byte* last_ = nullptr;  // where four of them still find room
  std::uint64_t base_ = 0;     // its low half, and above it the bytes that are held
  std::uint32_t length_ = 0;
};

}  // namespace ptattn::io::las::laz
