#include "interrupt.hpp"

#include <array>
#include <atomic>
#include <csignal>

namespace ptattn::tools {
namespace {

constexpr std::array kSignals{SIGINT, SIGTERM};

std::atomic<bool> caught = false;
static_assert(std::atomic<bool>::is_always_lock_free, "set from a signal handler");
std::array<struct sigaction, kSignals.size()> before;

extern "C" void remember(int /*signal*/) {
  caught.store(true);
}

}  // namespace

InterruptWatch::InterruptWatch() {
  caught.store(false);
  struct sigaction action {};
  action.sa_handler = remember;
  action.sa_flags = static_cast<int>(SA_RESETHAND) | SA_RESTART;
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    sigaction(kSignals[i], nullptr, &before[i]);
    // A shell starts background jobs with SIGINT ignored: that stays so.
    if (before[i].sa_handler != SIG_IGN) sigaction(kSignals[i], &action, nullptr);
  }
}

InterruptWatch::~InterruptWatch() {
  for (std::size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &before[i], nullptr);
}

bool InterruptWatch::interrupted() const {
  return caught.load();
}

}  // namespace ptattn::tools
