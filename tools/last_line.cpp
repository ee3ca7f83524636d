#include "last_line.hpp"

#include <pthread.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <exception>
#include <new>
#include <system_error>

#include "ptattn/core/error.hpp"
#include "ptattn/io/atomic_file.hpp"
#include "tool.hpp"

namespace ptattn::tools {
namespace {

// Made before they are needed: neither a signal handler nor an end without memory can allocate.
std::array<char, 64> command;
std::size_t command_size = 0;
std::atomic<bool> ending = false;
static_assert(std::atomic<bool>::is_always_lock_free, "used in a signal handler");

/// A line of limited length, on the stack.
class ShortLine {
 public:
  /// Control characters become blanks.
  void append(std::string_view text) noexcept {
    const auto is_control = [](unsigned char c) { return c < 0x20 || c == 0x7f; };
    for (const char c : text.substr(0, line_.size() - 1 - size_)) {
      line_[size_++] = is_control(static_cast<unsigned char>(c)) ? ' ' : c;
    }
  }
  void write() noexcept {
    line_[size_++] = '\n';
    (void)!::write(STDERR_FILENO, line_.data(), size_);
  }

 private:
  std::array<char, 512> line_;
  std::size_t size_ = 0;
};

// Of this thread, and taken back by nothing: what it is asked for is whether that can be the
// reason.
thread_local bool was_without_memory = false;

[[noreturn]] void on_missing_memory() {
  was_without_memory = true;
  throw std::bad_alloc();
}

[[noreturn]] void on_terminate() noexcept {
  try {
    if (std::current_exception()) throw;
  } catch (const std::bad_alloc&) {
    end_process(static_cast<int>(Fault::kInput), kNoMemory);
  } catch (const std::system_error& error) {
    end_process(static_cast<int>(Fault::kInput), error.what());
  } catch (const std::exception& error) {
    end_process(kInternalError, "internal error: ", error.what());
  } catch (...) {
    end_process(kInternalError, "internal error: an exception of an unknown kind");
  }
  // A function that must not throw, inlined into another, ends the process without catching.
  if (was_without_memory && std::uncaught_exceptions() > 0) {
    end_process(static_cast<int>(Fault::kInput), kNoMemory);
  }
  end_process(kInternalError, "internal error: ended by std::terminate");
}

}  // namespace

void set_command_name(std::string_view name) {
  command_size = std::min(name.size(), command.size());
  std::copy_n(name.begin(), command_size, command.begin());
}

void end_process(int exit_code, std::string_view words, std::string_view detail) noexcept {
  sigset_t all;  // or a handler could come here again and wait for what it interrupted
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, nullptr);
  while (ending.exchange(true)) ::pause();
  io::remove_temporary_files();
  ShortLine line;
  line.append({command.data(), command_size});
  line.append(": ");
  line.append(words);
  line.append(detail);
  line.write();
  ::_exit(exit_code);
}

void end_in_a_line_on_terminate() {
  std::set_new_handler(on_missing_memory);
  std::set_terminate(on_terminate);
}

}  // namespace ptattn::tools
