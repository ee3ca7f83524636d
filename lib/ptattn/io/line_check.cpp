#include "ptattn/io/line_check.hpp"

namespace ptattn::io {

std::uint64_t words_on_line(const ByteSource& source, std::uint64_t offset, char line_end) {
  constexpr std::uint64_t kMost = 1000000;
  TextValues line(ByteStream(source, offset), 1, line_end);
  std::uint64_t count = 0;
  while (count < kMost && line.skip_space() && line.line() == 1) {
    if (line.next().empty()) break;
    ++count;
  }
  return count;
}

std::optional<OddLine> find_odd_line(TextValues values, std::uint64_t announced) {
  constexpr std::uint64_t kLook = std::uint64_t{1} << 20;
  const std::uint64_t end = values.offset() + kLook;
  bool more = values.skip_space();
  while (more && values.offset() < end) {
    const OddLine at{values.line(), values.offset()};
    std::uint64_t found = 0;
    do {
      if (values.next().empty()) break;
      ++found;
      more = values.skip_space();
    } while (more && values.line() == at.line);
    if (found != announced && (more || found > announced)) return at;
  }
  return std::nullopt;
}

void LineCheck::stop_early(const TextValues* start) {
  if (problem_line_ != 0) return;
  if (first_line_ == 0) {
    if (start == nullptr || announced_ == 0) return;
    const auto odd = find_odd_line(*start, announced_);
    if (!odd) return;
    first_line_ = odd->line;
    first_offset_ = odd->offset;
    note_problem();
    return;
  }
  const bool ended = values_->most_bytes() <= 1;
  if (in_point_ && !ended && values_->line() != first_line_) note_problem();
}

std::optional<std::string> LineCheck::problem(const ByteSource& source, char line_end) const {
  if (problem_line_ == 0) return std::nullopt;
  const std::uint64_t found = words_on_line(source, problem_offset_, line_end);
  std::string text = "line " + std::to_string(problem_line_) + ": " + std::to_string(found) +
                     (found == 1 ? " value" : " values");
  if (announced_ == 0) return text + ", which are not those of one point";
  return text + " where the header announces " + std::to_string(announced_);
}

}  // namespace ptattn::io
