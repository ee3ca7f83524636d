#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "ptattn/io/las/laz/integer_codec.hpp"
#include "ptattn/io/las/laz/models.hpp"
#include "ptattn/io/las/laz/point10_codec.hpp"
#include "ptattn/io/las/laz/return_contexts.hpp"
#include "ptattn/io/las/laz/streaming_median.hpp"
#include "ptattn/io/las/laz/time_codec.hpp"
#include "ptattn/io/las/little_endian.hpp"

namespace ptattn::io::las::laz {

/// Represents the 30 bytes that records of the formats 6 to 10 begin with.
struct Point14 {
  static constexpr std::size_t kSize = 30;

  std::int32_t x = 0;
  std::int32_t y = 0;
  std::int32_t z = 0;
  std::uint16_t intensity = 0;
  std::uint8_t returns = 0;  // return number in the low half, number of returns in the high one
  std::uint8_t flags = 0;    // class flags, scanner channel (bits 4 and 5), scan direction, edge
  std::uint8_t classification = 0;
  std::uint8_t user_data = 0;
  std::uint16_t scan_angle = 0;
  std::uint16_t source = 0;
  std::int64_t time = 0;  // the bits of a double

  [[nodiscard]] unsigned return_number() const { return returns & 15U; }
  [[nodiscard]] unsigned number_of_returns() const { return returns >> 4U; }
  [[nodiscard]] unsigned channel() const { return flags >> 4U & 3U; }
  /// Returns the flags without the channel, in 6 bits.
  [[nodiscard]] unsigned packed_flags() const { return (flags & 15U) | (flags >> 2U & 48U); }
  void set_flags(unsigned packed, unsigned channel) {
    flags = static_cast<std::uint8_t>((packed & 15U) | (packed & 48U) << 2U | channel << 4U);
  }

  static Point14 load_from(const std::byte* from) {
    return {load<std::int32_t>(from),       load<std::int32_t>(from + 4),
            load<std::int32_t>(from + 8),   load<std::uint16_t>(from + 12),
            load<std::uint8_t>(from + 14),  load<std::uint8_t>(from + 15),
            load<std::uint8_t>(from + 16),  load<std::uint8_t>(from + 17),
            load<std::uint16_t>(from + 18), load<std::uint16_t>(from + 20),
            load<std::int64_t>(from + 22)};
  }
  void store_to(std::byte* to) const {
    store<std::int32_t>(to, x);
    store<std::int32_t>(to + 4, y);
    store<std::int32_t>(to + 8, z);
    store<std::uint16_t>(to + 12, intensity);
    store<std::uint8_t>(to + 14, returns);
    store<std::uint8_t>(to + 15, flags);
    store<std::uint8_t>(to + 16, classification);
    store<std::uint8_t>(to + 17, user_data);
    store<std::uint16_t>(to + 18, scan_angle);
    store<std::uint16_t>(to + 20, source);
    store<std::int64_t>(to + 22, time);
  }
};

/// Represents the layers of Point14, each with a coder of its own, in the order of the file.
enum Point14Layer : std::size_t {
  kReturnsXY,
  kZ,
  kClassification,
  kFlags,
  kIntensity,
  kScanAngle,
  kUserData,
  kSource,
  kTime,
  kPoint14Layers,
};

/// Codes Point14, version 3. Each scanner channel has models and a last point of its own.
template <class Coder>
class Point14Codec {
 public:
  std::array<Coder, kPoint14Layers> coders;
  /// Layers that change within the chunk; the others hold no bytes.
  std::array<bool, kPoint14Layers> active{};
  /// Whether the last point was of another scanner channel than the one before.
  bool channel_changed = false;

  void start(const Point14& first) {
    for (Channel& channel : channels_) channel.is_used = false;
    current_ = first.channel();
    channels_[current_].start(first);
  }

  void code(Point14& point) {
    Channel* channel = &channels_[current_];
    const Point14& before = channel->last;
    const unsigned context = return_context(before) | (channel->time_changed ? 4U : 0U);
    const unsigned wanted = Coder::kEncodes ? changes_of(point) : 0;
    const unsigned changed = coders[kReturnsXY].repeated_symbol(channel->changed[context], wanted);
    channel_changed = (changed & kChannelChanged) != 0;
    if (channel_changed) channel = switch_channel(*channel, point);
    Point14 out = channel->last;
    out.set_flags(out.packed_flags(), current_);
    code_returns(*channel, changed, point, out);
    const bool time_changed = (changed & kTimeChanged) != 0;
    code_coordinates(*channel, time_changed, point, out);
    code_attributes(*channel, changed, point, out);
    channel->time_changed = time_changed;
    channel->last = out;
    if constexpr (!Coder::kEncodes) point = out;
  }

