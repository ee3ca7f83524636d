#include <algorithm>
#include <array>
#include <cstring>
#include <memory>
#include <optional>
#include <vector>

#include "ptattn/io/las/laz/arithmetic_decoder.hpp"
#include "ptattn/io/las/laz/arithmetic_encoder.hpp"
#include "ptattn/io/las/laz/chunk_codec.hpp"
#include "ptattn/io/las/laz/fast_bits.hpp"
#include "ptattn/io/las/laz/layered_items.hpp"
#include "ptattn/io/las/laz/point14_codec.hpp"
#include "ptattn/io/las/little_endian.hpp"

namespace ptattn::io::las::laz {
namespace {

/// Codes the records of formats 6 to 10. A chunk is its first record, the number of its points, the
/// sizes of all layers, and the layers.
template <class Coder>
class LayeredRecords {
 public:
  using ColorValue = typename ColorLayers<Coder>::Value;

  explicit LayeredRecords(const LazSettings& settings) {
    for (const Item& item : settings.items) {
      add(item, item.version < 4);
      stride_ += item.size;
    }
  }

  [[nodiscard]] std::size_t stride() const { return stride_; }

  void start(const std::byte* first) {
    const Point14 point = Point14::load_from(first);
    point_->start(point);
    const unsigned channel = point.channel();
    if (color_) color_->start(channel, load_color(first + color_offset_));
    if (packet_) packet_->start(channel, Packet::load_from(first + packet_offset_));
    if (bytes_) bytes_->start(channel, first + bytes_offset_);
  }

  /// Codes a record, which is read or filled.
  void code(std::byte* record) {
    Point14 point;
    if constexpr (Coder::kEncodes) point = Point14::load_from(record);
    point_->code(point);
    if constexpr (!Coder::kEncodes) point.store_to(record);
    const unsigned channel = channel_of_items(point);
    if (color_) code_color(channel, record + color_offset_);
    if (packet_) code_packet(channel, record + packet_offset_);
    if (bytes_ && !bytes_apart_) bytes_->code(channel, record + bytes_offset_);
  }

  /// Encodes a record's active layers where that of x and y, which tells all others what changes,
  /// is not among them.
  void code_beside_known(std::byte* record) {
    const Point14 point = Point14::load_from(record);
    point_->code_beside_known(point);
    const unsigned channel = channel_of_items(point);
    if (color_ && (color_->color_active || color_->infrared_active)) {
      code_color(channel, record + color_offset_);
    }
    if (packet_ && packet_->active) code_packet(channel, record + packet_offset_);
    if (bytes_ && !bytes_apart_) bytes_->code(channel, record + bytes_offset_);
  }

  /// Encodes the extra bytes of all records where these are left out by the functions above.
  void encode_bytes_apart(std::span<const std::byte> records) {
    if (!bytes_ || !bytes_apart_ || records.empty()) return;
    bytes_->encode_each(0, records.data() + bytes_offset_, stride_, records.size() / stride_);
  }

  /// Calls `visit(coder, active)` for every layer in the order of the file.
  template <class Visit>
  void for_each_layer(const Visit& visit) {
    for (std::size_t l = 0; l < kPoint14Layers; ++l) visit(point_->coders[l], point_->active[l]);
    for (const ItemKind kind : order_) {
      if (kind == ItemKind::kPacket14) {
        visit(packet_->coder, packet_->active);
      } else if (kind == ItemKind::kBytes14) {
        for (std::size_t i = 0; i < bytes_->coders.size(); ++i) {
          visit(bytes_->coders[i], bytes_->active[i]);
        }
      } else {
        visit(color_->color_coder, color_->color_active);
        if (has_infrared_) visit(color_->infrared_coder, color_->infrared_active);
      }
    }
  }

  [[nodiscard]] std::size_t layers() const {
    return kPoint14Layers + (color_ ? 1U : 0U) + (has_infrared_ ? 1U : 0U) + (packet_ ? 1U : 0U) +
           (bytes_ ? bytes_->coders.size() : 0U);
  }

  /// Finds out which layers change within a chunk, and whether all of it is of channel 0.
  void find_changes(std::span<const std::byte> records) {
    const std::vector<std::byte> changes = changing_bits(records);
    const auto any = [&](std::size_t begin, std::size_t end) {
      return std::any_of(changes.begin() + static_cast<std::ptrdiff_t>(begin),
                         changes.begin() + static_cast<std::ptrdiff_t>(end),
                         [](std::byte b) { return b != std::byte{0}; });
    };
    auto& active = point_->active;
    active[kReturnsXY] = active[kZ] = true;
    constexpr std::byte kChannelBits{0x30};
    active[kFlags] = (changes[15] & ~kChannelBits) != std::byte{0};
    bytes_apart_ = ((changes[15] | records[15]) & kChannelBits) == std::byte{0};
    active[kIntensity] = any(12, 14);
    active[kClassification] = any(16, 17);
    active[kUserData] = any(17, 18);
    active[kScanAngle] = any(18, 20);
    active[kSource] = any(20, 22);
    active[kTime] = any(22, 30);
    if (color_) color_->color_active = any(color_offset_, color_offset_ + 6);
    if (has_infrared_) color_->infrared_active = any(color_offset_ + 6, color_offset_ + 8);
    if (packet_) packet_->active = any(packet_offset_, packet_offset_ + Packet::kSize);
    for (std::size_t i = 0; bytes_ && i < bytes_->active.size(); ++i) {
      bytes_->active[i] = any(bytes_offset_ + i, bytes_offset_ + i + 1) ? 1 : 0;
    }
  }

