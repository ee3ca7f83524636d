// Nadaraya-Watson regression, the oldest attention: noisy values of a curve are replaced by
// averages whose weights fall with the distance, and the width of the kernel is learnt.

#include <array>
#include <cmath>
#include <cstdio>
#include <ptattn/core/error.hpp>
#include <ptattn/core/random.hpp>
#include <ptattn/nn/pooling/bandwidth.hpp>

namespace {

/// Root of the mean squared distance from the curve.
double error_of(const ptattn::Matrix& values, const ptattn::Matrix& curve) {
  double sum = 0.0;
  for (std::size_t i = 0; i < curve.size(); ++i) {
    sum += std::pow(values.data()[i] - curve.data()[i], 2.0);
  }
  return std::sqrt(sum / static_cast<double>(curve.size()));
}

}  // namespace

int main() try {
  constexpr std::size_t kPoints = 400;
  ptattn::Matrix x(kPoints, 1), curve(kPoints, 1), noisy(kPoints, 1), mean(kPoints, 1);
  ptattn::Random random(1);
  double sum = 0.0;
  for (std::size_t i = 0; i < kPoints; ++i) {
    const double at = 5.0 * random.uniform();
    x.data()[i] = static_cast<float>(at);
    curve.data()[i] = static_cast<float>(2.0 * std::sin(at) + std::pow(at, 0.8));
    noisy.data()[i] = curve.data()[i] + static_cast<float>(2.0 * random.uniform() - 1.0);
    sum += noisy.data()[i];
  }
  for (std::size_t i = 0; i < kPoints; ++i) mean.data()[i] = static_cast<float>(sum / kPoints);

  // The width that predicts each value best from all others ...
  const auto fit = ptattn::fit_bandwidth({.keys = x.view(), .values = noisy.view()});
  // ... and f(x) = sum_i softmax_i(-(x - x_i)^2 / (2 h^2)) y_i
  ptattn::Matrix smooth(kPoints, 1);
  const std::array width{static_cast<float>(fit.bandwidth)};  // one for all queries
  ptattn::kernel_regression(x.view(), {x.view(), noisy.view()}, {.bandwidth = width},
                            smooth.view());

  std::printf("learnt bandwidth %.3f, leave-one-out loss %.3f\n", fit.bandwidth, fit.loss);
  std::printf("error of the noisy values    %.3f\n", error_of(noisy, curve));
  std::printf("error of the smoothed values %.3f\n", error_of(smooth, curve));
  std::printf("error of their mean          %.3f\n", error_of(mean, curve));
} catch (const ptattn::Error& error) {
  std::fprintf(stderr, "%s\n", error.what());
  return error.exit_code();
}
