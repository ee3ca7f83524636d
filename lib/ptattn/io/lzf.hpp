#pragma once

#include <cstddef>
#include <span>

namespace ptattn::io {

// LZF (Lehmann 2000), the codec of PCD's binary_compressed. A control byte c starts each piece:
//
//   c < 32    c + 1 literal bytes follow
//   else      copy n + 2 bytes from d + 1 bytes back, n = c >> 5 (n = 7: plus the next byte),
//             d = (c & 31) << 8 | the byte after that
//
// Unlike liblzf as Debian builds it, which leaves its table uninitialised, the same input gives the
// same bytes here.

/// A byte of compressed data makes at most this many: a piece of three makes 264.
inline constexpr std::size_t kMostLzfExpansion = 88;
/// Returns the room that any `size` bytes fit into when compressed.
[[nodiscard]] constexpr std::size_t lzf_bound(std::size_t size) {
  return size + size / 32 + 1;
}

/// Compresses fewer than 2^32 bytes into `out`, of lzf_bound(in.size()) bytes at least.
/// @return bytes used of `out`
/// Time O(n), serial; deterministic.
[[nodiscard]] std::size_t lzf_compress(std::span<const std::byte> in, std::span<std::byte> out);

/// Returns false when `in` is corrupt or does not decompress to exactly out.size() bytes. Never
/// reads or writes outside the two.
[[nodiscard]] bool lzf_decompress(std::span<const std::byte> in, std::span<std::byte> out);

}  // namespace ptattn::io
