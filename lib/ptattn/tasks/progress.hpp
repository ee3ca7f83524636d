#pragma once

#include <cstddef>
#include <functional>

namespace ptattn {

/// Hears how much of a long computation is done, in units of the computation's own (points, tiles);
/// may be empty. Called by one thread at a time, with growing `done`.
using ProgressCallback = std::function<void(std::size_t done, std::size_t total)>;

/// Returns the callback of pass `pass` of `passes` equal ones; empty when `progress` is.
[[nodiscard]] inline ProgressCallback progress_of_pass(const ProgressCallback& progress,
                                                       std::size_t pass, std::size_t passes) {
  if (!progress) return {};
  return [&progress, pass, passes](std::size_t done, std::size_t total) {
    progress(pass * total + done, passes * total);
  };
}

}  // namespace ptattn
