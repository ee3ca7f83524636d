#include "ptattn/io/whole_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <system_error>

#include "ptattn/core/error.hpp"
#include "ptattn/io/descriptor.hpp"

namespace ptattn::io {
namespace {

[[noreturn]] void fail(const std::filesystem::path& path, int error_number) {
  throw Error(Fault::kInput, path.string(),
              "cannot be read: " + std::generic_category().message(error_number));
}

}  // namespace

std::string read_whole_file(const std::filesystem::path& path) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (file.number() < 0) fail(path, errno);
  std::string text;
  std::array<char, 65536> piece;
  for (;;) {
    const ssize_t got = ::read(file.number(), piece.data(), piece.size());
    if (got == 0) return text;
    if (got > 0) {
      text.append(piece.data(), static_cast<std::size_t>(got));
    } else if (errno != EINTR) {
      fail(path, errno);
    }
  }
}

}  // namespace ptattn::io
