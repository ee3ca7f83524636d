#pragma once

namespace ptattn::tools {

/// Exit code of a command that Ctrl-C, `kill` or the end of its terminal ended: 128 + SIGINT, as
/// shells have it.
inline constexpr int kInterrupted = 130;

/// While it lives, the first SIGINT, SIGTERM or SIGHUP requests a stop (core/stop.hpp): loops,
/// reading and writing throw Stopped, so that a run ends with its output in order. A second one
/// ends the process by end_process, with kInterrupted. Signals that the caller ignores (nohup,
/// background jobs of a shell) stay ignored. At most one at a time.
class InterruptWatch {
 public:
  InterruptWatch();
  ~InterruptWatch();
  InterruptWatch(const InterruptWatch&) = delete;
  InterruptWatch& operator=(const InterruptWatch&) = delete;

  /// From now on the first signal is like a second one, for waits that nothing else ends.
  static void end_at_once();
};

}  // namespace ptattn::tools
