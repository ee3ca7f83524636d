#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "ptattn/io/las/laz/color_codec.hpp"
#include "ptattn/io/las/laz/models.hpp"
#include "ptattn/io/las/laz/packet_codec.hpp"

namespace ptattn::io::las::laz {

/// Represents the last value of each channel, of an item that is coded beside a Point14.
///
/// In version 3, the one that LASzip and others write, a channel that comes back goes on with the
/// value of the channel before for one point; in version 4 with its own. See channel_of_items, too.
template <class T>
class ChannelValues {
 public:
  explicit ChannelValues(bool keeps_old) : keeps_old_(keeps_old) {}

  void start(unsigned channel, const T& first) {
    used_.fill(false);
    used_[channel] = true;
    current_ = channel;
    values_[channel] = first;
  }

  /// Returns the value that the next point of `channel` is coded against, which it then replaces.
  /// @param on_first  called when the channel had none yet
  template <class OnFirst>
  T& select(unsigned channel, const OnFirst& on_first) {
    if (channel == current_) return values_[channel];
    T& old = values_[current_];
    current_ = channel;
    if (used_[channel]) return keeps_old_ ? old : values_[channel];
    used_[channel] = true;
    values_[channel] = old;
    on_first();
    return values_[channel];
  }

 private:
  bool keeps_old_;
  std::array<T, 4> values_{};
  std::array<bool, 4> used_{};
  unsigned current_ = 0;
};

/// Holds colours, with the near infrared or without.
template <class Coder>
class ColorLayers {
 public:
  struct Value {
    Color color{};
    std::uint16_t infrared = 0;
  };

  explicit ColorLayers(bool keeps_old) : last_(keeps_old) {}

  Coder color_coder;
  Coder infrared_coder;
  bool color_active = false;
  bool infrared_active = false;

  void start(unsigned channel, const Value& first) {
    last_.start(channel, first);
    reset(channel);
  }

  void code(unsigned channel, Value& value) {
    Value& last = last_.select(channel, [&] { reset(channel); });
    Models& models = models_[channel];
    if (color_active) last.color = models.color.code(color_coder, last.color, value.color);
    if (infrared_active) {
      last.infrared = models.infrared.code(infrared_coder, last.infrared, value.infrared);
    }
    value = last;
  }

 private:
  struct Models {
    ColorCodec color;
    InfraredCodec infrared;
  };

  void reset(unsigned channel) {
    models_[channel].color.reset();
    models_[channel].infrared.reset();
  }

  ChannelValues<Value> last_;
  std::array<Models, 4> models_;
};

/// Holds waveform packets.
template <class Coder>
class PacketLayer {
 public:
  explicit PacketLayer(bool keeps_old) : last_(keeps_old) {}

  Coder coder;
  bool active = false;

  void start(unsigned channel, const Packet& first) {
    last_.start(channel, first);
    codecs_[channel].reset();
  }

  void code(unsigned channel, Packet& packet) {
    Packet& last = last_.select(channel, [&] { codecs_[channel].reset(); });
    if (active) last = codecs_[channel].code(coder, last, packet);
    packet = last;
  }

 private:
  ChannelValues<Packet> last_;
  std::array<PacketCodec, 4> codecs_;
};

/// Holds extra bytes, each a layer of its own.
template <class Coder>
class ByteLayers {
 public:
  ByteLayers(std::size_t count, bool keeps_old) : coders(count), active(count), last_(keeps_old) {}

  std::vector<Coder> coders;
  std::vector<char> active;  // of the layers: whether they change within the chunk

  void start(unsigned channel, const std::byte* first) {
    last_.start(channel, std::vector<std::byte>(first, first + coders.size()));
    reset(channel);
  }

  void code(unsigned channel, std::byte* bytes) {
    std::vector<std::byte>& last = last_.select(channel, [&] { reset(channel); });
    std::vector<SymbolModel<256>>& models = models_[channel];
    for (std::size_t i = 0; i < coders.size(); ++i) {
      if (active[i] != 0) {
        const auto before = std::to_integer<unsigned>(last[i]);
        const unsigned step = (std::to_integer<unsigned>(bytes[i]) - before) & 0xffU;
        last[i] = static_cast<std::byte>(before + coders[i].symbol(models[i], step));
      }
      bytes[i] = last[i];
    }
  }

  /// Encodes the bytes of records of one channel, layer by layer, so that each coder stays in
  /// registers.
  /// @param bytes  of the second record, the first of those to code
  void encode_each(unsigned channel, const std::byte* bytes, std::size_t stride,
                   std::size_t records) {
    std::vector<std::byte>& last = last_.select(channel, [] {});
    for (std::size_t i = 0; i < coders.size(); ++i) {
      if (active[i] == 0) continue;
      Coder coder = std::move(coders[i]);
      SymbolModel<256>& model = models_[channel][i];
      auto before = std::to_integer<unsigned>(last[i]);
      const std::byte* at = bytes + i;
      for (std::size_t r = 0; r < records; ++r, at += stride) {
        const auto value = std::to_integer<unsigned>(*at);
        coder.symbol(model, (value - before) & 0xffU);
        before = value;
      }
      coders[i] = std::move(coder);
    }
  }

 private:
  void reset(unsigned channel) {
    models_[channel].resize(coders.size());
    for (auto& model : models_[channel]) model.reset();
  }

  ChannelValues<std::vector<std::byte>> last_;
  std::array<std::vector<SymbolModel<256>>, 4> models_;
};

}  // namespace ptattn::io::las::laz
