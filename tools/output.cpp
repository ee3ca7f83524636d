#include "output.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "ptattn/core/error.hpp"

namespace ptattn::tools {
namespace fs = std::filesystem;
namespace {

constexpr mode_t kNewFileMode = 0666;  // the umask takes away from it

[[noreturn]] void cannot_write(const std::string& name, int error_number) {
  throw Error(Fault::kInput, name,
              std::string("cannot be written, ") + std::strerror(error_number));
}

int open_or_throw(const fs::path& path, int flags, const std::string& name) {
  const int descriptor = ::open(path.c_str(), flags | O_WRONLY | O_CLOEXEC, kNewFileMode);
  if (descriptor < 0) cannot_write(name, errno);
  return descriptor;
}

/// The file itself when `path` is a link to one: a rename must not replace the link.
fs::path resolved(const fs::path& path) {
  std::error_code failed;
  const fs::path target = fs::canonical(path, failed);
  return failed ? path : target;
}

}  // namespace

Output::Output(Kind kind, std::string name, int descriptor)
    : kind_(kind), name_(std::move(name)), descriptor_(descriptor) {}

Output::Output(Output&& other) noexcept
    : kind_(other.kind_),
      name_(std::move(other.name_)),
      target_(std::move(other.target_)),
      temporary_(std::exchange(other.temporary_, {})),
      descriptor_(std::exchange(other.descriptor_, -1)) {}

Output::~Output() {
  if (kind_ == Kind::kFile && descriptor_ >= 0) ::close(descriptor_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

Output Output::to_stdout() {
  return Output(Kind::kStandardOutput, "standard output", STDOUT_FILENO);
}

Output Output::replacing(const fs::path& path) {
  std::error_code ignored;
  const fs::path target = resolved(path);
  const fs::file_status status = fs::status(target, ignored);
  if (fs::exists(status) && !fs::is_regular_file(status)) return appending(path, 0);
  fs::path temporary = target;
  temporary += ".part-" + std::to_string(::getpid());
  Output output(Kind::kFile, path.string(),
                open_or_throw(temporary, O_CREAT | O_TRUNC, path.string()));
  output.target_ = target;
  output.temporary_ = std::move(temporary);
  return output;
}

Output Output::appending(const fs::path& path, std::uintmax_t keep_bytes) {
  Output output(Kind::kFile, path.string(), open_or_throw(path, O_CREAT | O_APPEND, path.string()));
  struct stat status {};
  const bool regular = ::fstat(output.descriptor_, &status) == 0 && S_ISREG(status.st_mode);
  if (regular && ::ftruncate(output.descriptor_, static_cast<off_t>(keep_bytes)) != 0) {
    output.fail(errno);
  }
  return output;
}

void Output::write(std::string_view text) {
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor_, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno != EINTR) {
      fail(errno);
    }
  }
}

void Output::commit() {
  if (kind_ == Kind::kStandardOutput) return;  // every write was checked; others may share it
  if (::close(std::exchange(descriptor_, -1)) != 0) fail(errno);
  if (temporary_.empty()) return;
  if (::rename(temporary_.c_str(), target_.c_str()) != 0) fail(errno);
  temporary_.clear();
}

bool Output::is_terminal() const {
  return ::isatty(descriptor_) == 1;
}

void Output::fail(int error_number) const {
  if (error_number == EPIPE && kind_ == Kind::kStandardOutput) throw ClosedPipe{};
  cannot_write(name_, error_number);
}

}  // namespace ptattn::tools
