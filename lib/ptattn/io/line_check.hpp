#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "ptattn/io/ascii_numbers.hpp"
#include "ptattn/io/byte_source.hpp"

namespace ptattn::io {

/// Watches whether the points of a text body stand on lines of their own, and remembers the
/// first line that does not hold one: where a body does not fit its header, that is the line to
/// name.
class LineCheck {
 public:
  /// @param announced  values a point; 0: they vary
  LineCheck(const TextValues& values, std::uint64_t announced)
      : values_(&values), announced_(announced) {}

  /// To be called when the reader stands at the first value of a point.
  void begin_point() {
    if (problem_line_ == 0 && values_->line() == last_line_) note_problem();
    first_line_ = values_->line();
    first_offset_ = values_->offset();
    in_point_ = true;
  }
  /// To be called behind its last value.
  void end_point() {
    last_line_ = values_->line();
    in_point_ = false;
    if (problem_line_ == 0 && last_line_ != first_line_) note_problem();
  }
  /// To be called when reading failed: the point in work may be what is wrong, unless the body just
  /// ends there; where none was begun, a line of the first MiB.
  /// @param start  a reader at the first value of all points; nullptr: not known
  void stop_early(const TextValues* start);
  /// To be called when there is more behind the last point: its line may be too long.
  void stop_before_rest() {
    if (problem_line_ == 0 && values_->line() == last_line_) note_problem();
  }

  /// Returns "line 8: 6 values where the header announces 3"; nothing while every point has its
  /// line.
  [[nodiscard]] std::optional<std::string> problem(const ByteSource& source, char line_end) const;

 private:
  void note_problem() {
    problem_line_ = first_line_;
    problem_offset_ = first_offset_;
  }

  const TextValues* values_;
  std::uint64_t announced_;
  std::uint64_t first_line_ = 0;  // of the point in work
  std::uint64_t first_offset_ = 0;
  std::uint64_t last_line_ = 0;
  bool in_point_ = false;
  std::uint64_t problem_line_ = 0;
  std::uint64_t problem_offset_ = 0;
};

/// Represents a line and where its first word stands.
struct OddLine {
  std::uint64_t line = 0;
  std::uint64_t offset = 0;
};

/// Returns the first line with other than `announced` words among those that begin in the next MiB;
/// the last of a body may be cut short.
[[nodiscard]] std::optional<OddLine> find_odd_line(TextValues values, std::uint64_t announced);

/// Returns words from `offset` to the end of the line, at most a million.
[[nodiscard]] std::uint64_t words_on_line(const ByteSource& source, std::uint64_t offset,
                                          char line_end);

}  // namespace ptattn::io
