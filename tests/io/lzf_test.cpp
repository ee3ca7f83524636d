#include "ptattn/io/lzf.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ptattn/core/random.hpp"

namespace ptattn::test {
namespace {

using namespace io;

std::vector<std::byte> bytes_of(std::string_view text) {
  const auto bytes = std::as_bytes(std::span(text));
  return {bytes.begin(), bytes.end()};
}

std::vector<std::byte> compressed(std::span<const std::byte> in) {
  std::vector<std::byte> out(lzf_bound(in.size()));
  const std::size_t size = lzf_compress(in, out);
  EXPECT_LE(size, out.size());
  out.resize(size);
  return out;
}

void expect_round_trip(std::span<const std::byte> in) {
  const auto packed = compressed(in);
  std::vector<std::byte> back(in.size());
  ASSERT_TRUE(lzf_decompress(packed, back));
  EXPECT_TRUE(std::ranges::equal(back, in));
  EXPECT_LE(in.size(), packed.size() * kMostLzfExpansion);
  std::vector<std::byte> shorter(in.size() - 1), longer(in.size() + 1);
  EXPECT_FALSE(lzf_decompress(packed, shorter));
  EXPECT_FALSE(lzf_decompress(packed, longer));
}

TEST(lzf, hand_computed_pieces) {
  // Three literals, then seven bytes from three back (length - 2 = 5), then nine (7, plus 0).
  const std::vector<std::byte> packed =
      bytes_of(std::string_view("\x02"
                                "abc\xa0\x02\xe0\x00\x02",
                                9));
  std::string out(19, '?');
  ASSERT_TRUE(lzf_decompress(packed, std::as_writable_bytes(std::span(out))));
  EXPECT_EQ(out, "abcabcabcabcabcabca");
}

TEST(lzf, round_trips_over_sizes_and_kinds_of_content) {
  Random random(11);
  for (const std::size_t size : {1U, 2U, 3U, 4U, 31U, 32U, 33U, 264U, 265U, 9000U, 100000U}) {
    std::vector<std::byte> noise(size), zeros(size), mixed(size);
    for (std::byte& b : noise) b = static_cast<std::byte>(random.next());
    for (std::byte& b : mixed) b = static_cast<std::byte>(random.below(3));
    expect_round_trip(noise);
    expect_round_trip(zeros);
    expect_round_trip(mixed);
  }
}

TEST(lzf, compresses_and_is_deterministic) {
  const std::vector<std::byte> zeros(100000);
  EXPECT_LT(compressed(zeros).size(), 1300U);
  EXPECT_EQ(compressed(zeros), compressed(zeros));
  EXPECT_TRUE(compressed({}).empty());
}

TEST(lzf, corrupt_input_is_refused_without_leaving_the_buffers) {
  std::vector<std::byte> out(20);
  EXPECT_FALSE(lzf_decompress(bytes_of("\x05xy"), out));                         // literals missing
  EXPECT_FALSE(lzf_decompress(bytes_of("\xe0"), out));                           // length missing
  EXPECT_FALSE(lzf_decompress(bytes_of("\x20"), out));                           // distance missing
  EXPECT_FALSE(lzf_decompress(bytes_of(std::string_view("\x20\x00", 2)), out));  // before the start
  Random random(2);
  std::vector<std::byte> noise(64);
  for (int i = 0; i < 20000; ++i) {
    for (std::byte& b : noise) b = static_cast<std::byte>(random.next());
    std::vector<std::byte> exact(1 + random.below(300));  // sanitizers guard its ends
    (void)lzf_decompress(noise, exact);
  }
}

}  // namespace
}  // namespace ptattn::test
