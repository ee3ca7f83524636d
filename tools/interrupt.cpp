#include "interrupt.hpp"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <csignal>
#include <string>

#include "ptattn/core/stop.hpp"
#include "ptattn/io/atomic_file.hpp"

namespace ptattn::tools {
namespace {

constexpr std::array kSignals{SIGINT, SIGTERM, SIGHUP};

std::array<struct sigaction, kSignals.size()> before;
std::array<char, 64> last_line;  // made before it is needed: a handler must not allocate
std::size_t last_line_size = 0;
std::atomic<bool> ends_at_once = false;
static_assert(std::atomic<bool>::is_always_lock_free, "used in a signal handler");

extern "C" void stop(int /*signal*/) {
  request_stop();
  if (!ends_at_once.exchange(true)) return;
  io::remove_temporary_files();
  (void)!::write(STDERR_FILENO, last_line.data(), last_line_size);
  ::_exit(kInterrupted);
}

}  // namespace

InterruptWatch::InterruptWatch(std::string_view name) {
  const std::string line = std::string(name) + ": interrupted\n";
  last_line_size = std::min(line.size(), last_line.size());
  std::copy_n(line.begin(), last_line_size, last_line.begin());
  struct sigaction action {};
  action.sa_handler = stop;  // without SA_RESTART: a wait for input ends, too
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    sigaction(kSignals[i], nullptr, &before[i]);
    if (before[i].sa_handler != SIG_IGN) sigaction(kSignals[i], &action, nullptr);
  }
}

InterruptWatch::~InterruptWatch() {
  for (std::size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &before[i], nullptr);
}

void InterruptWatch::end_at_once() {
  ends_at_once.store(true);
}

}  // namespace ptattn::tools
