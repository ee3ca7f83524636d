#include "ptattn/io/cloud_source.hpp"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <system_error>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>
#include <zlib.h>

#include "ptattn/core/error.hpp"
#include "ptattn/core/stop.hpp"
#include "ptattn/io/binary_values.hpp"
#include "ptattn/io/file_kind.hpp"

namespace ptattn::io {
namespace {

constexpr std::size_t kPiece = std::size_t{1} << 18;
constexpr std::size_t kFirstLook = std::size_t{1} << 16;
constexpr int kWaitMilliseconds = 100;

bool begins_like_gzip(std::span<const std::byte> bytes) {
  return bytes.size() >= 2 && std::memcmp(bytes.data(), "\x1f\x8b", 2) == 0;
}

/// Refuses what cannot become a cloud as soon as enough of it is there.
class Spool {
 public:
  /// @param unpacked  the bytes come out of gzip data, so that they cannot be such
  Spool(std::string_view subject, bool unpacked) : subject_(subject), unpacked_(unpacked) {}

  [[nodiscard]] std::span<std::byte> room() { return bytes_.room(kPiece); }
  [[nodiscard]] std::size_t size() const { return bytes_.size(); }

  void add(std::size_t count) {
    bytes_.add(count);
    if (looked_ || bytes_.size() < kFirstLook) return;
    looked_ = true;
    if (!unpacked_ && begins_like_gzip(bytes_.view())) return;
    refuse_other_kinds(ByteSource(bytes_.view(), subject_));
  }
  [[nodiscard]] std::unique_ptr<ByteSource> finish() {
    return std::make_unique<ByteSource>(std::move(bytes_), subject_);
  }

 private:
  std::string subject_;
  bool unpacked_;
  SpooledBytes bytes_;
  bool looked_ = false;
};

/// An open pipe, read without waiting in the kernel, so that an interruption is heard.
class Pipe {
 public:
  explicit Pipe(const std::filesystem::path& path) : subject_(path.string()) {
    file_ = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    // Standard input that is a socket, or another user's pipe, cannot be opened a second time.
    if (file_ < 0 && path == "/dev/stdin") file_ = ::fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0);
    if (file_ < 0) fail("cannot be opened: " + std::generic_category().message(errno));
    struct statfs system {};
    constexpr auto kPipes = 0x50495045;  // PIPEFS_MAGIC
    // A pipe with a name may have no writer yet; another one without a writer has ended.
    begun_ = ::fstatfs(file_, &system) != 0 || system.f_type == kPipes;
  }
  ~Pipe() { ::close(file_); }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  [[nodiscard]] std::unique_ptr<ByteSource> read_all() {
    const std::size_t most = most_spooled_bytes();
    Spool spool(subject_, false);
    for (;;) {
      throw_if_stopped();
      const auto room = spool.room();
      if (!wait()) continue;
      const ssize_t got = ::read(file_, room.data(), room.size());
      if (got == 0 && begun_) return spool.finish();
      if (got < 0 && errno != EAGAIN && errno != EINTR) {
        fail("cannot be read: " + std::generic_category().message(errno));
      }
      if (got <= 0) continue;
      begun_ = true;
      spool.add(static_cast<std::size_t>(got));
      if (spool.size() > most) {
        fail("is a pipe of more bytes than half of the machine's memory, expected a file");
      }
    }
  }

 private:
  /// False when nothing came for a while and nothing can be said about the end.
  [[nodiscard]] bool wait() {
    pollfd wanted{file_, POLLIN, 0};
    const int ready = ::poll(&wanted, 1, kWaitMilliseconds);
    if (ready > 0 && (wanted.revents & POLLHUP) != 0) begun_ = true;  // a writer came and went
    // Where the last writer left before the pipe was opened, only reading tells so.
    return ready > 0 || (ready == 0 && begun_ && (::fcntl(file_, F_GETFL) & O_NONBLOCK) != 0);
  }

