#include "output.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include "ptattn/core/error.hpp"
#include "ptattn/core/stop.hpp"
#include "ptattn/io/atomic_file.hpp"
#include "target.hpp"

namespace ptattn::tools {
namespace fs = std::filesystem;
namespace {

constexpr mode_t kNewFileMode = 0666;  // the umask takes away from it

[[noreturn]] void cannot_write(const std::string& name, int error_number) {
  throw Error(Fault::kInput, name,
              std::string("cannot be written, ") + std::strerror(error_number));
}

bool is_regular(int descriptor) {
  struct stat status {};
  return ::fstat(descriptor, &status) == 0 && S_ISREG(status.st_mode);
}

}  // namespace

Output::Output(std::string name, int descriptor, bool owned)
    : name_(std::move(name)), descriptor_(descriptor), owned_(owned) {}

Output::Output(std::unique_ptr<io::AtomicFile> file)
    : name_(file->subject()), file_(std::move(file)) {}

Output::Output(Output&& other) noexcept
    : name_(std::move(other.name_)),
      descriptor_(std::exchange(other.descriptor_, -1)),
      owned_(other.owned_),
      file_(std::move(other.file_)) {}

Output::~Output() {
  if (owned_ && descriptor_ >= 0) ::close(descriptor_);
}

Output Output::to_stdout() {
  return {"standard output", STDOUT_FILENO, false};
}

Output Output::replacing(const fs::path& path) {
  std::error_code ignored;
  const fs::file_status status = fs::status(path, ignored);
  if (fs::exists(status) && !fs::is_regular_file(status)) return appending(path);
  make_parent_folders(path);
  return Output(std::make_unique<io::AtomicFile>(path));
}

Output Output::appending(const fs::path& path) {
  make_parent_folders(path);
  const int descriptor =
      ::open(path.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, kNewFileMode);
  if (descriptor < 0) cannot_write(path.string(), errno);
  Output output(path.string(), descriptor, true);
  if (is_regular(descriptor) && ::flock(descriptor, LOCK_EX | LOCK_NB) != 0 &&
      errno == EWOULDBLOCK) {
    throw Error(Fault::kInput, output.name_, "is being written by another process");
  }
  return output;
}

void Output::keep(std::uintmax_t bytes) {
  if (file_ || !is_regular(descriptor_)) return;
  if (::ftruncate(descriptor_, static_cast<off_t>(bytes)) != 0) fail(errno);
}

void Output::write(std::string_view text) {
  if (file_) {
    file_->append(text);
    return;
  }
  while (!text.empty()) {
    const ssize_t written = ::write(descriptor_, text.data(), text.size());
    if (written >= 0) {
      text.remove_prefix(static_cast<std::size_t>(written));
    } else if (errno == EINTR) {
      throw_if_stopped();  // a reader that does not read any more
    } else {
      fail(errno);
    }
  }
}

void Output::commit() {
  if (file_) {
    file_->commit();
  } else if (owned_ && ::close(std::exchange(descriptor_, -1)) != 0) {
    fail(errno);
  }
}

bool Output::is_terminal() const {
  return descriptor_ >= 0 && ::isatty(descriptor_) == 1;
}

void Output::fail(int error_number) const {
  if (error_number == EPIPE && !owned_) throw ClosedPipe{};
  cannot_write(name_, error_number);
}

}  // namespace ptattn::tools
