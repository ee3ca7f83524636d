#include "ptattn/survey/packed_numbers.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace ptattn {
namespace {

constexpr std::size_t kHeader = 10;
constexpr unsigned kWordBits = 64;

std::size_t words_of(std::size_t numbers, unsigned bits) {
  return (numbers * bits + kWordBits - 1) / kWordBits;
}

}  // namespace

void pack_numbers(std::span<const std::uint64_t> numbers, std::string& out) {
  const std::uint64_t least = numbers.empty() ? 0 : std::ranges::min(numbers);
  std::uint64_t used = 0;
  for (const std::uint64_t number : numbers) used |= number - least;
  const auto shift = static_cast<unsigned>(used == 0 ? 0 : std::countr_zero(used));
  const auto bits = static_cast<unsigned>(std::bit_width(used >> shift));
  const std::size_t begin = out.size();
  out.resize(begin + kHeader + words_of(numbers.size(), bits) * sizeof(std::uint64_t));
  char* to = out.data() + begin;
  std::memcpy(to, &least, sizeof least);
  to[8] = static_cast<char>(shift);
  to[9] = static_cast<char>(bits);
  to += kHeader;
  if (bits == 0) return;
  std::uint64_t word = 0;
  unsigned filled = 0;
  for (const std::uint64_t number : numbers) {
    const std::uint64_t difference = (number - least) >> shift;
    word |= difference << filled;
    filled += bits;
    if (filled < kWordBits) continue;
    std::memcpy(to, &word, sizeof word);
    to += sizeof word;
    filled -= kWordBits;
    word = filled == 0 ? 0 : difference >> (bits - filled);
  }
  if (filled > 0) std::memcpy(to, &word, sizeof word);
}

std::size_t unpack_numbers(std::span<const std::byte> bytes, std::span<std::uint64_t> numbers) {
  if (bytes.size() < kHeader) return 0;
  std::uint64_t least = 0;
  std::memcpy(&least, bytes.data(), sizeof least);
  const auto shift = static_cast<unsigned>(bytes[8]);
  const auto bits = static_cast<unsigned>(bytes[9]);
  if (shift >= kWordBits || bits > kWordBits - shift) return 0;
  const std::size_t size = kHeader + words_of(numbers.size(), bits) * sizeof(std::uint64_t);
  if (bytes.size() < size) return 0;
  if (bits == 0) {
    std::ranges::fill(numbers, least);
    return size;
  }
  const std::byte* from = bytes.data() + kHeader;
  const std::uint64_t mask = ~std::uint64_t{0} >> (kWordBits - bits);
  std::uint64_t word = 0;
  unsigned left = 0;  // bits of the word that have not been taken
  for (std::uint64_t& number : numbers) {
    std::uint64_t difference = left == 0 ? 0 : word >> (kWordBits - left);
    if (left < bits) {
      std::memcpy(&word, from, sizeof word);
      from += sizeof word;
      difference |= word << left;
      left += kWordBits;
    }
    left -= bits;
    number = ((difference & mask) << shift) + least;
  }
  return size;
}

}  // namespace ptattn
