#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "ptattn/io/las/laz/laz_record.hpp"

namespace ptattn::io::las::laz {

/// Decodes the chunks of a LAZ file, one after the other or any of them; many decoders may work
/// beside each other.
class ChunkDecoder {
 public:
  virtual ~ChunkDecoder() = default;

  /// Begins with a chunk.
  /// @param bytes   of the chunk, perhaps more, with ArithmeticDecoder::kReadAhead readable bytes
  ///                behind them; valid while the chunk is decoded
  virtual void start(std::span<const std::byte> bytes) = 0;

  /// Decodes the next records.
  /// @return  how many of them are whole: fewer where the bytes of the chunk end before, or are
  ///          none that an encoder makes
  [[nodiscard]] virtual std::size_t decode(std::span<std::byte> records) = 0;

  /// Returns how many bytes of the chunk have been used; all of them once all its points were
  /// decoded.
  [[nodiscard]] virtual std::size_t used_bytes() const = 0;
};

[[nodiscard]] std::unique_ptr<ChunkDecoder> make_decoder(const LazSettings& settings);
[[nodiscard]] std::unique_ptr<ChunkDecoder> make_pointwise_decoder(const LazSettings& settings);
[[nodiscard]] std::unique_ptr<ChunkDecoder> make_layered_decoder(const LazSettings& settings);

/// Represents a layer of a chunk whose bytes stand somewhere already.
struct KnownLayer {
  bool is_known = false;
  std::span<const std::byte> bytes{};
};

/// Encodes whole chunks.
class ChunkEncoder {
 public:
  virtual ~ChunkEncoder() = default;

  /// Appends the bytes of a chunk of `records` (at least one) to `out`.
  /// @param known  empty, or, where there are layers, one each in the order of the file: those that
  ///               need not be coded, among them all of bits_of_measurement()
  virtual void encode(std::span<const std::byte> records, std::span<const KnownLayer> known,
                      std::string& out) = 0;
};

[[nodiscard]] std::unique_ptr<ChunkEncoder> make_encoder(const LazSettings& settings);
[[nodiscard]] std::unique_ptr<ChunkEncoder> make_pointwise_encoder(const LazSettings& settings);
[[nodiscard]] std::unique_ptr<ChunkEncoder> make_layered_encoder(const LazSettings& settings);

}  // namespace ptattn::io::las::laz
