#include "ptattn/models/files/model_file.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <system_error>

#include "ptattn/core/error.hpp"

namespace ptattn {
namespace {

[[noreturn]] void fail(const std::string& subject, int code) {
  throw Error(Fault::kModel, subject, "cannot be read: " + std::generic_category().message(code));
}

}  // namespace

ModelFile::ModelFile(const std::filesystem::path& path)
    : subject_(path.string()),
      // O_NONBLOCK: opening a pipe without a writer must not hang.
      descriptor_(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {
  if (descriptor_ < 0) fail(subject_, errno);
  struct stat status {};
  const int code = ::fstat(descriptor_, &status) == 0 ? 0 : errno;
  if (code == 0 && S_ISREG(status.st_mode)) {
    size_ = static_cast<std::size_t>(status.st_size);
    return;
  }
  ::close(descriptor_);
  if (code != 0) fail(subject_, code);
  throw Error(Fault::kModel, subject_, "is not a regular file");
}

ModelFile::~ModelFile() {
  ::close(descriptor_);
}

void ModelFile::read(std::size_t offset, std::span<std::byte> out) const {
  while (!out.empty()) {
    const ssize_t got = ::pread(descriptor_, out.data(), out.size(), static_cast<off_t>(offset));
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) fail(subject_, errno);
    if (got == 0) throw Error(Fault::kModel, subject_, "became shorter while it was read");
    offset += static_cast<std::size_t>(got);
    out = out.subspan(static_cast<std::size_t>(got));
  }
}

std::string ModelFile::head(std::size_t bytes) const {
  std::string text(bytes, '\0');
  read(0, std::as_writable_bytes(std::span(text)));
  return text;
}

}  // namespace ptattn
