#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "ptattn/io/las/laz/integer_codec.hpp"
#include "ptattn/io/las/laz/models.hpp"
#include "ptattn/io/las/laz/return_contexts.hpp"
#include "ptattn/io/las/laz/streaming_median.hpp"
#include "ptattn/io/las/little_endian.hpp"

namespace ptattn::io::las::laz {

/// Represents the 20 bytes that records of the formats 0 to 5 begin with.
struct Point10 {
  static constexpr std::size_t kSize = 20;

  std::int32_t x = 0;
  std::int32_t y = 0;
  std::int32_t z = 0;
  std::uint16_t intensity = 0;
  std::uint8_t flags = 0;  // return number, number of returns, scan direction, edge
  std::uint8_t classification = 0;
  std::uint8_t scan_angle = 0;
  std::uint8_t user_data = 0;
  std::uint16_t source = 0;

  [[nodiscard]] unsigned return_number() const { return flags & 7U; }
  [[nodiscard]] unsigned returns() const { return flags >> 3U & 7U; }
  [[nodiscard]] unsigned scan_direction() const { return flags >> 6U & 1U; }

  static Point10 load_from(const std::byte* from) {
    return {load<std::int32_t>(from),      load<std::int32_t>(from + 4),
            load<std::int32_t>(from + 8),  load<std::uint16_t>(from + 12),
            load<std::uint8_t>(from + 14), load<std::uint8_t>(from + 15),
            load<std::uint8_t>(from + 16), load<std::uint8_t>(from + 17),
            load<std::uint16_t>(from + 18)};
  }
  void store_to(std::byte* to) const {
    store<std::int32_t>(to, x);
    store<std::int32_t>(to + 4, y);
    store<std::int32_t>(to + 8, z);
    store<std::uint16_t>(to + 12, intensity);
    store<std::uint8_t>(to + 14, flags);
    store<std::uint8_t>(to + 15, classification);
    store<std::uint8_t>(to + 16, scan_angle);
    store<std::uint8_t>(to + 17, user_data);
    store<std::uint16_t>(to + 18, source);
  }
};

/// Returns the sum and difference that wrap around instead of overflowing.
[[nodiscard]] inline std::int32_t wrapped_sum(std::int32_t a, std::int32_t b) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(a) + static_cast<std::uint32_t>(b));
}
[[nodiscard]] inline std::int32_t wrapped_difference(std::int32_t a, std::int32_t b) {
  return static_cast<std::int32_t>(static_cast<std::uint32_t>(a) - static_cast<std::uint32_t>(b));
}

/// Returns the contexts of y and z by how far x, or x and y, were missed: even numbers up to
/// `most`, one more for single returns.
[[nodiscard]] inline std::size_t miss_context(unsigned interval, unsigned most, bool single) {
  return (interval < most ? interval & ~1U : most) + (single ? 1U : 0U);
}

/// Codes Point10, version 2: coordinates by the median step of their returns, the rest where it
/// changed.
class Point10Codec {
 public:
  void start(const Point10& first) {
    last_ = first;
    steps_x_.fill({});
    steps_y_.fill({});
    intensities_.fill(0);
    heights_.fill(0);
    changed_.reset();
    reset_each(flags_);
    reset_each(classification_);
    reset_each(scan_angle_);
    reset_each(user_data_);
    intensity_.reset();
    source_.reset();
    x_.reset();
    y_.reset();
    z_.reset();
  }

  template <class Coder>
  void code(Coder& coder, Point10& point) {
    Point10 out = last_;
    const unsigned wanted = Coder::kEncodes ? changes_of(point) : 0;
    const unsigned changed = coder.repeated_symbol(changed_, wanted);
    if ((changed & kFlags) != 0) {
      out.flags = static_cast<std::uint8_t>(coder.symbol(flags_[last_.flags], point.flags));
    }
    const unsigned returns = out.returns();
    const unsigned map = kReturnMap[returns][out.return_number()];
    code_rest(coder, changed, map, point, out);
    code_coordinates(coder, map, point, out);
    const unsigned level = return_level(returns, out.return_number(), 7);
    const bool single = returns == 1;
    const unsigned interval = (x_.interval() + y_.interval()) / 2;
    out.z = z_.code(coder, heights_[level], point.z, miss_context(interval, 18, single));
    heights_[level] = out.z;
    last_ = out;
    if constexpr (!Coder::kEncodes) point = out;
  }