 private:
  /// Returns the bits of a record that differ from the first one's somewhere.
  [[nodiscard]] std::vector<std::byte> changing_bits(std::span<const std::byte> records) const {
    constexpr std::size_t kWord = sizeof(std::uint64_t);  // records are longer
    constexpr std::size_t kRecordsAtOnce = 512;           // which stay in the nearest cache
    std::vector<std::byte> changes(stride_);
    const std::size_t most = kRecordsAtOnce * stride_;
    for (std::size_t begin = 0; begin < records.size(); begin += most) {
      const std::size_t end = std::min(records.size(), begin + most);
      for (std::size_t w = 0; w < stride_; w += kWord) {
        const std::size_t b = std::min(w, stride_ - kWord);
        const auto first = load<std::uint64_t>(records.data() + b);
        auto changed = load<std::uint64_t>(changes.data() + b);
        for (std::size_t at = begin; at < end; at += stride_) {
          changed |= load<std::uint64_t>(records.data() + at + b) ^ first;
        }
        store<std::uint64_t>(changes.data() + b, changed);
      }
    }
    return changes;
  }

  /// The channel whose models the other items use. In version 3 that is the scanner channel of the
  /// point where it has just changed, and channel 0 otherwise.
  [[nodiscard]] unsigned channel_of_items(const Point14& point) const {
    return version_ >= 4 || point_->channel_changed ? point.channel() : 0;
  }

  void add(const Item& item, bool keeps_old) {
    if (item.kind != ItemKind::kPoint14) order_.push_back(item.kind);
    switch (item.kind) {
      case ItemKind::kColor14:
      case ItemKind::kColorInfrared14:
        color_ = std::make_unique<ColorLayers<Coder>>(keeps_old);
        color_offset_ = stride_;
        has_infrared_ = item.kind == ItemKind::kColorInfrared14;
        break;
      case ItemKind::kPacket14:
        packet_ = std::make_unique<PacketLayer<Coder>>(keeps_old);
        packet_offset_ = stride_;
        break;
      case ItemKind::kBytes14:
        bytes_.emplace(item.size, keeps_old);
        bytes_offset_ = stride_;
        break;
      default:
        point_ = std::make_unique<Point14Codec<Coder>>();
        version_ = item.version;
        break;
    }
  }

  [[nodiscard]] ColorValue load_color(const std::byte* from) const {
    ColorValue value;
    for (std::size_t c = 0; c < 3; ++c) value.color[c] = load<std::uint16_t>(from + 2 * c);
    if (has_infrared_) value.infrared = load<std::uint16_t>(from + 6);
    return value;
  }

  void code_packet(unsigned channel, std::byte* at) {
    Packet packet;
    if constexpr (Coder::kEncodes) packet = Packet::load_from(at);
    packet_->code(channel, packet);
    packet.store_to(at);
  }

  void code_color(unsigned channel, std::byte* at) {
    ColorValue value;
    if constexpr (Coder::kEncodes) value = load_color(at);
    color_->code(channel, value);
    for (std::size_t c = 0; c < 3; ++c) store<std::uint16_t>(at + 2 * c, value.color[c]);
    if (has_infrared_) store<std::uint16_t>(at + 6, value.infrared);
  }

  std::size_t stride_ = 0;
  unsigned version_ = 3;
  std::vector<ItemKind> order_;
  std::unique_ptr<Point14Codec<Coder>> point_;
  std::unique_ptr<ColorLayers<Coder>> color_;
  std::unique_ptr<PacketLayer<Coder>> packet_;
  std::optional<ByteLayers<Coder>> bytes_;
  bool has_infrared_ = false;
  bool bytes_apart_ = false;  // extra bytes are encoded layer by layer
  std::size_t color_offset_ = 0;
  std::size_t packet_offset_ = 0;
  std::size_t bytes_offset_ = 0;
};

constexpr std::size_t kCountSize = 4;  // of the number of points, and of a layer's size

class LayeredDecoder final : public ChunkDecoder {
 public:
  explicit LayeredDecoder(const LazSettings& settings) : records_(settings) {}

  void start(std::span<const std::byte> bytes) override {
    bytes_ = bytes;
    at_first_ = true;
    used_ = 0;
  }

  std::size_t decode(std::span<std::byte> records) override {
    return has_fast_bits_ ? decode_with_fast_bits(records) : decode_records(records);
  }

  std::size_t used_bytes() const override { return used_; }

