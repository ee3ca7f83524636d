#include "interrupt_note.hpp"

#include <atomic>
#include <cstddef>

#include "ptattn/core/stop.hpp"

namespace ptattn::tools {
namespace {

std::atomic<bool> was_noted = false;
static_assert(std::atomic<bool>::is_always_lock_free, "set from signal handlers");

extern "C" void note_interrupt(int /*signal*/) {
  if (was_noted.exchange(true, std::memory_order_relaxed)) request_stop();
}

}  // namespace

InterruptNote::InterruptNote() {
  was_noted = false;
  struct sigaction action {};
  action.sa_handler = note_interrupt;
  action.sa_flags = static_cast<int>(SA_RESTART);
  for (std::size_t i = 0; i < kSignals.size(); ++i) {
    sigaction(kSignals[i], nullptr, &before_[i]);
    if (before_[i].sa_handler != SIG_IGN) sigaction(kSignals[i], &action, nullptr);
  }
}

InterruptNote::~InterruptNote() {
  for (std::size_t i = 0; i < kSignals.size(); ++i) sigaction(kSignals[i], &before_[i], nullptr);
}

bool InterruptNote::noted() const {
  return was_noted.load(std::memory_order_relaxed);
}

}  // namespace ptattn::tools
