#pragma once

#include <cmath>
#include <cstddef>

namespace ptattn {

struct Minimum {
  double at = 0.0;
  double value = 0.0;
};

/// Returns the minimum of `f` over [low, high], looked for on a logarithmic scale.
///
/// `grid` values evenly spaced in log x find the right valley, golden section search (Kiefer 1953)
/// between the neighbours of the best of them finds its bottom. For a function with one valley
/// wider than a grid step that is the minimum; for any other it is the best value seen. Equal
/// values: the smallest x of the grid wins.
/// @param low, high  0 < low <= high
/// @param grid       >= 2
/// Calls f grid + steps + 2 times, one after the other.
template <class Function>
[[nodiscard]] Minimum minimize_over_log(double low, double high, const Function& f,
                                        std::size_t grid = 24, std::size_t steps = 16) {
  const double start = std::log(low);
  const double step = (std::log(high) - start) / static_cast<double>(grid - 1);
  Minimum best{low, f(low)};
  double best_log = start;
  const auto consider = [&](double log_x) {
    const double x = std::exp(log_x);
    const double value = f(x);
    if (value < best.value) {
      best = {x, value};
      best_log = log_x;
    }
    return value;
  };
  for (std::size_t i = 1; i < grid; ++i) consider(start + step * static_cast<double>(i));
  if (!(step > 0.0)) return best;

  constexpr double kGolden = 0.6180339887498949;
  double left = std::fmax(best_log - step, start);
  double right = std::fmin(best_log + step, std::log(high));
  double a = right - kGolden * (right - left);
  double b = left + kGolden * (right - left);
  double value_a = consider(a);
  double value_b = consider(b);
  for (std::size_t i = 0; i < steps; ++i) {
    if (value_a <= value_b) {
      right = b;
      b = a;
      value_b = value_a;
      value_a = consider(a = right - kGolden * (right - left));
    } else {
      left = a;
      a = b;
      value_a = value_b;
      value_b = consider(b = left + kGolden * (right - left));
    }
  }
  return best;
}

}  // namespace ptattn
