#pragma once

namespace ptattn::tools {

/// Exit code of a command that Ctrl-C or `kill` ended: 128 + SIGINT, as shells have it.
inline constexpr int kInterrupted = 130;

/// While it lives, the first SIGINT or SIGTERM only sets a flag, so that a run can end between two
/// clouds with its output in order. A second one kills as usual. At most one at a time.
class InterruptWatch {
 public:
  InterruptWatch();
  ~InterruptWatch();
  InterruptWatch(const InterruptWatch&) = delete;
  InterruptWatch& operator=(const InterruptWatch&) = delete;

  [[nodiscard]] bool interrupted() const;
};

}  // namespace ptattn::tools