  [[noreturn]] void fail(const std::string& problem) const {
    throw Error(Fault::kInput, subject_, problem);
  }

  std::string subject_;
  int file_ = -1;
  bool begun_ = false;
};

/// A decompressor of gzip data that frees what it holds.
class Inflater {
 public:
  explicit Inflater(const ByteSource& source) : source_(source) {
    constexpr int kGzip = 15 + 16;  // the largest window, with the header of gzip
    if (::inflateInit2(&state_, kGzip) != Z_OK) throw std::bad_alloc();
  }
  ~Inflater() { ::inflateEnd(&state_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;

  [[nodiscard]] Unzipped run() {
    Spool spool(source_.name(), true);
    while (!ended_) {
      throw_if_stopped();
      const auto room = spool.room();
      state_.next_out = reinterpret_cast<Bytef*>(room.data());
      state_.avail_out = static_cast<uInt>(room.size());
      step();
      spool.add(room.size() - state_.avail_out);
      check_growth(spool.size());
    }
    return {spool.finish(),
            note_of_rest(source_, taken_ - state_.avail_in, "the gzip data of the cloud")};
  }

 private:
  void refill() {
    const auto count =
        static_cast<std::size_t>(std::min<std::uint64_t>(kPiece, source_.size() - taken_));
    const auto bytes = source_.view(taken_, count, scratch_);
    state_.next_in = const_cast<Bytef*>(reinterpret_cast<const Bytef*>(bytes.data()));
    state_.avail_in = static_cast<uInt>(count);
    taken_ += count;
  }

  void step() {
    if (state_.avail_in == 0) refill();
    const int result = ::inflate(&state_, Z_NO_FLUSH);
    if (result == Z_STREAM_END) {
      ended_ = !another_member();
      return;
    }
    if (result == Z_MEM_ERROR) throw std::bad_alloc();
    if (result == Z_BUF_ERROR || (result == Z_OK && state_.avail_in == 0 && state_.avail_out > 0)) {
      if (taken_ < source_.size()) return;
      source_.fail("ends within its gzip data, the file is truncated");
    }
    if (result != Z_OK) source_.fail("holds damaged gzip data");
  }

  /// What follows a member is another one, padding, or something else.
  [[nodiscard]] bool another_member() {
    const std::uint64_t next = taken_ - state_.avail_in;
    Scratch scratch;
    if (source_.size() - next < 2 || !begins_like_gzip(source_.view(next, 2, scratch)))
      return false;
    ::inflateReset(&state_);
    return true;
  }

  void check_growth(std::uint64_t grown) const {
    constexpr std::uint64_t kMostTimes = 300;  // gzip reaches 1032
    constexpr std::uint64_t kAlwaysAllowed = std::uint64_t{1} << 20;
    if (grown > std::max(kAlwaysAllowed, kMostTimes * source_.size())) {
      source_.fail(
          "grows to more than 300 times its size when it is decompressed, which no cloud "
          "does");
    }
    if (grown > most_spooled_bytes()) {
      source_.fail("holds more bytes than half of the machine's memory, expected it unpacked");
    }
  }

  const ByteSource& source_;
  z_stream state_{};
  Scratch scratch_;
  std::uint64_t taken_ = 0;
  bool ended_ = false;
};

}  // namespace

std::unique_ptr<ByteSource> open_cloud(const std::filesystem::path& path) {
  struct stat status {};
  const bool known = ::stat(path.c_str(), &status) == 0;
  if (known && (S_ISFIFO(status.st_mode) || S_ISSOCK(status.st_mode))) return Pipe(path).read_all();
  return std::make_unique<ByteSource>(path);
}

Unzipped unzipped(const ByteSource& source) {
  constexpr std::uint64_t kShortest = 18;  // header and trailer of a member
  if (source.size() < kShortest) return {};
  Scratch scratch;
  const auto start = source.view(0, 2, scratch);
  if (!begins_like_gzip(start)) return {};
  return Inflater(source).run();
}

}  // namespace ptattn::io
