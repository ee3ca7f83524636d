#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace ptattn::io {
class AtomicFile;
}

namespace ptattn::tools {

/// Says that the reader of our standard output has left. Not an error: the harness ends the command
/// quietly.
struct ClosedPipe {};

/// The place results go to: standard output or a file.
///
/// `write` hands the whole text to the system before it returns, so that what was written survives
/// the death of the process at any later instant. Every failure, a full disk among them, is an
/// Error(Fault::kInput) that names the target.
class Output {
 public:
  [[nodiscard]] static Output to_stdout();
  /// A new file that takes the name `path` when `commit` is called and not before; without commit
  /// nothing remains of it. A target that is no regular file (/dev/null, a pipe) is written at
  /// once.
  [[nodiscard]] static Output replacing(const std::filesystem::path& path);
  /// Written in place, behind what is there already; see `keep`. A regular file is locked as long
  /// as the Output lives, where the file system knows locks: two processes that append would write
  /// everything twice.
  /// @throws Error(Fault::kInput) also when another process has it locked
  [[nodiscard]] static Output appending(const std::filesystem::path& path);

  Output(Output&& other) noexcept;
  Output(const Output&) = delete;
  Output& operator=(const Output&) = delete;
  Output& operator=(Output&&) = delete;
  ~Output();

  /// Keeps the first `bytes` bytes of a regular file that is written in place.
  void keep(std::uintmax_t bytes);
  void write(std::string_view text);
  /// The last step of a run that went well: reports late write errors, gives a new file its name.
  void commit();
  [[nodiscard]] bool is_terminal() const;

 private:
  Output(std::string name, int descriptor, bool owned);
  explicit Output(std::unique_ptr<io::AtomicFile> file);
  [[noreturn]] void fail(int error_number) const;

  std::string name_;                      // what error messages call the target
  int descriptor_ = -1;                   // -1: closed, or a new file
  bool owned_ = false;                    // ours to close: not standard output
  std::unique_ptr<io::AtomicFile> file_;  // the new file
};

}  // namespace ptattn::tools