 private:
  [[gnu::flatten]] PTATTN_LAZ_FAST_BITS std::size_t decode_with_fast_bits(
      std::span<std::byte> records) {
    return decode_records(records);
  }

  std::size_t decode_records(std::span<std::byte> records) {
    const std::size_t stride = records_.stride();
    std::size_t done = 0;
    for (std::size_t at = 0; at < records.size(); at += stride, ++done) {
      if (at_first_) {
        if (bytes_.size() < stride) return done;
        std::memcpy(records.data() + at, bytes_.data(), stride);
        start_layers();
        at_first_ = false;
        continue;
      }
      if (is_exhausted_) return done;
      records_.code(records.data() + at);
      if (is_exhausted()) return done;
    }
    return done;
  }

  void start_layers() {
    const std::size_t front = records_.stride() + kCountSize * (1 + records_.layers());
    is_exhausted_ = bytes_.size() < front;
    if (is_exhausted_) return;
    const std::byte* size_at = bytes_.data() + records_.stride() + kCountSize;
    std::size_t at = front;
    coders_.clear();
    records_.for_each_layer([&](ArithmeticDecoder& decoder, auto& active) {
      const auto size = load<std::uint32_t>(size_at);
      const std::size_t there = std::min<std::size_t>(size, bytes_.size() - at);
      active = size != 0;
      if (size != 0) {
        decoder.start(bytes_.subspan(at, there));
        coders_.push_back(&decoder);
      }
      at += there;
      size_at += kCountSize;
    });
    used_ = at;
    // Without its first layer a chunk has no further point.
    is_exhausted_ = load<std::uint32_t>(bytes_.data() + records_.stride() + kCountSize) == 0;
    records_.start(bytes_.data());
  }

  [[nodiscard]] bool is_exhausted() const {
    bool any = false;
    for (const ArithmeticDecoder* const decoder : coders_) any |= decoder->is_exhausted();
    return any;
  }

  LayeredRecords<ArithmeticDecoder> records_;
  std::span<const std::byte> bytes_;
  std::vector<const ArithmeticDecoder*> coders_;  // of the layers that hold bytes
  std::size_t used_ = 0;
  bool has_fast_bits_ = has_fast_bits();
  bool at_first_ = true;
  bool is_exhausted_ = false;
};

class LayeredEncoder final : public ChunkEncoder {
 public:
  explicit LayeredEncoder(const LazSettings& settings) : records_(settings) {}

  void encode(std::span<const std::byte> records, std::span<const KnownLayer> known,
              std::string& out) override {
    const std::size_t stride = records_.stride();
    record_.resize(stride);
    out.append(reinterpret_cast<const char*>(records.data()), stride);
    append_count(out, records.size() / stride);
    records_.find_changes(records);
    std::vector<std::span<const std::byte>> layers;  // those that are known at first
    records_.for_each_layer([&](ArithmeticEncoder& encoder, auto& active) {
      const KnownLayer layer = known.empty() ? KnownLayer{} : known[layers.size()];
      layers.push_back(layer.bytes);
      active = active && !layer.is_known;
      encoder.start();
    });
    records_.start(records.data());
    if (known.empty()) {
      encode_more(records.subspan(stride));
    } else {
      encode_beside_known(records.subspan(stride));
    }
    records_.encode_bytes_apart(records.subspan(stride));
    std::size_t l = 0;
    records_.for_each_layer([&](ArithmeticEncoder& encoder, auto& active) {
      if (active) layers[l] = encoder.finish();
      append_count(out, layers[l++].size());
    });
    for (const auto& layer : layers) {
      out.append(reinterpret_cast<const char*>(layer.data()), layer.size());
    }
  }

 private:
  /// Without calls a tenth faster than with.
  [[gnu::flatten]] void encode_more(std::span<const std::byte> records) {
    const std::size_t stride = records_.stride();
    for (std::size_t at = 0; at < records.size(); at += stride) {
      std::memcpy(record_.data(), records.data() + at, stride);
      records_.code(record_.data());
    }
  }

  [[gnu::flatten]] void encode_beside_known(std::span<const std::byte> records) {
    const std::size_t stride = records_.stride();
    for (std::size_t at = 0; at < records.size(); at += stride) {
      std::memcpy(record_.data(), records.data() + at, stride);
      records_.code_beside_known(record_.data());
    }
  }

  static void append_count(std::string& out, std::size_t count) {
    std::array<std::byte, kCountSize> bytes{};
    store<std::uint32_t>(bytes.data(), static_cast<std::uint32_t>(count));
    out.append(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  }

  LayeredRecords<ArithmeticEncoder> records_;
  std::vector<std::byte> record_;
};

}  // namespace

std::unique_ptr<ChunkDecoder> make_layered_decoder(const LazSettings& settings) {
  return std::make_unique<LayeredDecoder>(settings);
}

std::unique_ptr<ChunkEncoder> make_layered_encoder(const LazSettings& settings) {
  return std::make_unique<LayeredEncoder>(settings);
}

}  // namespace ptattn::io::las::laz
