#include "ptattn/io/byte_source.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ptattn/core/error.hpp"
#include "ptattn/core/stop.hpp"

namespace ptattn::io {
namespace {

constexpr std::size_t kWindow = std::size_t{1} << 16;

std::string system_message(int code) {
  return std::generic_category().message(code);
}

}  // namespace

ByteSource::ByteSource(const std::filesystem::path& path) : subject_(path.string()) {
  // Without O_NONBLOCK the open of a FIFO waits for a writer.
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) fail("cannot be opened: " + system_message(errno));
  struct stat status {};
  if (::fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) {
    ::close(file);
    fail(S_ISDIR(status.st_mode) ? "is a directory, expected a PLY, PCD, LAS or LAZ file"
                                 : "is not a regular file, expected a PLY, PCD, LAS or LAZ file");
  }
  file_ = file;
  size_ = static_cast<std::uint64_t>(status.st_size);
}

ByteSource::ByteSource(std::span<const std::byte> bytes, std::string_view subject)
    : subject_(subject), memory_(bytes.data()), size_(bytes.size()) {}

ByteSource::ByteSource(SpooledBytes bytes, std::string_view subject)
    : subject_(subject),
      memory_(bytes.view().data()),
      owned_(std::move(bytes)),
      size_(owned_.size()) {}

ByteSource::~ByteSource() {
  if (file_ >= 0) ::close(file_);
}

std::span<const std::byte> ByteSource::view(std::uint64_t offset, std::size_t count,
                                            Scratch& scratch) const {
  if (file_ < 0) return {memory_ + offset, count};
  const std::span<std::byte> out(scratch.reserve(count), count);
  read(offset, out);
  return out;
}

void ByteSource::expect(std::uint64_t offset, std::uint64_t count) const {
  if (file_ < 0 || count == 0) return;
  (void)::posix_fadvise(file_, static_cast<off_t>(offset), static_cast<off_t>(count),
                        POSIX_FADV_WILLNEED);
}

void ByteSource::read(std::uint64_t offset, std::span<std::byte> out) const {
  if (file_ < 0) {
    if (!out.empty()) std::memcpy(out.data(), memory_ + offset, out.size());
    return;
  }
  std::size_t done = 0;
  while (done < out.size()) {
    throw_if_stopped();
    const ssize_t got =
        ::pread(file_, out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail("cannot be read: " + system_message(errno));
    if (got == 0) fail("became shorter while it was read");
    done += static_cast<std::size_t>(got);
  }
}

void ByteSource::fail(std::string_view problem) const {
  throw Error(Fault::kInput, subject_, problem);
}

bool ByteStream::refill() {
  if (next_ >= source_->size()) return false;
  held_.erase(0, taken_);
  taken_ = 0;
  // A word longer than the window doubles it, so that its cost stays linear.
  const auto count = static_cast<std::size_t>(
      std::min<std::uint64_t>(std::max(kWindow, held_.size()), source_->size() - next_));
  Scratch scratch;
  const auto bytes = source_->view(next_, count, scratch);
  held_.append(reinterpret_cast<const char*>(bytes.data()), count);
  next_ += count;
  return true;
}

bool ByteStream::read(std::byte* out, std::size_t count) {
  if (count > remaining()) return false;
  while (count > 0) {
    if (window().empty()) refill();
    const std::size_t part = std::min(count, window().size());
    std::memcpy(out, window().data(), part);
    take(part);
    out += part;
    count -= part;
  }
  return true;
}

void ByteStream::skip(std::uint64_t count) {
  if (count <= window().size()) {
    take(static_cast<std::size_t>(count));
    return;
  }
  next_ = offset() + count;
  held_.clear();
  taken_ = 0;
}

}  // namespace ptattn::io
