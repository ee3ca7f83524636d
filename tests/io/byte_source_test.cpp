#include "ptattn/io/byte_source.hpp"

#include <gtest/gtest.h>

#include "ptattn/core/error.hpp"
#include "ptattn/io/header_lines.hpp"
#include "temp_folder.hpp"

namespace ptattn::test {
namespace {

using io::ByteSource;
using io::ByteStream;

TEST(byte_source, file_and_memory_show_the_same_bytes) {
  const TempFolder folder;
  const std::string text = "0123456789";
  put(folder / "a", text);
  const ByteSource file(folder / "a");
  const ByteSource memory(std::as_bytes(std::span(text)), "memory");
  for (const ByteSource* source : {&file, &memory}) {
    ASSERT_EQ(source->size(), 10U);
    io::Scratch scratch;
    const auto bytes = source->view(3, 4, scratch);
    EXPECT_EQ(std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()), "3456");
  }
}

TEST(byte_source, a_file_that_shrinks_is_an_error_not_a_crash) {
  const TempFolder folder;
  put(folder / "a.ply", std::string(100000, 'x'));
  const ByteSource source(folder / "a.ply");
  std::filesystem::resize_file(folder / "a.ply", 10);
  io::Scratch scratch;
  EXPECT_NO_THROW((void)source.view(0, 10, scratch));
  try {
    (void)source.view(0, 100000, scratch);
    FAIL() << "no exception";
  } catch (const Error& e) {
    EXPECT_EQ(e.fault(), Fault::kInput);
    EXPECT_EQ(std::string(e.what()),
              (folder / "a.ply").string() + ": became shorter while it was read");
  }
}

TEST(byte_stream, reads_skips_and_copies) {
  std::string text(200000, '.');
  text[150000] = 'a';
  text[150001] = 'b';
  const ByteSource source(std::as_bytes(std::span(text)), "memory");
  ByteStream stream(source, 10);
  EXPECT_TRUE(stream.refill());
  stream.skip(149990);
  EXPECT_EQ(stream.offset(), 150000U);
  char byte = 0;
  ByteStream copy = stream;
  EXPECT_TRUE(stream.read(reinterpret_cast<std::byte*>(&byte), 1));
  EXPECT_EQ(byte, 'a');
  ByteStream second = stream;
  EXPECT_TRUE(copy.read(reinterpret_cast<std::byte*>(&byte), 1));
  EXPECT_EQ(byte, 'a');
  EXPECT_TRUE(second.read(reinterpret_cast<std::byte*>(&byte), 1));
  EXPECT_EQ(byte, 'b');
  EXPECT_EQ(stream.remaining(), 49999U);
  std::string rest(49999, '?');
  EXPECT_FALSE(stream.read(reinterpret_cast<std::byte*>(rest.data()), 50000));
  EXPECT_TRUE(stream.read(reinterpret_cast<std::byte*>(rest.data()), 49999));
  EXPECT_EQ(rest[0], 'b');
  EXPECT_EQ(rest[49998], '.');
  EXPECT_FALSE(stream.refill());
}

TEST(header_lines, carriage_returns_alone_end_lines_where_the_first_does) {
  const std::string text = "\xef\xbb\xbfone\rtwo\r\n";
  const ByteSource source(std::as_bytes(std::span(text)), "memory");
  io::HeaderLines lines(source);
  EXPECT_EQ(lines.next(), "one");
  EXPECT_EQ(lines.line_end(), '\r');
  EXPECT_EQ(lines.next(), "two");
  EXPECT_EQ(lines.offset(), text.size() - 1) << "a binary body may begin with a line feed";
}

TEST(header_lines, any_line_end_and_none_at_the_end) {
  const std::string text = "one\r\n\ntwo\nlast";
  const ByteSource source(std::as_bytes(std::span(text)), "memory");
  io::HeaderLines lines(source);
  EXPECT_EQ(lines.next(), "one");
  EXPECT_EQ(lines.next(), "");
  EXPECT_EQ(lines.next(), "two");
  EXPECT_EQ(lines.offset(), 10U);
  EXPECT_EQ(lines.next(), "last");
  EXPECT_EQ(lines.next(), std::nullopt);
  EXPECT_EQ(lines.count(), 4U);
}

}  // namespace
}  // namespace ptattn::test
