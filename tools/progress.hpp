#pragma once

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>

namespace ptattn::tools {

/// What a long run says on stderr: a line of progress that rewrites itself, drawn only on a
/// terminal, and messages, which always appear and never collide with it. Used by one thread at a
/// time.
class Progress {
 public:
  /// @param unit  what is counted
  Progress(std::string name, std::size_t total, std::string unit = "clouds");
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// That many more items are done; redraws at most ten times a second.
  void advance(std::size_t items = 1);
  /// A line of its own: `<name>: <message>`.
  void message(std::string_view text);
  /// Takes the progress line away, before something else is written to the same terminal. The next
  /// `advance` brings it back.
  void hide();

 private:
  using Clock = std::chrono::steady_clock;

  std::string name_;
  std::string unit_;
  std::size_t total_;
  std::size_t done_ = 0;
  bool terminal_;
  bool drawn_ = false;
  Clock::time_point start_;
  Clock::time_point last_draw_;
};

/// "12 of 40 clouds, 3.1 a second, 0:09 left"
[[nodiscard]] std::string progress_text(std::size_t done, std::size_t total, double seconds,
                                        std::string_view unit = "clouds");

}  // namespace ptattn::tools
