#include "ptattn/io/las/laz/reused_layers.hpp"

#include <algorithm>
#include <cstdint>
#include <span>

#include "ptattn/io/las/laz/layer_bytes.hpp"
#include "ptattn/io/las/little_endian.hpp"

namespace ptattn::io::las::laz {
namespace {

constexpr std::size_t kCountSize = 4;

/// The layers of a chunk: behind its first record the number of points, the sizes, the bytes.
/// Empty for sizes that the chunk does not have.
std::vector<std::span<const std::byte>> split(std::span<const std::byte> chunk, std::size_t stride,
                                              std::size_t layers) {
  const std::size_t sizes = stride + kCountSize;
  std::vector<std::span<const std::byte>> all;
  if (chunk.size() < sizes + layers * kCountSize) return all;
  auto rest = chunk.subspan(sizes + layers * kCountSize);
  for (std::size_t l = 0; l < layers; ++l) {
    const auto size = load<std::uint32_t>(chunk.data() + sizes + l * kCountSize);
    if (size > rest.size()) return {};
    all.push_back(rest.first(size));
    rest = rest.subspan(size);
  }
  return all;
}

}  // namespace

std::vector<KnownLayer> ReusedLayers::of_chunk(std::size_t first, std::size_t points) const {
  if (from == nullptr) return {};
  const auto chunk =
      std::ranges::lower_bound(from->chunks, first, {}, &CompressedPoints::Chunk::first);
  if (chunk == from->chunks.end() || chunk->first != first || chunk->points != points) return {};
  const auto layers =
      split(from->bytes_of(*chunk), from->settings.stride(), layers_of(from->settings).size());
  std::vector<KnownLayer> known;
  if (layers.empty()) return known;
  for (const std::size_t l : source) {
    known.push_back(l == kCoded ? KnownLayer{} : KnownLayer{true, layers[l]});
  }
  return known;
}

}  // namespace ptattn::io::las::laz
