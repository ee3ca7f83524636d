#pragma once

#include <csignal>

#include <array>

namespace ptattn::tools {

/// While it lives, the first SIGINT, SIGTERM or SIGHUP is only noted: for work in short steps that
/// must not end halfway, since a torn step leaves torn weights. A second one requests a stop
/// (core/stop.hpp). Ignored signals stay ignored. At most one at a time.
class InterruptNote {
 public:
  InterruptNote();
  ~InterruptNote();
  InterruptNote(const InterruptNote&) = delete;
  InterruptNote& operator=(const InterruptNote&) = delete;

  [[nodiscard]] bool noted() const;

 private:
  static constexpr std::array kSignals{SIGINT, SIGTERM, SIGHUP};
  std::array<struct sigaction, kSignals.size()> before_{};
};

}  // namespace ptattn::tools
