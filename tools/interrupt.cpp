#include "interrupt.hpp"

#include <array>
#include <csignal>

#include "ptattn/core/stop.hpp"

namespace ptattn::tools {
namespace {

constexpr std::array kSignals{SIGINT, SIGTERM};

std::array<struct sigaction, kSignals.size()> before;

extern "C" void stop(int /*signal*/) {
  request_stop();
}

}  // namespace

InterruptWatch::InterruptWatch() {
  withdraw_stop();
  struct sigaction action {};
  action.sa_handler = stop;
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
  return stop_requested();
}

}  // namespace ptattn::tools
