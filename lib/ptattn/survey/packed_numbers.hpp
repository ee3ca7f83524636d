#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>

namespace ptattn {

/// Appends numbers in as many bits as their range takes: the least of them, the zero bits that all
/// differences from it end with, the bits of the largest difference without these, and then the
/// differences (frame of reference, Goldstein et al. 1998).
/// Time O(n); 10 bytes and the bits of all differences, in words of 8 bytes.
void pack_numbers(std::span<const std::uint64_t> numbers, std::string& out);

/// Reads as many numbers as `numbers` holds from the front of `bytes`.
/// @return  the bytes that they take; 0 when there are too few, or these are no packed numbers
[[nodiscard]] std::size_t unpack_numbers(std::span<const std::byte> bytes,
                                         std::span<std::uint64_t> numbers);

/// Returns the most bytes that pack_numbers appends for a number of numbers of at most `bits` bits.
[[nodiscard]] constexpr std::size_t most_packed_bytes(std::size_t numbers, std::size_t bits) {
  return 10 + (numbers * bits + 63) / 64 * 8;
}

}  // namespace ptattn
