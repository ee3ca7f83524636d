#include "ptattn/io/ascii_numbers.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstring>
#include <limits>

#include "ptattn/core/error.hpp"

namespace ptattn::test {
namespace {

using namespace io;

template <class T>
NumberFault parse(std::string_view word, T& value) {
  return parse_number(word, field_type_of<T>(), reinterpret_cast<std::byte*>(&value));
}

template <class T>
std::string text_of(T value) {
  std::string text;
  append_number(text, field_type_of<T>(), reinterpret_cast<const std::byte*>(&value));
  return text;
}

template <class T>
void expect_value(std::string_view word, T expected) {
  T value{};
  ASSERT_EQ(parse(word, value), NumberFault::kNone) << word;
  EXPECT_EQ(value, expected) << word;
}

template <class T>
void expect_fault(std::string_view word, NumberFault fault) {
  T value{};
  EXPECT_EQ(parse(word, value), fault) << word;
}

TEST(ascii_numbers, integers_take_their_whole_range_and_no_more) {
  expect_value<std::int8_t>("-128", -128);
  expect_value<std::uint8_t>("255", 255);
  expect_value<std::uint8_t>("+7", 7);
  expect_value<std::int64_t>("-9223372036854775808", INT64_MIN);
  expect_value<std::uint64_t>("18446744073709551615", UINT64_MAX);
  expect_fault<std::int8_t>("128", NumberFault::kOutOfRange);
  expect_fault<std::uint8_t>("256", NumberFault::kOutOfRange);
  expect_fault<std::uint64_t>("18446744073709551616", NumberFault::kOutOfRange);
  expect_fault<std::uint8_t>("-1", NumberFault::kNotANumber);
  expect_fault<std::uint8_t>("256.0", NumberFault::kOutOfRange);
  expect_fault<std::int32_t>("1e10", NumberFault::kOutOfRange);
}

TEST(ascii_numbers, integers_take_no_other_text) {
  for (const char* word : {"1.5", "1e-3", "nan", "0x10", "", "+", "-", "+-1", "1,5", "12abc"}) {
    expect_fault<std::int32_t>(word, NumberFault::kNotANumber);
  }
}

TEST(ascii_numbers, integers_take_real_numbers_that_are_whole_and_words_for_bits) {
  expect_value<std::int32_t>("10.000", 10);
  expect_value<std::int32_t>("-7.0", -7);
  expect_value<std::uint8_t>("255.00", 255);
  expect_value<std::int32_t>("1e3", 1000);
  expect_value<std::int64_t>("1600000000000000001.000", 1600000000000000001);
  expect_value<std::uint64_t>("18446744073709551615.0", UINT64_MAX);
  expect_value<std::uint8_t>("true", 1);
  expect_value<std::uint8_t>("False", 0);
}

TEST(ascii_numbers, nan_and_infinity_as_windows_programs_write_them) {
  for (const char* word : {"1.#QNAN", "-1.#QNAN0", "1.#SNAN", "-1.#IND", "1.#IND00", "nan(ind)",
                           "-nan(ind)", "nan(snan)", "1.#QO", "-1.#J", "NAN(123)"}) {
    float value = 0;
    EXPECT_EQ(parse(word, value), NumberFault::kNone) << word;
    EXPECT_TRUE(std::isnan(value)) << word;
  }
  expect_value<float>("1.#INF", std::numeric_limits<float>::infinity());
  expect_value<double>("-1.#INF00", -std::numeric_limits<double>::infinity());
  expect_value<double>("+inf", std::numeric_limits<double>::infinity());
  expect_value<float>("INF", std::numeric_limits<float>::infinity());
  expect_fault<std::int32_t>("1.#QNAN", NumberFault::kNotANumber);
}

TEST(ascii_numbers, exponents_of_fortran_and_a_byte_order_mark) {
  expect_value<double>("1.5D+02", 150.0);
  expect_value<float>("2d0", 2.0F);
  expect_fault<double>("d0", NumberFault::kNotANumber);
  expect_value<float>(
      "\xef\xbb\xbf"
      "5.5",
      5.5F);
  expect_value<std::int32_t>(
      "\xef\xbb\xbf"
      "5",
      5);
}

TEST(ascii_numbers, floats) {
  expect_value<float>("0.1", 0.1F);
  expect_value<double>("0.1", 0.1);
  expect_value<float>("+1e3", 1000.0F);
  expect_value<float>("-.5", -0.5F);
  expect_value<float>("inf", std::numeric_limits<float>::infinity());
  expect_value<double>("-Infinity", -std::numeric_limits<double>::infinity());
  for (const char* word : {"nan", "NaN", "-nan"}) {
    float value = 0;
    EXPECT_EQ(parse(word, value), NumberFault::kNone);
    EXPECT_TRUE(std::isnan(value));
  }
  for (const char* word : {"", "x", "1.5x", "0x1p3", "1 2", "1,5", "--1"}) {
    expect_fault<double>(word, NumberFault::kNotANumber);
  }
}

TEST(ascii_numbers, too_small_becomes_zero_too_large_is_out_of_range) {
  expect_value<float>("1e-45", std::numeric_limits<float>::denorm_min());
  expect_value<float>("1e-60", 0.0F);
  expect_value<double>("1e-400", 0.0);
  expect_value<double>("-0." + std::string(400, '0') + "1", 0.0);
  EXPECT_TRUE(std::signbit([] {
    double v = 0;
    EXPECT_EQ(parse("-1e-400", v), NumberFault::kNone);
    return v;
  }()));
  expect_fault<float>("1e39", NumberFault::kOutOfRange);
  expect_fault<double>("-1e400", NumberFault::kOutOfRange);
  expect_fault<double>("1" + std::string(400, '0'), NumberFault::kOutOfRange);
}

TEST(ascii_numbers, writes_the_shortest_text_that_reads_back) {
  EXPECT_EQ(text_of(0.1F), "0.1");
  EXPECT_EQ(text_of(1.0 / 3), "0.3333333333333333");
  EXPECT_EQ(text_of(-0.0), "-0");
  EXPECT_EQ(text_of(std::numeric_limits<float>::quiet_NaN()), "nan");
  EXPECT_EQ(text_of(-std::numeric_limits<double>::quiet_NaN()), "nan");
  EXPECT_EQ(text_of(-std::numeric_limits<float>::infinity()), "-inf");
  EXPECT_EQ(text_of(std::int8_t{-7}), "-7");
  EXPECT_EQ(text_of(std::uint8_t{200}), "200");
}

TEST(text_values, words_know_their_line_across_windows) {
  std::string text;
  for (int i = 0; i < 50000; ++i) text += std::to_string(i) + (i % 10 == 9 ? "\r\n" : " \t");
  const ByteSource source(std::as_bytes(std::span(text)), "text");
  TextValues values(ByteStream(source), 1);
  for (int i = 0; i < 50000; ++i) {
    std::int32_t value = -1;
    ASSERT_TRUE(values.read(FieldType::kInt32, 1, reinterpret_cast<std::byte*>(&value)));
    ASSERT_EQ(value, i);
    ASSERT_EQ(values.line(), 1U + static_cast<unsigned>(i) / 10);
    ASSERT_EQ(values.at_line_end(), i % 10 == 9);
  }
  EXPECT_TRUE(values.next().empty());
  EXPECT_EQ(values.note_of_rest(), "");
}

TEST(text_values, errors_name_the_line) {
  const std::string text = "1\n2\n\nred";
  const ByteSource source(std::as_bytes(std::span(text)), "a.ply");
  TextValues values(ByteStream(source), 10);
  std::int32_t out[3];
  try {
    (void)values.read(FieldType::kInt32, 3, reinterpret_cast<std::byte*>(out));
    FAIL() << "no exception";
  } catch (const Error& e) {
    EXPECT_STREQ(e.what(), "a.ply: line 13: 'red' is not a valid int32");
  }
}

TEST(text_values, a_word_without_end_is_refused_early) {
  const std::string text(10'000'000, '7');
  const ByteSource source(std::as_bytes(std::span(text)), "a.ply");
  TextValues values(ByteStream(source), 1);
  EXPECT_THROW((void)values.next(), Error);
}

}  // namespace
}  // namespace ptattn::test
