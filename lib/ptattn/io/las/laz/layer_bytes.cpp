#include "ptattn/io/las/laz/layer_bytes.hpp"

#include <array>

namespace ptattn::io::las::laz {
namespace {

constexpr std::byte kChannelBits{0x30};

void add_point_layers(std::vector<LayerBytes>& layers) {
  constexpr auto kPoint = ItemKind::kPoint14;
  layers.push_back({kPoint, 0, 8});                   // x and y
  layers.push_back({kPoint, 8, 12});                  // z
  layers.push_back({kPoint, 16, 17});                 // classification
  layers.push_back({kPoint, 15, 16, ~kChannelBits});  // flags
  layers.push_back({kPoint, 12, 14});                 // intensity
  layers.push_back({kPoint, 18, 20});                 // scan angle
  layers.push_back({kPoint, 17, 18});                 // user data
  layers.push_back({kPoint, 20, 22});                 // source
  layers.push_back({kPoint, 22, 30});                 // time
}

}  // namespace

std::vector<LayerBytes> layers_of(const LazSettings& settings) {
  std::vector<LayerBytes> layers;
  std::size_t at = 0;
  for (const Item& item : settings.items) {
    switch (item.kind) {
      case ItemKind::kPoint14:
        add_point_layers(layers);
        break;
      case ItemKind::kBytes14:
        for (std::size_t b = at; b < at + item.size; ++b) layers.push_back({item.kind, b, b + 1});
        break;
      case ItemKind::kColorInfrared14:
        layers.push_back({ItemKind::kColor14, at, at + 6});
        layers.push_back({item.kind, at + 6, at + 8});
        break;
      default:
        layers.push_back({item.kind, at, at + item.size});
        break;
    }
    at += item.size;
  }
  return layers;
}

std::span<const std::byte> bits_of_measurement() {
  static constexpr std::array kBits = [] {
    std::array<std::byte, 30> bits{};
    bits.fill(std::byte{0xff});
    bits[15] = kChannelBits;
    bits[16] = bits[17] = std::byte{0};  // classification, user data
    return bits;
  }();
  return kBits;
}

}  // namespace ptattn::io::las::laz
