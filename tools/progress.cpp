#include "progress.hpp"

#include <unistd.h>

#include <array>
#include <cmath>
#include <cstdio>
#include <utility>

namespace ptattn::tools {
namespace {

constexpr std::chrono::milliseconds kRedrawInterval{100};
constexpr const char* kEraseLine = "\r\033[K";

}  // namespace

std::string progress_text(std::size_t done, std::size_t total, double seconds,
                          std::string_view unit) {
  std::string text = std::to_string(done) + " of " + std::to_string(total) + " ";
  text += unit;
  if (done == 0 || seconds <= 0.0) return text;
  const double each = seconds / static_cast<double>(done);
  const auto left = static_cast<long long>(
      std::ceil(static_cast<double>(total - done) * seconds / static_cast<double>(done)));
  std::array<char, 32> pace;
  if (each > 10.0) {
    std::snprintf(pace.data(), pace.size(), ", %.0f s each", each);
  } else {
    std::snprintf(pace.data(), pace.size(), each > 0.1 ? ", %.2f a second" : ", %.0f a second",
                  1.0 / each);
  }
  std::array<char, 48> time;
  if (left >= 3600) {
    std::snprintf(time.data(), time.size(), ", %lld:%02lld:%02lld left", left / 3600,
                  left / 60 % 60, left % 60);
  } else {
    std::snprintf(time.data(), time.size(), ", %lld:%02lld left", left / 60, left % 60);
  }
  return text + pace.data() + time.data();
}

Progress::Progress(std::string name, std::size_t total, std::string unit)
    : name_(std::move(name)),
      unit_(std::move(unit)),
      total_(total),
      terminal_(::isatty(STDERR_FILENO) == 1),
      start_(Clock::now()) {}

Progress::~Progress() {
  hide();
}

void Progress::advance(std::size_t items) {
  done_ += items;
  if (!terminal_) return;
  const auto now = Clock::now();
  if (drawn_ && now - last_draw_ < kRedrawInterval) return;
  const double seconds = std::chrono::duration<double>(now - start_).count();
  std::fprintf(stderr, "%s%s", kEraseLine, progress_text(done_, total_, seconds, unit_).c_str());
  std::fflush(stderr);
  drawn_ = true;
  last_draw_ = now;
}

void Progress::message(std::string_view text) {
  hide();
  std::fprintf(stderr, "%s: %.*s\n", name_.c_str(), static_cast<int>(text.size()), text.data());
}

void Progress::hide() {
  if (!drawn_) return;
  std::fputs(kEraseLine, stderr);
  std::fflush(stderr);
  drawn_ = false;
}

}  // namespace ptattn::tools
