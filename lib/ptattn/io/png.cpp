#include "ptattn/io/png.hpp"

#include <png.h>

#include <string>
#include <type_traits>

#include "ptattn/core/error.hpp"
#include "ptattn/io/atomic_file.hpp"

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

}  // namespace

void write_png(const std::filesystem::path& path, const Image& image) {
  check_image(image);
  io::AtomicFile file(path);
  file.append(encoded(image, file.subject()));
  file.commit();
}

}  // namespace ptattn
