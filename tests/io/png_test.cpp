#include "ptattn/io/png.hpp"

#include <gmock/gmock.h>
#include <png.h>

#include "ptattn/core/error.hpp"
#include "ptattn/core/random.hpp"
#include "temp_folder.hpp"

namespace ptattn::test {
namespace {

using testing::EndsWith;
using testing::HasSubstr;
using testing::StartsWith;

Image random_image(std::size_t width, std::size_t height) {
  Random random(width * 1000 + height);
  Image image(width, height, {});
  for (Rgb& pixel : image.pixels) {
    for (auto& channel : pixel) channel = static_cast<std::uint8_t>(random.below(256));
  }
  return image;
}

/// What libpng reads.
Image decoded(const std::filesystem::path& path) {
  png_image header{};
  header.version = PNG_IMAGE_VERSION;
  EXPECT_NE(png_image_begin_read_from_file(&header, path.c_str()), 0) << header.message;
  EXPECT_EQ(header.format, PNG_FORMAT_RGB) << "8 bits, no alpha";
  header.format = PNG_FORMAT_RGB;
  Image image(header.width, header.height, {});
  EXPECT_NE(png_image_finish_read(&header, nullptr, image.pixels.data(), 0, nullptr), 0);
  return image;
}

TEST(png, every_pixel_comes_back) {
  const TempFolder folder;
  for (const auto& [width, height] :
       {std::pair<std::size_t, std::size_t>{1, 1}, {3, 5}, {640, 480}, {1, 2000}}) {
    const Image image = random_image(width, height);
    write_png(folder / "a.png", image);
    const Image read = decoded(folder / "a.png");
    EXPECT_EQ(read.width, width);
    EXPECT_EQ(read.height, height);
    EXPECT_EQ(read.pixels, image.pixels);
  }
}

TEST(png, rows_go_from_the_top_down) {
  const TempFolder folder;
  Image image(4, 3, {0, 0, 0});
  image.at(3, 1) = {1, 2, 3};
  write_png(folder / "a.png", image);
  const Image read = decoded(folder / "a.png");
  EXPECT_EQ(read.at(3, 1), (Rgb{1, 2, 3}));
  EXPECT_EQ(read.pixels[1 * 4 + 3], (Rgb{1, 2, 3}));
}

TEST(png, same_picture_same_bytes) {
  const TempFolder folder;
  const Image image = random_image(200, 100);
  write_png(folder / "a.png", image);
  write_png(folder / "b.png", image);
  EXPECT_EQ(contents(folder / "a.png"), contents(folder / "b.png"));
  EXPECT_THAT(contents(folder / "a.png"), StartsWith("\x89PNG\r\n\x1a\n"));
  EXPECT_THAT(contents(folder / "a.png"), EndsWith("IEND\xae\x42\x60\x82")) << "and no more";
}

TEST(png, comments_come_back_and_leave_the_picture_as_it_is) {
  const TempFolder folder;
  const Image image = random_image(30, 20);
  const std::vector<std::string> comments{"ptattn made by ptattn-view 0.1.0", "", "größer"};
  write_png(folder / "a.png", image, comments);
  EXPECT_EQ(read_png_comments(folder / "a.png"), comments);
  EXPECT_EQ(decoded(folder / "a.png").pixels, image.pixels) << "checksum and all";
  write_png(folder / "b.png", image);
  EXPECT_TRUE(read_png_comments(folder / "b.png").empty());
}

TEST(png, comments_of_broken_files_end_where_the_file_does) {
  const TempFolder folder;
  const std::vector<std::string> comments{"one", "two"};
  write_png(folder / "a.png", random_image(3, 3), comments);
  const std::string whole = contents(folder / "a.png");
  for (std::size_t length = 8; length < whole.size(); ++length) {
    put(folder / "b.png", whole.substr(0, length));
    const std::vector<std::string> found = read_png_comments(folder / "b.png");
    EXPECT_TRUE(found.empty() || found == comments) << length;
  }
  put(folder / "b.png", whole.substr(0, 7));
  EXPECT_THROW((void)read_png_comments(folder / "b.png"), Error);
  std::string endless = whole;
  endless.replace(33, 4, "\xff\xff\xff\xff");  // the length of the comment
  put(folder / "b.png", endless);
  EXPECT_TRUE(read_png_comments(folder / "b.png").empty());
}

TEST(png, pictures_that_are_none_are_refused) {
  const TempFolder folder;
  Image short_of_one(3, 3, {});
  short_of_one.pixels.pop_back();
  Image too_wide;
  too_wide.width = 1'000'001;
  too_wide.height = 1;
  for (const Image& image : {Image(), Image(0, 5, {}), short_of_one, too_wide}) {
    try {
      write_png(folder / "a.png", image);
      ADD_FAILURE() << "nothing was thrown";
    } catch (const Error& error) {
      EXPECT_EQ(error.fault(), Fault::kUsage);
      EXPECT_THAT(error.what(), HasSubstr("expected 1 to 1000000 per side"));
    }
  }
  EXPECT_TRUE(std::filesystem::is_empty(folder.path()));
}

TEST(png, where_nothing_can_be_written_is_an_input_error) {
  const TempFolder folder;
  try {
    write_png(folder / "no such folder/a.png", random_image(2, 2));
    ADD_FAILURE() << "nothing was thrown";
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::kInput);
    EXPECT_THAT(error.what(), HasSubstr("a.png: cannot be written"));
  }
}

}  // namespace
}  // namespace ptattn::test
