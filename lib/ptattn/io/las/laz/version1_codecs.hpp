#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <vector>

#include "ptattn/io/las/laz/color_codec.hpp"
#include "ptattn/io/las/laz/integer_codec.hpp"
#include "ptattn/io/las/laz/models.hpp"
#include "ptattn/io/las/laz/point10_codec.hpp"

namespace ptattn::io::las::laz {

// The items of the first LAZ files (version 1). They are read, never written.

class Point10DecoderV1 {
 public:
  void start(const Point10& first) {
    last_ = first;
    steps_x_.fill(0);
    steps_y_.fill(0);
    oldest_ = 0;
    changed_.reset();
    reset_each(flags_);
    reset_each(classification_);
    reset_each(user_data_);
    x_.reset();
    y_.reset();
    z_.reset();
    intensity_.reset();
    scan_angle_.reset();
    source_.reset();
  }

  template <class Decoder>
  void decode(Decoder& decoder, Point10& point) {
    const std::int32_t step_x = x_.code(decoder, median(steps_x_), 0);
    const std::size_t context_y = std::min(x_.interval(), 19U);
    const std::int32_t step_y = y_.code(decoder, median(steps_y_), 0, context_y);
    const unsigned interval = (x_.interval() + y_.interval()) / 2;
    point = last_;
    point.x = wrapped_sum(last_.x, step_x);
    point.y = wrapped_sum(last_.y, step_y);
    point.z = z_.code(decoder, last_.z, 0, std::min(interval, 19U));
    decode_rest(decoder, interval < 3, point);
    steps_x_[oldest_] = step_x;
    steps_y_[oldest_] = step_y;
    oldest_ = (oldest_ + 1) % 3;
    last_ = point;
  }

 private:
  template <class Decoder>
  void decode_rest(Decoder& decoder, bool near, Point10& point) {
    const unsigned changed = decoder.symbol(changed_);
    if ((changed & 32U) != 0) {
      point.intensity = static_cast<std::uint16_t>(intensity_.code(decoder, last_.intensity, 0));
    }
    if ((changed & 16U) != 0) {
      point.flags = static_cast<std::uint8_t>(decoder.symbol(flags_[last_.flags]));
    }
    if ((changed & 8U) != 0) {
      point.classification =
          static_cast<std::uint8_t>(decoder.symbol(classification_[last_.classification]));
    }
    if ((changed & 4U) != 0) {
      point.scan_angle =
          static_cast<std::uint8_t>(scan_angle_.code(decoder, last_.scan_angle, 0, near ? 1 : 0));
    }
    if ((changed & 2U) != 0) {
      point.user_data = static_cast<std::uint8_t>(decoder.symbol(user_data_[last_.user_data]));
    }
    if ((changed & 1U) != 0) {
      point.source = static_cast<std::uint16_t>(source_.code(decoder, last_.source, 0));
    }
  }

  static std::int32_t median(const std::array<std::int32_t, 3>& of) {
    return std::max(std::min(of[0], of[1]), std::min(std::max(of[0], of[1]), of[2]));
  }

  Point10 last_;
  std::array<std::int32_t, 3> steps_x_{};
  std::array<std::int32_t, 3> steps_y_{};
  std::size_t oldest_ = 0;
  SymbolModel<64> changed_;
  std::array<SymbolModel<256>, 256> flags_;
  std::array<SymbolModel<256>, 256> classification_;
  std::array<SymbolModel<256>, 256> user_data_;
  IntegerCodec<32, 1> x_;
  IntegerCodec<32, 20> y_;
  IntegerCodec<32, 20> z_;
  IntegerCodec<16, 1> intensity_;
  IntegerCodec<8, 2> scan_angle_;
  IntegerCodec<16, 1> source_;
};

class TimeDecoderV1 {
 public:
  void start(std::int64_t first) {
    time_ = first;
    step_ = 0;
    odd_steps_ = 0;
    multiple_.reset();
    first_step_.reset();
    step_codec_.reset();
  }

  template <class Decoder>
  std::int64_t decode(Decoder& decoder) {
    constexpr unsigned kFull = kMultiples - 2;
    if (step_ == 0) {
      const unsigned found = decoder.symbol(first_step_);
      if (found == 1) advance(step_ = step_codec_.code(decoder, 0, 0, 0));
      if (found == 2) time_ = static_cast<std::int64_t>(decoder.long_word());
      return time_;
    }
    const unsigned multiple = decoder.symbol(multiple_);
    if (multiple < kFull) {
      decode_step(decoder, multiple);
    } else if (multiple == kFull) {
      time_ = static_cast<std::int64_t>(decoder.long_word());
    }
    return time_;
  }

 private:
  static constexpr unsigned kMultiples = 512;

  template <class Decoder>
  void decode_step(Decoder& decoder, unsigned multiple) {
    const std::size_t context = multiple == 0   ? 2
                                : multiple == 1 ? 1
                                : multiple < 10 ? 3
                                : multiple < 50 ? 4
                                                : 5;
    const auto predicted = static_cast<std::int32_t>(multiple * static_cast<std::uint32_t>(step_));
    const std::int32_t step =
        step_codec_.code(decoder, multiple == 0 ? step_ / 4 : predicted, 0, context);
    advance(step);
    if (multiple == 1) {
      step_ = step;
      odd_steps_ = 0;
    } else if ((multiple == 0 || multiple == kMultiples - 3) && ++odd_steps_ > 3) {
      step_ = step;
      odd_steps_ = 0;
    }
  }

  void advance(std::int32_t step) {
    time_ = static_cast<std::int64_t>(static_cast<std::uint64_t>(time_) +
                                      static_cast<std::uint64_t>(std::int64_t{step}));
  }

  std::int64_t time_ = 0;
  std::int32_t step_ = 0;
  std::int32_t odd_steps_ = 0;
  SymbolModel<kMultiples> multiple_;
  SymbolModel<3> first_step_;
  IntegerCodec<32, 6> step_codec_;
};

class ColorDecoderV1 {
 public:
  void reset() {
    changed_.reset();
    bytes_.reset();
  }

  template <class Decoder>
  Color decode(Decoder& decoder, const Color& last) {
    const unsigned changed = decoder.symbol(changed_);
    Color out{};
    for (unsigned i = 0; i < 6; ++i) {
      const unsigned shift = 8 * (i % 2);
      std::int32_t byte = last[i / 2] >> shift & 0xff;
      if ((changed >> i & 1U) != 0) byte = bytes_.code(decoder, byte, 0, i);
      out[i / 2] = static_cast<std::uint16_t>(out[i / 2] | byte << shift);
    }
    return out;
  }

 private:
  SymbolModel<64> changed_;
  IntegerCodec<8, 6> bytes_;
};

/// Holds extra bytes, whose models of intervals are one for each byte; the places are shared.
class BytesDecoderV1 {
 public:
  explicit BytesDecoderV1(std::size_t count) : bytes_(count) {}

  void reset() {
    for (auto& model : bytes_) model.reset();
    places_.reset();
  }

  template <class Decoder>
  void decode(Decoder& decoder, const std::byte* last, std::byte* out) {
    for (std::size_t i = 0; i < bytes_.size(); ++i) {
      const int before = std::to_integer<int>(last[i]);
      out[i] = static_cast<std::byte>(places_.code_with(decoder, bytes_[i], before, 0));
    }
  }

 private:
  std::vector<SymbolModel<9>> bytes_;
  IntegerCodec<8, 1> places_;
};

}  // namespace ptattn::io::las::laz
