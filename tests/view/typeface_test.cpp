// Letters of the system's font.

#include "ptattn/view/typeface.hpp"

#include <gmock/gmock.h>

#include "../io/temp_folder.hpp"

#include <cstdlib>
#include <fstream>
#include <numeric>
#include <string>

namespace ptattn::test {
namespace {

using namespace view;

std::size_t ink(const Mask& mask) {
  return static_cast<std::size_t>(
      std::accumulate(mask.cover.begin(), mask.cover.end(), std::size_t{0}));
}

TEST(typeface, text_grows_with_its_size_and_its_length) {
  const auto typeface = Typeface::find();
  ASSERT_NE(typeface, nullptr);
  const Mask small = typeface->set("ground", 10);
  const Mask large = typeface->set("ground", 40);
  EXPECT_NEAR(static_cast<double>(large.width), 4.0 * static_cast<double>(small.width), 12.0);
  EXPECT_NEAR(static_cast<double>(large.height), 4.0 * static_cast<double>(small.height), 4.0);
  EXPECT_GT(typeface->set("grounds", 40).width, large.width);
  EXPECT_GT(ink(large), 10 * ink(small));
}

TEST(typeface, all_lines_of_one_size_are_equally_high) {
  const auto typeface = Typeface::find();
  ASSERT_NE(typeface, nullptr);
  const Mask low = typeface->set("...", 20);
  const Mask high = typeface->set("ÅgÎy", 20);
  EXPECT_EQ(low.height, high.height);
  EXPECT_EQ(typeface->set("", 20).height, high.height);
  EXPECT_EQ(typeface->set("", 20).width, 0U);
  // A full stop stands on the line, in the lower half.
  const std::size_t half = low.width * (low.height / 2);
  EXPECT_EQ(
      std::accumulate(low.cover.begin(), low.cover.begin() + static_cast<std::ptrdiff_t>(half), 0),
      0);
  EXPECT_GT(ink(low), 0U);
}

TEST(typeface, signs_beyond_ascii_are_single_characters) {
  const auto typeface = Typeface::find();
  ASSERT_NE(typeface, nullptr);
  EXPECT_NE(typeface->set("≥", 20).cover, typeface->set("≤", 20).cover);
  EXPECT_LT(typeface->set("≥", 20).width, typeface->set(">=", 20).width);
}

TEST(typeface, broken_utf8_is_drawn_as_such) {
  const auto typeface = Typeface::find();
  ASSERT_NE(typeface, nullptr);
  const Mask wrong = typeface->set("\xef\xbf\xbd", 20);  // U+FFFD
  for (const char* const text : {"\x80", "\xff", "\xe2\x89", "\xc3"}) {
    EXPECT_GE(typeface->set(text, 20).width, wrong.width) << text;
  }
  EXPECT_EQ(typeface->set("\xc3", 20).cover, wrong.cover);
  EXPECT_EQ(typeface->set("\xff", 20).cover, wrong.cover);
}

TEST(typeface, without_fonts_there_is_none) {
  const TempFolder folder;
  const std::string settings = folder / "none.conf";
  std::ofstream(settings) << "<fontconfig></fontconfig>\n";
  ::setenv("FONTCONFIG_FILE", settings.c_str(), 1);
  EXPECT_EQ(Typeface::find(), nullptr);
  ::unsetenv("FONTCONFIG_FILE");
  EXPECT_NE(Typeface::find(), nullptr);
}

}  // namespace
}  // namespace ptattn::test
