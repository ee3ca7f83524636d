#include "ptattn/io/png.hpp"

#include <png.h>
#include <zlib.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>

#include "ptattn/core/error.hpp"
#include "ptattn/io/atomic_file.hpp"
#include "ptattn/io/byte_source.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kMostPixelsASide = 1'000'000;  // libpng's own limit
constexpr std::size_t kMostPixels = 1U << 28U;       // sizes of rows and files fit libpng's types

static_assert(sizeof(Rgb) == 3 && std::is_trivially_copyable_v<Rgb>, "a row of pixels is bytes");

void check_image(const Image& image) {
  const auto fits = [](std::size_t side) { return side > 0 && side <= kMostPixelsASide; };
  if (fits(image.width) && fits(image.height) && image.width * image.height <= kMostPixels &&
      image.pixels.size() == image.width * image.height) {
    return;
  }
  throw Error(Fault::kUsage, "image",
              "has " + std::to_string(image.width) + " x " + std::to_string(image.height) +
                  " pixels and the colours of " + std::to_string(image.pixels.size()) +
                  ", expected 1 to 1000000 per side, at most 2^28, and all their colours");
}

std::string encoded(const Image& image, const std::string& subject) {
  png_image header{};
  header.version = PNG_IMAGE_VERSION;
  header.width = static_cast<png_uint_32>(image.width);
  header.height = static_cast<png_uint_32>(image.height);
  header.format = PNG_FORMAT_RGB;
  png_alloc_size_t size = PNG_IMAGE_PNG_SIZE_MAX(header);
  std::string bytes(size, '\0');
  if (png_image_write_to_memory(&header, bytes.data(), &size, 0, image.pixels.data(), 0, nullptr) ==
      0) {
    throw Error(Fault::kInput, subject,
                std::string("cannot be written: ") + static_cast<const char*>(header.message));
  }
  bytes.resize(size);
  return bytes;
}

constexpr std::string_view kSignature = "\x89PNG\r\n\x1a\n";
constexpr std::size_t kWordBytes = 4;
constexpr std::size_t kChunkHead = 2 * kWordBytes;  // length and type; behind the data, a checksum
constexpr std::size_t kHeaderBytes = 13;            // of the first chunk, IHDR
constexpr std::size_t kBeforeComments = kSignature.size() + kChunkHead + kHeaderBytes + kWordBytes;
constexpr std::uint32_t kLongestComment = 1U << 20U;
constexpr int kMostChunks = 1000;  // before the picture
// Keyword, not compressed, neither language nor translated keyword.
constexpr std::string_view kCommentStart("Comment\0\0\0\0\0", 12);

std::string big_endian(std::uint32_t number) {
  std::string bytes;
  for (const unsigned shift : {24U, 16U, 8U, 0U}) {
    bytes.push_back(static_cast<char>(number >> shift & 0xffU));
  }
  return bytes;
}

std::uint32_t word_at(std::string_view bytes, std::size_t at) {
  std::uint32_t number = 0;
  for (std::size_t i = 0; i < kWordBytes; ++i) {
    number = number << 8U | static_cast<unsigned char>(bytes[at + i]);
  }
  return number;
}

/// An iTXt chunk of these lines; empty for none.
std::string comment_chunk(std::span<const std::string> comments) {
  if (comments.empty()) return "";
  std::string chunk("iTXt");
  chunk += kCommentStart;
  for (const std::string& line : comments) {
    chunk.append(&line == comments.data() ? "" : "\n").append(line);
  }
  const auto checksum = static_cast<std::uint32_t>(
      crc32_z(0, reinterpret_cast<const Bytef*>(chunk.data()), chunk.size()));
  return big_endian(static_cast<std::uint32_t>(chunk.size() - kWordBytes)) + chunk +
         big_endian(checksum);
}

/// Bytes of a file, or nothing where it ends before.
std::optional<std::string> bytes_at(const io::ByteSource& file, std::uint64_t offset,
                                    std::size_t count) {
  if (offset > file.size() || count > file.size() - offset) return std::nullopt;
  std::string bytes(count, '\0');
  file.read(offset, std::as_writable_bytes(std::span(bytes)));
  return bytes;
}

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

}  // namespace

void write_png(const std::filesystem::path& path, const Image& image,
               std::span<const std::string> comments) {
  check_image(image);
  io::AtomicFile file(path);
  const std::string bytes = encoded(image, file.subject());
  const std::string_view all = bytes;
  file.append(all.substr(0, kBeforeComments));
  file.append(comment_chunk(comments));
  file.append(all.substr(kBeforeComments));
  file.commit();
}

std::vector<std::string> read_png_comments(const std::filesystem::path& path) {
  const io::ByteSource file(path);
  if (bytes_at(file, 0, kSignature.size()) != kSignature) file.fail("is not a PNG file");
  std::vector<std::string> comments;
  std::uint64_t offset = kSignature.size();
  for (int chunk = 0; chunk < kMostChunks; ++chunk) {
    const auto head = bytes_at(file, offset, kChunkHead);
    if (!head) break;
    const std::uint32_t length = word_at(*head, 0);
    const std::string_view type = std::string_view(*head).substr(kWordBytes);
    if (type == "IDAT") break;  // comments stand before the picture
    const bool is_text = type == "iTXt" && length <= kLongestComment;
    const auto text = is_text ? bytes_at(file, offset + kChunkHead, length) : std::nullopt;
    if (text && text->starts_with(kCommentStart)) {
      std::ranges::move(lines_of(std::string_view(*text).substr(kCommentStart.size())),
                        std::back_inserter(comments));
    }
    offset += kChunkHead + std::uint64_t{length} + kWordBytes;
  }
  return comments;
}

}  // namespace ptattn
