#include <algorithm>
#include <array>
#include <cstring>
#include <optional>
#include <vector>

#include "ptattn/io/las/laz/arithmetic_decoder.hpp"
#include "ptattn/io/las/laz/arithmetic_encoder.hpp"
#include "ptattn/io/las/laz/chunk_codec.hpp"
#include "ptattn/io/las/laz/color_codec.hpp"
#include "ptattn/io/las/laz/fast_bits.hpp"
#include "ptattn/io/las/laz/packet_codec.hpp"
#include "ptattn/io/las/laz/point10_codec.hpp"
#include "ptattn/io/las/laz/time_codec.hpp"
#include "ptattn/io/las/laz/version1_codecs.hpp"
#include "ptattn/io/las/little_endian.hpp"

namespace ptattn::io::las::laz {
namespace {

Color load_color(const std::byte* from) {
  return {load<std::uint16_t>(from), load<std::uint16_t>(from + 2), load<std::uint16_t>(from + 4)};
}

void store_color(std::byte* to, const Color& color) {
  for (std::size_t c = 0; c < color.size(); ++c) store<std::uint16_t>(to + 2 * c, color[c]);
}

/// Codes extra bytes by their differences, version 2.
class BytesCodec {
 public:
  explicit BytesCodec(std::size_t count) : models_(count) {}

  void reset() {
    for (auto& model : models_) model.reset();
  }

  template <class Coder>
  void code(Coder& coder, const std::byte* last, std::byte* bytes) {
    for (std::size_t i = 0; i < models_.size(); ++i) {
      const auto before = std::to_integer<unsigned>(last[i]);
      const unsigned step = (std::to_integer<unsigned>(bytes[i]) - before) & 0xffU;
      const unsigned found = coder.symbol(models_[i], step);
      if constexpr (!Coder::kEncodes) bytes[i] = static_cast<std::byte>(before + found);
    }
  }

 private:
  std::vector<SymbolModel<256>> models_;
};

/// Which version of an item a file has, and where it stands in a record.
struct Part {
  std::size_t offset = 0;
  std::size_t size = 0;
  unsigned version = 0;  // 0: the records have none
};

/// Codes the records of formats 0 to 5, all items of a point with one coder.
class Records {
 public:
  explicit Records(const LazSettings& settings) {
    std::size_t at = 0;
    for (const Item& item : settings.items) {
      part_of(item.kind) = {at, item.size, item.version};
      at += item.size;
    }
    if (bytes_.version == 1) old_bytes_codec_.emplace(bytes_.size);
    if (bytes_.version == 2) bytes_codec_.emplace(bytes_.size);
    if (point_.version == 1) old_point_codec_ = std::make_unique<Point10DecoderV1>();
    if (point_.version == 2) point_codec_ = std::make_unique<Point10Codec>();
    stride_ = at;
    last_.resize(stride_);
  }

  [[nodiscard]] std::size_t stride() const { return stride_; }

  void start(const std::byte* first) {
    std::memcpy(last_.data(), first, stride_);
    const Point10 point = Point10::load_from(first + point_.offset);
    if (point_codec_) point_codec_->start(point);
    if (old_point_codec_) old_point_codec_->start(point);
    const std::int64_t time = time_.version == 0 ? 0 : load<std::int64_t>(first + time_.offset);
    time_codec_.start(time);
    old_time_codec_.start(time);
    color_codec_.reset();
    old_color_codec_.reset();
    packet_codec_.reset();
    if (bytes_codec_) bytes_codec_->reset();
    if (old_bytes_codec_) old_bytes_codec_->reset();
  }

  /// Codes a record, which is read or filled.
  template <class Coder>
  void code(Coder& coder, std::byte* record) {
    code_point(coder, record + point_.offset);
    if (time_.version != 0) code_time(coder, record + time_.offset);
    if (color_.version != 0) code_color(coder, record + color_.offset);
    if (packet_.version != 0) {
      const Packet last = Packet::load_from(last_.data() + packet_.offset);
      std::byte* const at = record + packet_.offset;
      packet_codec_.code(coder, last, Coder::kEncodes ? Packet::load_from(at) : Packet())
          .store_to(at);
    }
    if (bytes_.version != 0) code_bytes(coder, record + bytes_.offset);
    std::memcpy(last_.data(), record, stride_);
  }

 private:
  Part& part_of(ItemKind kind) {
    switch (kind) {
      case ItemKind::kTime11:
        return time_;
      case ItemKind::kColor12:
        return color_;
      case ItemKind::kPacket13:
        return packet_;
      case ItemKind::kBytes:
        return bytes_;
      default:
        return point_;
    }
  }

  template <class Coder>
  void code_point(Coder& coder, std::byte* at) {
    Point10 point;
    if constexpr (Coder::kEncodes) {
      point = Point10::load_from(at);
      point_codec_->code(coder, point);
    } else {
      if (point_codec_) {
        point_codec_->code(coder, point);
      } else {
        old_point_codec_->decode(coder, point);
      }
      point.store_to(at);
    }
  }

  template <class Coder>
  void code_time(Coder& coder, std::byte* at) {
    if constexpr (Coder::kEncodes) {
      time_codec_.code(coder, load<std::int64_t>(at));
    } else {
      store<std::int64_t>(
          at, time_.version == 2 ? time_codec_.code(coder, 0) : old_time_codec_.decode(coder));
    }
  }

