#pragma once

#include <chrono>
#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ptattn/tasks/geometry/hint.hpp"

namespace ptattn::tools {

/// What files of a stream took, all but the first, which meets a network that was never used.
struct Pace {
  std::size_t files = 0;
  double seconds = 0.0;            ///< of work, without the time of waiting for names
  double processor_seconds = 0.0;  ///< of all threads in that time
  int threads = 1;                 ///< that may work at a time
};

/// What a long run says on standard error: a line of progress that rewrites itself, drawn only on a
/// terminal, and messages, which never collide with it. Used by one thread at a time.
///
/// The line counts the files of a run and, within one file, its points or the share that is done:
/// `3 of 12 clouds, 0.8 a second, 0:11 left; 43 %, 0:03 left`.
class Progress {
 public:
  /// Makes one that says nothing and keeps notes, warnings and messages to be said by another: of a
  /// file that is worked on beside others.
  Progress();
  /// @param unit  what is counted
  Progress(std::string name, std::size_t total, std::string unit = "clouds");
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  /// That many more items are to come than was known.
  void expect(std::size_t items) { items_.total += items; }
  /// That many more items are done; redraws at most ten times a second.
  void advance(std::size_t items = 1);
  /// Shows what is being done to the current item, such as "reading", until its parts are counted.
  void status(std::string_view text);
  /// Shows how many parts of the current item are done.
  void show_parts(std::size_t done, std::size_t total, const std::string& unit);
  /// A line of its own that always appears: `<name>: <message>`, for errors and how a run ended.
  void message(std::string_view text);
  /// A line about a file: what it lacks, what was chosen. Once a run for notes that differ in their
  /// numbers only, for every file with -v, not at all with -q.
  void note(std::string_view subject, std::string_view text);
  /// A line about a file that makes its result doubtful. Always appears, for every file, also with
  /// -q. Kept for the file's record, too.
  void warn(std::string_view subject, const Hint& warning);
  /// Hands out the warnings since the last call.
  [[nodiscard]] std::vector<Hint> take_warnings() { return std::exchange(warnings_, {}); }
  /// The last line of a run: files, points, seconds, points per second; none with -q.
  void summary(std::size_t files, std::size_t items, std::string_view unit = "points");
  /// After the summary of a stream: how long its files took; none with -q, or of fewer than two.
  void pace(const Pace& pace);
  /// Lets `other` say what this one kept, in order.
  void tell(Progress& other);
  /// Takes the progress line away, before something else is written to the same terminal. The next
  /// `advance` brings it back.
  void hide();

 private:
  using Clock = std::chrono::steady_clock;
  struct Count {
    std::size_t total = 0;
    std::string unit;
    std::size_t done = 0;
    Clock::time_point start = Clock::now();
  };
  /// A line that is to be said by another.
  struct Line {
    enum class Kind { kMessage, kNote, kWarning } kind;
    std::string subject;
    Hint hint;  ///< its text is the line, its code that of a warning
  };
  [[nodiscard]] static double seconds_since(Clock::time_point start);
  void draw(bool at_once);

  std::string name_;
  Count items_;
  Count parts_;
  std::string status_;
  bool shown_;  ///< there is a terminal, and the user wants progress
  bool drawn_ = false;
  Clock::time_point last_draw_;
  std::set<std::string> noted_;  ///< notes without their digits
  std::vector<Hint> warnings_;
  bool keeps_ = false;
  std::vector<Line> kept_;
};

/// "12 of 40 clouds, 3.1 a second, 0:09 left", or, of the unit "%", "30 %, 0:09 left"
[[nodiscard]] std::string progress_text(std::size_t done, std::size_t total, double seconds,
                                        std::string_view unit = "clouds");

/// "after the first 0.35 s a file, 0.62 s of the processor (2 threads); 10 files a second would
/// keep 7 cores busy, or more"
[[nodiscard]] std::string pace_line(const Pace& pace);

/// "3 files, 58716 points, 0.52 s, 112915 points/s"
[[nodiscard]] std::string summary_line(std::size_t files, std::size_t items, double seconds,
                                       std::string_view unit = "points");

}  // namespace ptattn::tools
