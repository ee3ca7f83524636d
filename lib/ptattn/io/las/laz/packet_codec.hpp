#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "ptattn/io/las/laz/integer_codec.hpp"
#include "ptattn/io/las/laz/models.hpp"
#include "ptattn/io/las/little_endian.hpp"

namespace ptattn::io::las::laz {

/// Represents the description of a waveform packet in a record: its 29 bytes, floats as their bits.
struct Packet {
  static constexpr std::size_t kSize = 29;

  std::uint8_t index = 0;
  std::uint64_t offset = 0;
  std::uint32_t size = 0;
  std::int32_t location = 0;
  std::array<std::int32_t, 3> direction{};

  bool operator==(const Packet&) const = default;

  static Packet load_from(const std::byte* from) {
    return {load<std::uint8_t>(from),
            load<std::uint64_t>(from + 1),
            load<std::uint32_t>(from + 9),
            load<std::int32_t>(from + 13),
            {load<std::int32_t>(from + 17), load<std::int32_t>(from + 21),
             load<std::int32_t>(from + 25)}};
  }
  void store_to(std::byte* to) const {
    store<std::uint8_t>(to, index);
    store<std::uint64_t>(to + 1, offset);
    store<std::uint32_t>(to + 9, size);
    store<std::int32_t>(to + 13, location);
    for (std::size_t axis = 0; axis < 3; ++axis) {
      store<std::int32_t>(to + 17 + 4 * axis, direction[axis]);
    }
  }
};

/// Codes packets: the offset as that of the packet before, behind it, a step away, or in full; the
/// rest by the differences of its bits.
class PacketCodec {
 public:
  void reset() {
    index_.reset();
    reset_each(kind_);
    step_codec_.reset();
    size_.reset();
    location_.reset();
    direction_.reset();
    last_kind_ = 0;
    last_step_ = 0;
  }

  template <class Coder>
  Packet code(Coder& coder, const Packet& last, const Packet& packet) {
    Packet out;
    out.index = static_cast<std::uint8_t>(coder.symbol(index_, packet.index));
    out.offset = code_offset(coder, last, packet);
    out.size = static_cast<std::uint32_t>(size_.code(coder, static_cast<std::int32_t>(last.size),
                                                     static_cast<std::int32_t>(packet.size)));
    out.location = location_.code(coder, last.location, packet.location);
    for (std::size_t axis = 0; axis < 3; ++axis) {
      out.direction[axis] =
          direction_.code(coder, last.direction[axis], packet.direction[axis], axis);
    }
    return out;
  }

 private:
  enum Kind : unsigned { kSame, kBehind, kStep, kFull };

  static Kind kind_of(const Packet& last, const Packet& packet) {
    const auto step = static_cast<std::int64_t>(packet.offset - last.offset);
    if (step != static_cast<std::int32_t>(step)) return kFull;
    if (step == 0) return kSame;
    return step == static_cast<std::int32_t>(last.size) ? kBehind : kStep;
  }

  template <class Coder>
  std::uint64_t code_offset(Coder& coder, const Packet& last, const Packet& packet) {
    last_kind_ = coder.symbol(kind_[last_kind_], Coder::kEncodes ? kind_of(last, packet) : 0U);
    switch (last_kind_) {
      case kSame:
        return last.offset;
      case kBehind:
        return last.offset + last.size;
      case kStep:
        last_step_ = step_codec_.code(coder, last_step_,
                                      static_cast<std::int32_t>(packet.offset - last.offset));
        return last.offset + static_cast<std::uint64_t>(std::int64_t{last_step_});
      default:
        return coder.long_word(packet.offset);
    }
  }

  SymbolModel<256> index_;
  std::array<SymbolModel<4>, 4> kind_;  // by the kind before
  IntegerCodec<32, 1> step_codec_;
  IntegerCodec<32, 1> size_;
  IntegerCodec<32, 1> location_;
  IntegerCodec<32, 3> direction_;
  unsigned last_kind_ = 0;
  std::int32_t last_step_ = 0;
};

}  // namespace ptattn::io::las::laz
