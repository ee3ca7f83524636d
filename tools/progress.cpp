#include "progress.hpp"

#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cmath>
#include <cstdio>
#include <iterator>
#include <utility>

#include "talk.hpp"
#include "text.hpp"

namespace ptattn::tools {
namespace {

constexpr std::chrono::milliseconds kRedrawInterval{100};
constexpr const char* kEraseLine = "\r\033[K";
constexpr std::size_t kUsualColumns = 80;

/// Columns of the terminal, so that the line of progress never wraps.
std::size_t terminal_columns() {
  struct winsize size {};
  const bool known = ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 1;
  return known ? size.ws_col - std::size_t{1} : kUsualColumns;
}

/// ", 2.5 a second", or seconds for each where they are many.
std::string pace_text(double each) {
  std::array<char, 32> pace;
  if (each > 10.0) {
    std::snprintf(pace.data(), pace.size(), ", %.0f s each", each);
  } else {
    std::snprintf(pace.data(), pace.size(), each > 0.1 ? ", %.2f a second" : ", %.0f a second",
                  1.0 / each);
  }
  return pace.data();
}

/// ", 0:12 left"
std::string left_text(long long seconds) {
  std::array<char, 48> time;
  if (seconds >= 3600) {
    std::snprintf(time.data(), time.size(), ", %lld:%02lld:%02lld left", seconds / 3600,
                  seconds / 60 % 60, seconds % 60);
  } else {
    std::snprintf(time.data(), time.size(), ", %lld:%02lld left", seconds / 60, seconds % 60);
  }
  return time.data();
}

std::string line_about(std::string_view subject, std::string_view text) {
  std::string line(subject);
  if (!line.empty()) line += ": ";
  return line += text;
}

}  // namespace

std::string progress_text(std::size_t done, std::size_t total, double seconds,
                          std::string_view unit) {
  const bool is_share = unit == "%";
  std::string text = std::to_string(done);
  text += (is_share ? std::string() : " of " + std::to_string(total)) + " ";
  text += unit;
  if (done == 0 || seconds <= 0.0) return text;
  const auto left = static_cast<long long>(
      std::ceil(static_cast<double>(total - done) * seconds / static_cast<double>(done)));
  return text + (is_share ? "" : pace_text(seconds / static_cast<double>(done))) + left_text(left);
}

std::string summary_line(std::size_t files, std::size_t items, double seconds,
                         std::string_view unit) {
  const double pace = static_cast<double>(items) / std::max(seconds, 1e-6);
  return std::to_string(files) + (files == 1 ? " file, " : " files, ") + std::to_string(items) +
         " " + std::string(unit) + ", " + fixed_text(seconds, 2) + " s, " + fixed_text(pace, 0) +
         " " + std::string(unit) + "/s";
}

std::string pace_line(const Pace& pace) {
  constexpr double kRate = 10.0;  // of spinning sensors
  const auto files = static_cast<double>(pace.files);
  const double cores = std::ceil(kRate * pace.processor_seconds / files);
  return "after the first " + fixed_text(pace.seconds / files, 3) + " s a file, " +
         fixed_text(pace.processor_seconds / files, 3) + " s of the processor (" +
         std::to_string(pace.threads) + (pace.threads == 1 ? " thread" : " threads") +
         "); 10 files a second would keep " + fixed_text(cores, 0) +
         (cores == 1.0 ? " core" : " cores") + " busy, or more";
}

Progress::Progress(std::string name, std::size_t total, std::string unit)
    : name_(std::move(name)),
      items_{total, std::move(unit)},
      shown_(talk().progress && !talk().quiet && ::isatty(STDERR_FILENO) == 1) {}

Progress::Progress() : shown_(false), keeps_(true) {}

Progress::~Progress() {
  hide();
}

double Progress::seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

void Progress::draw(bool at_once) {
  if (!shown_) return;
  const auto now = Clock::now();
  if (!at_once && drawn_ && now - last_draw_ < kRedrawInterval) return;
  std::string text;
  const bool counts_parts = parts_.total > 0;
  if (items_.total != 1 || (!counts_parts && status_.empty())) {
    text = progress_text(items_.done, items_.total, seconds_since(items_.start), items_.unit);
  }
  if (counts_parts || !status_.empty()) text += text.empty() ? "" : "; ";
  text += counts_parts
              ? progress_text(parts_.done, parts_.total, seconds_since(parts_.start), parts_.unit)
              : status_;
  text.resize(std::min(text.size(), terminal_columns()));
  std::fprintf(stderr, "%s%s", kEraseLine, text.c_str());
  std::fflush(stderr);
  drawn_ = true;
  last_draw_ = now;
}

void Progress::advance(std::size_t items) {
  items_.done += items;
  parts_ = {};
  status_.clear();
  draw(false);
}

void Progress::status(std::string_view text) {
  status_ = text;
  parts_ = {};
  draw(true);
}

void Progress::show_parts(std::size_t done, std::size_t total, const std::string& unit) {
  const bool begins = parts_.total != total || parts_.unit != unit || done < parts_.done;
  if (begins) parts_ = {total, unit};
  parts_.done = done;
  draw(begins || done >= total);
}

void Progress::message(std::string_view text) {
  if (keeps_) return kept_.push_back({Line::Kind::kMessage, {}, {{}, std::string(text)}});
  hide();
  say(name_, text, true);
}

void Progress::note(std::string_view subject, std::string_view text) {
  if (keeps_) {
    return kept_.push_back({Line::Kind::kNote, std::string(subject), {{}, std::string(text)}});
  }
  if (talk().quiet) return;
  std::string kind;
  std::ranges::copy_if(text, std::back_inserter(kind),
                       [](unsigned char c) { return std::isdigit(c) == 0 && c != '.'; });
  const bool is_new = noted_.insert(kind).second;
  if (!is_new && !talk().verbose) return;
  hide();
  say(name_, line_about(subject, text));
}

void Progress::warn(std::string_view subject, const Hint& warning) {
  if (keeps_) return kept_.push_back({Line::Kind::kWarning, std::string(subject), warning});
  hide();
  say(name_, line_about(subject, warning.text));
  warnings_.push_back(warning);
}

void Progress::summary(std::size_t files, std::size_t items, std::string_view unit) {
  hide();
  if (!talk().quiet) say(name_, summary_line(files, items, seconds_since(items_.start), unit));
}

void Progress::pace(const Pace& pace) {
  hide();
  if (!talk().quiet && pace.files > 1) say(name_, pace_line(pace));
}

void Progress::tell(Progress& other) {
  for (const Line& line : std::exchange(kept_, {})) {
    switch (line.kind) {
      case Line::Kind::kMessage:
        other.message(line.hint.text);
        break;
      case Line::Kind::kNote:
        other.note(line.subject, line.hint.text);
        break;
      case Line::Kind::kWarning:
        other.warn(line.subject, line.hint);
        break;
    }
  }
}

void Progress::hide() {
  if (!drawn_) return;
  std::fputs(kEraseLine, stderr);
  std::fflush(stderr);
  drawn_ = false;
}

}  // namespace ptattn::tools
