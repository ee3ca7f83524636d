#pragma once

namespace ptattn::tools {

/// Exit code of a command that Ctrl-C or `kill` ended: 128 + SIGINT, as shells have it.
inline constexpr int kInterrupted = 130;

/// While it lives, the first SIGINT or SIGTERM only requests a stop (core/stop.hpp): parallel loops
/// throw Stopped, and a run can end with its output in order. A second one kills as usual. At most
/// one at a time.
class InterruptWatch {
 public:
  InterruptWatch();
  ~InterruptWatch();
  InterruptWatch(const InterruptWatch&) = delete;
  InterruptWatch& operator=(const InterruptWatch&) = delete;

  [[nodiscard]] bool interrupted() const;
};

}  // namespace ptattn::tools