  /// Encodes the active layers of a point, which are none of those that were measured
  /// (bits_of_measurement).
  void code_beside_known(const Point14& point) {
    const unsigned changed = changes_of(point);
    Channel* channel = &channels_[current_];
    channel_changed = (changed & kChannelChanged) != 0;
    if (channel_changed) channel = go_to_channel(*channel, point.channel());
    Point14 out = channel->last;
    out.returns = point.returns;
    code_attributes(*channel, changed, point, out);
    channel->last = point;
  }

 private:
  // Bits of the symbol that tells what changed; the lowest two tell how the return number did.
  static constexpr unsigned kChannelChanged = 64;
  static constexpr unsigned kSourceChanged = 32;
  static constexpr unsigned kTimeChanged = 16;
  static constexpr unsigned kScanAngleChanged = 8;
  static constexpr unsigned kReturnsChanged = 4;

  struct Channel {
    bool is_used = false;
    bool time_changed = false;
    Point14 last;
    std::array<StreamingMedian, 12> steps_x;
    std::array<StreamingMedian, 12> steps_y;
    std::array<std::int32_t, 8> heights;
    std::array<std::uint16_t, 8> intensities;
    std::array<SymbolModel<128>, 8> changed;
    SymbolModel<3> channel;
    std::array<SymbolModel<16>, 16> number_of_returns;
    std::array<SymbolModel<16>, 16> return_number;
    SymbolModel<13> return_number_same_time;
    IntegerCodec<32, 2> x;
    IntegerCodec<32, 22> y;
    IntegerCodec<32, 20> z;
    std::array<SymbolModel<256>, 64> classification;
    std::array<SymbolModel<64>, 64> flags;
    std::array<SymbolModel<256>, 64> user_data;
    IntegerCodec<16, 4> intensity;
    IntegerCodec<16, 2> scan_angle;
    IntegerCodec<16, 1> source;
    TimeCodec<false> time;

    void start(const Point14& first) {
      is_used = true;
      time_changed = false;
      last = first;
      steps_x.fill({});
      steps_y.fill({});
      heights.fill(first.z);
      intensities.fill(first.intensity);
      reset_each(changed);
      reset_each(number_of_returns);
      reset_each(return_number);
      reset_each(classification);
      reset_each(flags);
      reset_each(user_data);
      channel.reset();
      return_number_same_time.reset();
      x.reset();
      y.reset();
      z.reset();
      intensity.reset();
      scan_angle.reset();
      source.reset();
      time.start(first.time);
    }
  };

  /// Returns 1 for a first return, 2 for a last one, 3 for a single one, 0 for others.
  static unsigned return_context(const Point14& point) {
    return (point.return_number() == 1 ? 1U : 0U) |
           (point.return_number() >= point.number_of_returns() ? 2U : 0U);
  }

  [[nodiscard]] unsigned changes_of(const Point14& point) const {
    const unsigned to = point.channel();
    const Point14& last = channels_[channels_[to].is_used ? to : current_].last;
    const unsigned step = (point.return_number() - last.return_number()) & 15U;
    return (to != current_ ? kChannelChanged : 0U) |
           (point.source != last.source ? kSourceChanged : 0U) |
           (point.time != last.time ? kTimeChanged : 0U) |
           (point.scan_angle != last.scan_angle ? kScanAngleChanged : 0U) |
           (point.number_of_returns() != last.number_of_returns() ? kReturnsChanged : 0U) |
           (step == 0    ? 0U
            : step == 1  ? 1U
            : step == 15 ? 2U
                         : 3U);
  }

  Channel* switch_channel(Channel& from, const Point14& point) {
    const unsigned away = (point.channel() - current_ - 1) & 3U;
    const unsigned steps = coders[kReturnsXY].symbol(from.channel, away) + 1;
    return go_to_channel(from, (current_ + steps) & 3U);
  }

