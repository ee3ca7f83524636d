#include "ptattn/io/atomic_file.hpp"

#include <atomic>
#include <cerrno>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ptattn/core/error.hpp"

namespace ptattn::io {
namespace {

namespace fs = std::filesystem;

/// Where a chain of symbolic links ends, even when nothing is there yet.
fs::path follow_links(fs::path path) {
  constexpr int kMostLinks = 40;  // as the kernel
  std::error_code ignored;
  for (int i = 0; i < kMostLinks && fs::is_symlink(path, ignored); ++i) {
    path = path.parent_path() / fs::read_symlink(path, ignored);
  }
  return path;
}

/// Distinct within the process; the process id makes it distinct on the machine.
std::string temporary_name(const std::string& name) {
  static std::atomic<unsigned> counter{0};
  constexpr std::size_t kLongestName = 200;  // file systems allow 255 bytes
  std::string temporary = ".";
  temporary.append(name, 0, kLongestName).append(".").append(std::to_string(::getpid()));
  return temporary.append(".").append(std::to_string(counter++)).append(".tmp");
}

/// Gives a new file the owner and the permissions of the one whose place it takes, as far as the
/// file system and the system allow. Like a file that is written in place, it does not stay a
/// program that runs as somebody else (set-user-ID, set-group-ID).
void keep_permissions(int file, const struct stat& old) {
  constexpr mode_t kPermissions = 0777;
  struct stat made {};
  if (::fstat(file, &made) == 0 && (made.st_uid != old.st_uid || made.st_gid != old.st_gid)) {
    (void)!::fchown(file, old.st_uid, old.st_gid);
  }
  (void)::fchmod(file, old.st_mode & kPermissions);
}

}  // namespace

AtomicFile::AtomicFile(const fs::path& path)
    : subject_(path.string()), target_(follow_links(path)) {
  struct stat status {};
  const bool exists = ::stat(target_.c_str(), &status) == 0;
  if (!exists && errno != ENOENT) fail(errno);  // a loop of links, a name that is too long, ...
  if (exists && !S_ISREG(status.st_mode)) {
    throw Error(Fault::kInput, subject_,
                S_ISDIR(status.st_mode) ? "is a directory, expected a file to write"
                                        : "is not a regular file, expected a file to write");
  }
  if (exists && ::faccessat(AT_FDCWD, target_.c_str(), W_OK, AT_EACCESS) != 0) fail(errno);
  open_temporary();
  if (exists) keep_permissions(file_, status);
}

AtomicFile::~AtomicFile() {
  if (file_ >= 0) ::close(file_);
  if (!temporary_.empty()) ::unlink(temporary_.c_str());
}

void AtomicFile::open_temporary() {
  do {  // a name left over by a killed process of the same id is taken
    temporary_ = target_.parent_path() / temporary_name(target_.filename().string());
    file_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
  } while (file_ < 0 && errno == EEXIST);
  if (file_ >= 0) return;
  temporary_.clear();
  fail(errno);
}

void AtomicFile::append(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::write(file_, bytes.data(), bytes.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail(errno);
    bytes.remove_prefix(static_cast<std::size_t>(written));
  }
}

void AtomicFile::overwrite(std::uint64_t offset, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = ::pwrite(file_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) fail(errno);
    bytes.remove_prefix(static_cast<std::size_t>(written));
    offset += static_cast<std::uint64_t>(written);
  }
}

void AtomicFile::commit() {
  // EINVAL: a file system that has nothing to flush to.
  if (::fsync(file_) != 0 && errno != EINVAL) fail(errno);
  if (::close(std::exchange(file_, -1)) != 0) fail(errno);
  if (::rename(temporary_.c_str(), target_.c_str()) != 0) fail(errno);
  temporary_.clear();
}

void AtomicFile::fail(int code) const {
  throw Error(Fault::kInput, subject_,
              "cannot be written: " + std::generic_category().message(code));
}

}  // namespace ptattn::io
