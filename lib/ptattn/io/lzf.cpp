#include "ptattn/io/lzf.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <vector>

namespace ptattn::io {
namespace {

constexpr std::size_t kMostLiterals = 32;
constexpr std::size_t kMostDistance = 8192;
constexpr std::size_t kShortestMatch = 3;
constexpr std::size_t kLongestMatch = 264;
constexpr int kTableBits = 15;

const std::uint8_t* bytes_of(std::span<const std::byte> s) {
  return reinterpret_cast<const std::uint8_t*>(s.data());
}

std::uint32_t three_bytes(const std::uint8_t* p) {
  return static_cast<std::uint32_t>(p[0]) << 16 | static_cast<std::uint32_t>(p[1]) << 8 | p[2];
}

std::uint32_t table_slot(std::uint32_t three) {
  return three * 2654435761U >> (32 - kTableBits);  // Knuth's multiplicative hash
}

std::uint8_t* append_literals(std::uint8_t* out, const std::uint8_t* from, std::size_t count) {
  while (count > 0) {
    const std::size_t part = std::min(count, kMostLiterals);
    *out++ = static_cast<std::uint8_t>(part - 1);
    std::memcpy(out, from, part);
    out += part;
    from += part;
    count -= part;
  }
  return out;
}

std::uint8_t* append_match(std::uint8_t* out, std::size_t distance, std::size_t length) {
  const std::size_t d = distance - 1;
  const std::size_t n = length - 2;
  *out++ = static_cast<std::uint8_t>(std::min<std::size_t>(n, 7) << 5 | d >> 8);
  if (n >= 7) *out++ = static_cast<std::uint8_t>(n - 7);
  *out++ = static_cast<std::uint8_t>(d);
  return out;
}

}  // namespace

std::size_t lzf_compress(std::span<const std::byte> in, std::span<std::byte> out) {
  const std::uint8_t* const data = bytes_of(in);
  auto* const begin = reinterpret_cast<std::uint8_t*>(out.data());
  std::uint8_t* to = begin;
  std::vector<std::uint32_t> last_seen(std::size_t{1} << kTableBits, 0);  // position of three bytes
  std::size_t literals = 0;  // where the literals not written yet start
  std::size_t at = 0;
  while (at + kShortestMatch <= in.size()) {
    const std::uint32_t three = three_bytes(data + at);
    std::uint32_t& slot = last_seen[table_slot(three)];
    const std::size_t candidate = slot;
    slot = static_cast<std::uint32_t>(at);
    if (candidate >= at || at - candidate > kMostDistance ||
        three_bytes(data + candidate) != three) {
      ++at;
      continue;
    }
    const std::size_t most = std::min(in.size() - at, kLongestMatch);
    std::size_t length = kShortestMatch;
    while (length < most && data[candidate + length] == data[at + length]) ++length;
    to = append_literals(to, data + literals, at - literals);
    to = append_match(to, at - candidate, length);
    at += length;
    literals = at;
  }
  to = append_literals(to, data + literals, in.size() - literals);
  return static_cast<std::size_t>(to - begin);
}

bool lzf_decompress(std::span<const std::byte> in, std::span<std::byte> out) {
  const std::uint8_t* from = bytes_of(in);
  const std::uint8_t* const from_end = from + in.size();
  auto* const begin = reinterpret_cast<std::uint8_t*>(out.data());
  std::uint8_t* to = begin;
  const auto input_left = [&] { return static_cast<std::size_t>(from_end - from); };
  while (from < from_end) {
    const std::size_t control = *from++;
    const std::size_t room = out.size() - static_cast<std::size_t>(to - begin);
    if (control < kMostLiterals) {
      const std::size_t count = control + 1;
      if (count > input_left() || count > room) return false;
      std::memcpy(to, from, count);
      from += count;
      to += count;
      continue;
    }
    std::size_t length = (control >> 5) + 2;
    if (length == 9) {
      if (input_left() < 1) return false;
      length += *from++;
    }
    if (input_left() < 1) return false;
    const std::size_t distance = ((control & 31) << 8 | *from++) + 1;
    if (distance > static_cast<std::size_t>(to - begin) || length > room) return false;
    if (distance >= length) {
      std::memcpy(to, to - distance, length);
    } else {  // the copy reads what it has just written
      for (std::size_t i = 0; i < length; ++i) to[i] = (to - distance)[i];
    }
    to += length;
  }
  return static_cast<std::size_t>(to - begin) == out.size();
}

}  // namespace ptattn::io