  Channel* go_to_channel(Channel& from, unsigned number) {
    current_ = number;
    Channel& to = channels_[current_];
    if (!to.is_used) to.start(from.last);
    return &to;
  }

  void code_returns(Channel& channel, unsigned changed, const Point14& point, Point14& out) {
    Coder& coder = coders[kReturnsXY];
    unsigned count = out.number_of_returns();
    if ((changed & kReturnsChanged) != 0) {
      count = coder.symbol(channel.number_of_returns[count], point.number_of_returns());
    }
    const unsigned last = out.return_number();
    unsigned number = last;
    if ((changed & 3U) == 3U && (changed & kTimeChanged) != 0) {
      number = coder.symbol(channel.return_number[last], point.return_number());
    } else if ((changed & 3U) == 3U) {
      const unsigned step = (point.return_number() - last - 2) & 15U;
      number = last + coder.symbol(channel.return_number_same_time, step) + 2;
    } else if ((changed & 3U) != 0) {
      number = (changed & 3U) == 1 ? last + 1 : last + 15;
    }
    out.returns = static_cast<std::uint8_t>((number & 15U) | count << 4U);
  }

  void code_coordinates(Channel& channel, bool time_changed, const Point14& point, Point14& out) {
    const unsigned count = out.number_of_returns();
    const bool single = count == 1;
    const std::size_t median =
        std::size_t{kExtendedReturnMap[count][out.return_number()]} * 2 + (time_changed ? 1 : 0);
    Coder& coder = coders[kReturnsXY];
    const Point14& last = channel.last;
    const std::int32_t step_x = channel.x.code(coder, channel.steps_x[median].get(),
                                               wrapped_difference(point.x, last.x), single ? 1 : 0);
    channel.steps_x[median].add(step_x);
    out.x = wrapped_sum(last.x, step_x);
    const std::int32_t step_y =
        channel.y.code(coder, channel.steps_y[median].get(), wrapped_difference(point.y, last.y),
                       miss_context(channel.x.interval(), 20, single));
    channel.steps_y[median].add(step_y);
    out.y = wrapped_sum(last.y, step_y);
    if (!active[kZ]) return;
    std::int32_t& height = channel.heights[return_level(count, out.return_number(), 7)];
    const unsigned interval = (channel.x.interval() + channel.y.interval()) / 2;
    height = channel.z.code(coders[kZ], height, point.z, miss_context(interval, 18, single));
    out.z = height;
  }

  void code_attributes(Channel& channel, unsigned changed, const Point14& point, Point14& out) {
    const unsigned context = return_context(out);
    const bool time_changed = (changed & kTimeChanged) != 0;
    if (active[kClassification]) {
      auto& model = channel.classification[(out.classification & 31U) * 2 + (context == 3 ? 1 : 0)];
      out.classification = static_cast<std::uint8_t>(
          coders[kClassification].repeated_symbol(model, point.classification));
    }
    if (active[kFlags]) {
      auto& model = channel.flags[out.packed_flags()];
      out.set_flags(coders[kFlags].repeated_symbol(model, point.packed_flags()), current_);
    }
    if (active[kIntensity]) {
      std::uint16_t& last = channel.intensities[context * 2 + (time_changed ? 1 : 0)];
      last = static_cast<std::uint16_t>(
          channel.intensity.code(coders[kIntensity], last, point.intensity, context));
      out.intensity = last;
    }
    if (active[kScanAngle] && (changed & kScanAngleChanged) != 0) {
      out.scan_angle = static_cast<std::uint16_t>(channel.scan_angle.code(
          coders[kScanAngle], out.scan_angle, point.scan_angle, time_changed ? 1 : 0));
    }
    if (active[kUserData]) {
      auto& model = channel.user_data[out.user_data / 4];
      out.user_data =
          static_cast<std::uint8_t>(coders[kUserData].repeated_symbol(model, point.user_data));
    }
    if (active[kSource] && (changed & kSourceChanged) != 0) {
      out.source = static_cast<std::uint16_t>(
          channel.source.code(coders[kSource], out.source, point.source));
    }
    if (active[kTime] && time_changed) out.time = channel.time.code(coders[kTime], point.time);
  }

  std::array<Channel, 4> channels_;
  unsigned current_ = 0;
};

}  // namespace ptattn::io::las::laz
