#include "interrupt.hpp"

#include <array>
#include <atomic>
#include <csignal>

#include "last_line.hpp"
#include "ptattn/core/stop.hpp"

namespace ptattn::tools {
namespace {

constexpr std::array kSignals{SIGINT, SIGTERM, SIGHUP};

std::array<struct sigaction, kSignals.size()> before;
std::atomic<bool> ends_at_once = false;
static_assert(std::atomic<bool>::is_always_lock_free, "used in a signal handler");

extern "C" void stop(int /*signal*/) {
  request_stop();
  if (ends_at_once.exchange(true)) end_process(kInterrupted, "interrupted");
}

}  // namespace

InterruptWatch::InterruptWatch() {
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
