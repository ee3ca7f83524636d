#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "ptattn/io/byte_source.hpp"

namespace ptattn::io::las {

/// Represents the numbers of a public header block that reading and writing depend on (LAS 1.4 R15,
/// table 3). Everything else stays in the bytes of the block.
struct LasHeader {
  unsigned minor_version = 4;
  std::uint16_t header_size = 0;
  std::uint32_t points_start = 0;  ///< offset of the first point in the file
  std::uint32_t records = 0;       ///< VLRs
  std::uint8_t format = 0;         ///< point data record format, 0 to 10
  bool compressed = false;         ///< a LAZ file: bit 7 of the format
  std::uint16_t record_length = 0;
  std::uint64_t points = 0;
  std::array<std::uint64_t, 15> points_by_return{};
  std::array<double, 3> scale{};
  std::array<double, 3> offset{};
  std::array<double, 3> max{};
  std::array<double, 3> min{};
  std::uint64_t waveform_start = 0;  ///< from LAS 1.3 on
  std::uint64_t extended_start = 0;  ///< first EVLR, from LAS 1.4 on
  std::uint32_t extended_records = 0;
};

inline constexpr std::size_t kHeaderSizeUpTo12 = 227;
inline constexpr std::size_t kHeaderSize13 = 235;
inline constexpr std::size_t kHeaderSize14 = 375;

/// Returns true when the file begins like a LAS or LAZ file.
[[nodiscard]] bool is_las(const ByteSource& source);

/// Reads the header block; the whole of it is left in `block`.
///
/// The number of points is the 64-bit one where there is one; where both numbers are given and
/// differ, it is the one that fits the size of the file. A size of the header that does not fit the
/// records behind it gives way to that of its version; the block keeps what it claims.
/// @throws Error(Fault::kInput) for what no LAS file has: unknown versions and formats, records
///         shorter than their format, offsets beyond the end, scales that are no numbers
[[nodiscard]] LasHeader read_las_header(const ByteSource& source, std::vector<std::byte>& block);

/// Returns the numbers of a block that was read before; the counts are the legacy ones or the
/// 64-bit ones.
[[nodiscard]] LasHeader parse_las_header(std::span<const std::byte> block);

/// Returns the size that the header claims to have.
[[nodiscard]] unsigned claimed_header_size(std::span<const std::byte> block);

/// Writes the numbers of `header` into `block`, whose other bytes stay as they are. Counts that do
/// not fit into 32 bits, and those of formats from 6 on, leave the legacy fields zero, as the
/// standard wants; where the block had the right number of points there, it stays.
void store_las_header(const LasHeader& header, std::span<std::byte> block);

/// Lengthens a header block to that of LAS 1.4; bytes behind the standard fields stay behind them.
void upgrade_header_to_14(std::vector<std::byte>& block);

}  // namespace ptattn::io::las