 private:
  // Bits of the symbol that tells what changed.
  static constexpr unsigned kFlags = 32;
  static constexpr unsigned kIntensity = 16;
  static constexpr unsigned kClassification = 8;
  static constexpr unsigned kScanAngle = 4;
  static constexpr unsigned kUserData = 2;
  static constexpr unsigned kSource = 1;

  [[nodiscard]] unsigned changes_of(const Point10& point) const {
    const unsigned map = kReturnMap[point.returns()][point.return_number()];
    return (point.flags != last_.flags ? kFlags : 0U) |
           (point.intensity != intensities_[map] ? kIntensity : 0U) |
           (point.classification != last_.classification ? kClassification : 0U) |
           (point.scan_angle != last_.scan_angle ? kScanAngle : 0U) |
           (point.user_data != last_.user_data ? kUserData : 0U) |
           (point.source != last_.source ? kSource : 0U);
  }

  template <class Coder>
  void code_rest(Coder& coder, unsigned changed, unsigned map, const Point10& point, Point10& out) {
    if ((changed & kIntensity) != 0) {
      const std::size_t context = map < 3 ? map : 3;
      intensities_[map] = static_cast<std::uint16_t>(
          intensity_.code(coder, intensities_[map], point.intensity, context));
    }
    out.intensity = intensities_[map];
    if ((changed & kClassification) != 0) {
      out.classification = static_cast<std::uint8_t>(
          coder.symbol(classification_[last_.classification], point.classification));
    }
    if ((changed & kScanAngle) != 0) {
      const unsigned step = static_cast<unsigned>(point.scan_angle - last_.scan_angle) & 0xffU;
      out.scan_angle = static_cast<std::uint8_t>(
          last_.scan_angle + coder.symbol(scan_angle_[out.scan_direction()], step));
    }
    if ((changed & kUserData) != 0) {
      out.user_data =
          static_cast<std::uint8_t>(coder.symbol(user_data_[last_.user_data], point.user_data));
    }
    if ((changed & kSource) != 0) {
      out.source = static_cast<std::uint16_t>(source_.code(coder, last_.source, point.source));
    }
  }

  template <class Coder>
  void code_coordinates(Coder& coder, unsigned map, const Point10& point, Point10& out) {
    const bool single = out.returns() == 1;
    const std::int32_t step_x =
        x_.code(coder, steps_x_[map].get(), wrapped_difference(point.x, last_.x), single ? 1 : 0);
    out.x = wrapped_sum(last_.x, step_x);
    steps_x_[map].add(step_x);
    const std::int32_t step_y =
        y_.code(coder, steps_y_[map].get(), wrapped_difference(point.y, last_.y),
                miss_context(x_.interval(), 20, single));
    out.y = wrapped_sum(last_.y, step_y);
    steps_y_[map].add(step_y);
  }

  Point10 last_;
  std::array<StreamingMedian, 16> steps_x_;
  std::array<StreamingMedian, 16> steps_y_;
  std::array<std::uint16_t, 16> intensities_{};
  std::array<std::int32_t, 8> heights_{};
  SymbolModel<64> changed_;
  std::array<SymbolModel<256>, 256> flags_;
  std::array<SymbolModel<256>, 256> classification_;
  std::array<SymbolModel<256>, 2> scan_angle_;
  std::array<SymbolModel<256>, 256> user_data_;
  IntegerCodec<16, 4> intensity_;
  IntegerCodec<16, 1> source_;
  IntegerCodec<32, 2> x_;
  IntegerCodec<32, 22> y_;
  IntegerCodec<32, 20> z_;
};

}  // namespace ptattn::io::las::laz
