#include "ptattn/io/atomic_file.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cctype>
#include <cerrno>
#include <map>
#include <set>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ptattn/core/error.hpp"
#include "ptattn/core/stop.hpp"
#include "ptattn/io/descriptor.hpp"

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

constexpr std::size_t kLongestName = 200;  // file systems allow 255 bytes
constexpr std::string_view kTemporaryEnding = ".tmp";

/// Distinct within the process; the process id makes it distinct on the machine.
std::string temporary_name(const std::string& name) {
  static std::atomic<unsigned> counter{0};
  std::string temporary = ".";
  temporary.append(name, 0, kLongestName).append(".").append(std::to_string(::getpid()));
  return temporary.append(".").append(std::to_string(counter++)).append(kTemporaryEnding);
}

/// Takes ".123" off the end of `name`; false when it does not end so.
bool take_number_off(std::string_view& name) {
  const std::size_t dot = name.rfind('.');
  if (dot == std::string_view::npos || dot + 1 == name.size()) return false;
  const auto is_digit = [](unsigned char c) { return std::isdigit(c) != 0; };
  if (!std::ranges::all_of(name.substr(dot + 1), is_digit)) return false;
  name = name.substr(0, dot);
  return true;
}

/// Returns NAME of ".NAME.PID.N.tmp"; empty for other names.
std::string_view name_behind(std::string_view temporary) {
  if (!temporary.starts_with('.') || !temporary.ends_with(kTemporaryEnding)) return {};
  temporary.remove_prefix(1);
  temporary.remove_suffix(kTemporaryEnding.size());
  if (!take_number_off(temporary) || !take_number_off(temporary)) return {};
  return temporary;
}

/// Removes a file unless some process has it locked.
void remove_unless_locked(const fs::path& path) {
  const int file = ::open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (file < 0) return;
  if (::flock(file, LOCK_EX | LOCK_NB) == 0) ::unlink(path.c_str());
  ::close(file);
}

/// Gives a new file the owner and the permissions of the one whose place it takes, as far as the
/// file system and the system allow. Like a file that is written in place, it does not stay a
/// program that runs as another user (set-user-ID, set-group-ID).
void keep_permissions(int file, const struct stat& old) {
  constexpr mode_t kPermissions = 0777;
  struct stat made {};
  if (::fstat(file, &made) == 0 && (made.st_uid != old.st_uid || made.st_gid != old.st_gid)) {
    (void)!::fchown(file, old.st_uid, old.st_gid);
  }
  (void)::fchmod(file, old.st_mode & kPermissions);
}

/// Temporary files that are there, where a signal handler finds them: memory of their own, never
/// given back.
struct Listed {
  enum State : int { kFree, kChanging, kThere };
  std::atomic<int> state = kFree;
  std::array<char, 4096> path{};
};
constexpr std::size_t kMostListed = 64;
std::array<Listed, kMostListed> listed;
std::atomic<bool> is_ending = false;
static_assert(std::atomic<int>::is_always_lock_free, "used in signal handlers");

/// A place in the list; kMostListed where there is none.
std::size_t list(const std::string& path) {
  for (std::size_t i = 0; i < kMostListed && path.size() < listed[i].path.size(); ++i) {
    int expected = Listed::kFree;
    if (!listed[i].state.compare_exchange_strong(expected, Listed::kChanging)) continue;
    while (is_ending.load()) ::pause();
    path.copy(listed[i].path.data(), path.size());
    listed[i].path[path.size()] = '\0';
    listed[i].state.store(Listed::kThere);
    return i;
  }
  return kMostListed;
}

void unlist(std::size_t slot) {
  if (slot < kMostListed) listed[slot].state.store(Listed::kFree);
}

}  // namespace

void remove_abandoned_files(std::span<const fs::path> targets) {
  std::map<fs::path, std::set<std::string, std::less<>>> names;  // by folder
  for (const fs::path& path : targets) {
    const fs::path target = follow_links(path);
    const fs::path folder = target.has_parent_path() ? target.parent_path() : fs::path(".");
    names[folder].insert(target.filename().string().substr(0, kLongestName));
  }
  for (const auto& [folder, wanted] : names) {
    std::error_code failed;
    fs::directory_iterator entry(folder, failed);
    for (; !failed && entry != fs::directory_iterator(); entry.increment(failed)) {
      const std::string name = entry->path().filename().string();
      const std::string_view behind = name_behind(name);
      if (!behind.empty() && wanted.contains(behind)) remove_unless_locked(entry->path());
    }
  }
}

void remove_temporary_files() noexcept {
  is_ending.store(true);
  for (Listed& file : listed) {
    if (file.state.load() == Listed::kThere) ::unlink(file.path.data());
  }
}

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
  if (temporary_.empty()) return;
  ::unlink(temporary_.c_str());
  unlist(listed_);
}

void AtomicFile::open_temporary() {
  do {  // a name left over by a killed process of the same id is taken
    temporary_ = target_.parent_path() / temporary_name(target_.filename().string());
    listed_ = list(temporary_.string());
    file_ = ::open(temporary_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    if (file_ >= 0) {
      (void)!::flock(file_, LOCK_EX | LOCK_NB);  // where the file system knows locks
      return;
    }
    unlist(listed_);
  } while (errno == EEXIST || errno == EINTR);
  temporary_.clear();
  fail(errno);
}

void AtomicFile::append(std::string_view bytes) {
  while (!bytes.empty()) {
    throw_if_stopped();
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
  while (::fsync(file_) != 0 && errno != EINVAL) {
    if (errno != EINTR) fail(errno);
    throw_if_stopped();
  }
  publish();
}

void AtomicFile::publish() {
  throw_if_stopped();
  const Descriptor lock(
      ::fcntl(file_, F_DUPFD_CLOEXEC, 0));  // keeps it until the file has its name
  if (::close(std::exchange(file_, -1)) != 0) fail(errno);
  if (::rename(temporary_.c_str(), target_.c_str()) != 0) fail(errno);
  temporary_.clear();
  unlist(listed_);
}

void AtomicFile::fail(int code) const {
  throw Error(Fault::kInput, subject_,
              "cannot be written: " + std::generic_category().message(code));
}

}  // namespace ptattn::io
