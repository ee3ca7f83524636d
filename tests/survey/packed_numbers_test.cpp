#include "ptattn/survey/packed_numbers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "ptattn/core/random.hpp"

namespace ptattn::test {
namespace {

using Numbers = std::vector<std::uint64_t>;

std::string packed(const Numbers& numbers) {
  std::string out;
  pack_numbers(numbers, out);
  return out;
}

Numbers unpacked(const std::string& bytes, std::size_t count) {
  Numbers numbers(count);
  EXPECT_EQ(unpack_numbers(std::as_bytes(std::span(bytes)), numbers), bytes.size());
  return numbers;
}

TEST(PackedNumbers, take_the_bits_of_their_range) {
  // 1000, 1003, 1007: differences of 3 bits, three of them in one word.
  EXPECT_EQ(packed({1000, 1003, 1007}).size(), 10U + 8U);
  // All the same: no bits.
  EXPECT_EQ(packed(Numbers(500, 77)).size(), 10U);
  // Differences that are multiples of 256, 4 bits of them count: 64 numbers in 4 words.
  Numbers multiples;
  for (std::uint64_t i = 0; i < 64; ++i) multiples.push_back(5 + 256 * (i % 16));
  EXPECT_EQ(packed(multiples).size(), 10U + 4 * 8U);
  EXPECT_EQ(unpacked(packed(multiples), multiples.size()), multiples);
}

TEST(PackedNumbers, come_back_for_every_width_and_count) {
  Random random(3);
  for (unsigned bits = 0; bits <= 64; ++bits) {
    for (const std::size_t count : {0U, 1U, 2U, 63U, 64U, 65U, 300U}) {
      SCOPED_TRACE(testing::Message() << bits << " bits, " << count << " numbers");
      Numbers numbers;
      for (std::size_t i = 0; i < count; ++i) {
        const std::uint64_t high = random.below(std::uint64_t{1} << 32U);
        const std::uint64_t any = high << 32U | random.below(std::uint64_t{1} << 32U);
        numbers.push_back((bits == 0 ? 0 : any >> (64 - bits)) + (bits < 63 ? 12345 : 0));
      }
      const std::string bytes = packed(numbers);
      EXPECT_LE(bytes.size(), most_packed_bytes(count, bits));
      EXPECT_EQ(unpacked(bytes, count), numbers);
    }
  }
}

TEST(PackedNumbers, extremes_stand_side_by_side) {
  const Numbers numbers{0, std::numeric_limits<std::uint64_t>::max(), 1, std::uint64_t{1} << 63U};
  EXPECT_EQ(unpacked(packed(numbers), numbers.size()), numbers);
}

TEST(PackedNumbers, what_is_cut_short_or_none_is_refused) {
  const std::string bytes = packed({1, 2, 3, 400});
  Numbers numbers(4);
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_EQ(unpack_numbers(std::as_bytes(std::span(bytes).first(size)), numbers), 0U) << size;
  }
  for (const auto& [shift, bits] : {std::pair{64, 0}, {0, 65}, {60, 5}, {255, 255}}) {
    std::string wrong = bytes;
    wrong[8] = static_cast<char>(shift);
    wrong[9] = static_cast<char>(bits);
    EXPECT_EQ(unpack_numbers(std::as_bytes(std::span(wrong)), numbers), 0U) << shift << bits;
  }
}

}  // namespace
}  // namespace ptattn::test
