#include "text_file.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

#include "ptattn/core/byte_order_mark.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/stop.hpp"
#include "ptattn/io/descriptor.hpp"

namespace ptattn::tools {

namespace {

/// The text as it is meant: without a byte-order mark.
std::string plain_text(std::string text, const std::string& subject) {
  if (is_utf16(text)) throw Error(Fault::kInput, subject, "is text in UTF-16, expected UTF-8");
  text.erase(0, text.size() - without_byte_order_mark(text).size());
  return text;
}

[[noreturn]] void fail_to_read(const std::string& subject, int error_number) {
  const bool is_no_file = error_number == ENOENT || error_number == EISDIR;
  throw Error(Fault::kInput, subject,
              std::string("cannot be read, ") +
                  (is_no_file ? "expected a text file" : std::strerror(error_number)));
}

/// Reads to the end. Not by a stream, which takes an error on the way for the end.
std::string read_all(int file, const std::string& subject) {
  std::string text;
  std::array<char, 65536> piece;
  for (;;) {
    const ssize_t got = ::read(file, piece.data(), piece.size());
    throw_if_stopped();  // also while it waits for a pipe
    if (got == 0) return text;
    if (got > 0) {
      text.append(piece.data(), static_cast<std::size_t>(got));
    } else if (errno != EINTR) {
      fail_to_read(subject, errno);
    }
  }
}

}  // namespace

std::string read_text_file(const std::filesystem::path& path) {
  if (path == "-") return plain_text(read_all(STDIN_FILENO, "standard input"), "standard input");
  const io::Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  const int error_number = errno;
  throw_if_stopped();
  if (file.number() < 0) fail_to_read(path.string(), error_number);
  return plain_text(read_all(file.number(), path.string()), path.string());
}

}  // namespace ptattn::tools