  template <class Coder>
  void code_color(Coder& coder, std::byte* at) {
    const Color last = load_color(last_.data() + color_.offset);
    if constexpr (Coder::kEncodes) {
      color_codec_.code(coder, last, load_color(at));
    } else {
      store_color(at, color_.version == 2 ? color_codec_.code(coder, last, {})
                                          : old_color_codec_.decode(coder, last));
    }
  }

  template <class Coder>
  void code_bytes(Coder& coder, std::byte* at) {
    const std::byte* const last = last_.data() + bytes_.offset;
    if constexpr (Coder::kEncodes) {
      bytes_codec_->code(coder, last, at);
    } else if (bytes_codec_) {
      bytes_codec_->code(coder, last, at);
    } else {
      old_bytes_codec_->decode(coder, last, at);
    }
  }

  Part point_, time_, color_, packet_, bytes_;
  std::size_t stride_ = 0;
  std::vector<std::byte> last_;
  std::unique_ptr<Point10Codec> point_codec_;
  std::unique_ptr<Point10DecoderV1> old_point_codec_;
  TimeCodec<true> time_codec_;
  TimeDecoderV1 old_time_codec_;
  ColorCodec color_codec_;
  ColorDecoderV1 old_color_codec_;
  PacketCodec packet_codec_;
  std::optional<BytesCodec> bytes_codec_;
  std::optional<BytesDecoderV1> old_bytes_codec_;
};

class PointwiseDecoder final : public ChunkDecoder {
 public:
  explicit PointwiseDecoder(const LazSettings& settings) : records_(settings) {}

  void start(std::span<const std::byte> bytes) override {
    bytes_ = bytes;
    at_first_ = true;
  }

  std::size_t decode(std::span<std::byte> records) override {
    const std::size_t stride = records_.stride();
    if (!at_first_) return decode_more(records);
    if (records.empty() || bytes_.size() < stride) return 0;
    std::memcpy(records.data(), bytes_.data(), stride);
    records_.start(bytes_.data());
    decoder_.start(bytes_.subspan(stride));
    at_first_ = false;
    return 1 + decode_more(records.subspan(stride));
  }

  std::size_t used_bytes() const override {
    return at_first_ ? 0 : static_cast<std::size_t>(decoder_.position() - bytes_.data());
  }

 private:
  std::size_t decode_more(std::span<std::byte> records) {
    return has_fast_bits_ ? decode_with_fast_bits(records) : decode_anywhere(records);
  }
  [[gnu::flatten]] PTATTN_LAZ_FAST_BITS std::size_t decode_with_fast_bits(
      std::span<std::byte> records) {
    return decode_records(records);
  }
  [[gnu::flatten]] std::size_t decode_anywhere(std::span<std::byte> records) {
    return decode_records(records);
  }

  std::size_t decode_records(std::span<std::byte> records) {
    const std::size_t stride = records_.stride();
    ArithmeticDecoder decoder = decoder_;  // in registers
    std::size_t done = 0;
    for (std::size_t at = 0; at < records.size() && !decoder.is_exhausted(); at += stride) {
      records_.code(decoder, records.data() + at);
      if (!decoder.is_exhausted()) ++done;
    }
    decoder_ = decoder;
    return done;
  }

  Records records_;
  ArithmeticDecoder decoder_;
  std::span<const std::byte> bytes_;
  bool has_fast_bits_ = has_fast_bits();
  bool at_first_ = true;
};

class PointwiseEncoder final : public ChunkEncoder {
 public:
  explicit PointwiseEncoder(const LazSettings& settings) : records_(settings) {}

  void encode(std::span<const std::byte> records, std::span<const KnownLayer> /*known*/,
              std::string& out) override {
    const std::size_t stride = records_.stride();
    record_.resize(stride);
    out.append(reinterpret_cast<const char*>(records.data()), stride);
    records_.start(records.data());
    encoder_.start();
    encode_more(records.subspan(stride));
    const auto bytes = encoder_.finish();
    out.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }

 private:
  [[gnu::flatten]] void encode_more(std::span<const std::byte> records) {
    const std::size_t stride = records_.stride();
    ArithmeticEncoder encoder = std::move(encoder_);  // in registers
    for (std::size_t at = 0; at < records.size(); at += stride) {
      std::memcpy(record_.data(), records.data() + at, stride);
      records_.code(encoder, record_.data());
    }
    encoder_ = std::move(encoder);
  }

  Records records_;
  ArithmeticEncoder encoder_;
  std::vector<std::byte> record_;
};

}  // namespace

std::unique_ptr<ChunkDecoder> make_pointwise_decoder(const LazSettings& settings) {
  return std::make_unique<PointwiseDecoder>(settings);
}

std::unique_ptr<ChunkEncoder> make_pointwise_encoder(const LazSettings& settings) {
  return std::make_unique<PointwiseEncoder>(settings);
}

std::unique_ptr<ChunkDecoder> make_decoder(const LazSettings& settings) {
  return settings.is_layered() ? make_layered_decoder(settings) : make_pointwise_decoder(settings);
}

std::unique_ptr<ChunkEncoder> make_encoder(const LazSettings& settings) {
  return settings.is_layered() ? make_layered_encoder(settings) : make_pointwise_encoder(settings);
}

}  // namespace ptattn::io::las::laz
