#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

namespace ptattn::io {

/// Writes a file under a temporary name beside its target and renames it when complete: readers
/// see the old file or the whole new one.
///
/// A symbolic link is followed, its target replaced. A new file gets the permissions of the
/// umask; a replaced one keeps its own and, where the system allows, its owner, but neither
/// set-user-ID nor set-group-ID. A file that the user may not write is not replaced. A process that
/// is killed leaves the temporary file `.NAME.PID.N.tmp` behind and the target untouched. The
/// temporary file is locked (flock) until it has its name, so that others can tell it from one that
/// was left behind.
class AtomicFile {
 public:
  /// @throws Error(Fault::kInput) when the target is no regular file, or it or its folder cannot be
  ///         written to
  explicit AtomicFile(const std::filesystem::path& path);
  /// Removes the temporary file unless commit() was reached.
  ~AtomicFile();
  AtomicFile(const AtomicFile&) = delete;
  AtomicFile& operator=(const AtomicFile&) = delete;

  /// @throws Error(Fault::kInput), on a full disk for example; also on a file size limit, provided
  ///         that the process ignores SIGXFSZ; Stopped once a stop was requested
  void append(std::string_view bytes);
  /// Replaces bytes that were appended before.
  /// @throws Error(Fault::kInput) as append
  void overwrite(std::uint64_t offset, std::string_view bytes);
  /// Flushes to the disk and gives the file its name.
  /// @throws Error(Fault::kInput); Stopped once a stop was requested
  void commit();
  /// Gives the file its name without waiting for the disk: for files that no later run reads.
  /// @throws as commit
  void publish();

  /// Returns the path as the caller gave it, for error messages.
  [[nodiscard]] const std::string& subject() const { return subject_; }

 private:
  [[noreturn]] void fail(int code) const;
  void open_temporary();

  std::string subject_;
  std::filesystem::path target_;
  std::filesystem::path temporary_;
  std::size_t listed_ = 0;  ///< where remove_temporary_files finds it
  int file_ = -1;
};

/// Removes what killed processes left beside `targets`: files of the names that an AtomicFile of
/// one of them has, which no process holds a lock on. What cannot be looked at or removed stays.
/// Lists each folder once.
void remove_abandoned_files(std::span<const std::filesystem::path> targets);

/// Removes the temporary files of all AtomicFiles of the process (of the first 64, and paths below
/// 4096 bytes), which is about to end: none of them can be written or made any more. Safe in a
/// signal handler.
void remove_temporary_files() noexcept;

}  // namespace ptattn::io
