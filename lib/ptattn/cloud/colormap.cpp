#include "ptattn/cloud/colormap.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <numbers>
#include <string>

#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"

namespace ptattn {
namespace {

constexpr double kDarkest = 0.15;
constexpr double kBrightest = 0.92;
constexpr double kStart = 0.6;
constexpr double kRotations = -0.9;
constexpr double kHue = 1.8;
constexpr Rgb kNoValue{128, 128, 128};
constexpr std::size_t kGrain = 16384;  // points a task

std::uint8_t as_byte(double x) {
  return static_cast<std::uint8_t>(std::lround(255.0 * std::clamp(x, 0.0, 1.0)));
}

}  // namespace

ColorRange range_up_to(std::span<const float> values, double percent, double low) {
  if (!(percent > 0.0 && percent <= 100.0)) {
    throw Error(Fault::kUsage, "range_up_to",
                "got " + std::to_string(percent) + " percent, expected above 0, up to 100");
  }
  std::vector<float> above;
  std::ranges::copy_if(values, std::back_inserter(above),
                       [&](float v) { return std::isfinite(v) && v > low; });
  if (above.empty()) return {low, low + 1.0};
  const double within = std::ceil(percent / 100.0 * static_cast<double>(above.size()));
  const auto last =
      above.begin() + std::max(static_cast<std::ptrdiff_t>(within) - 1, std::ptrdiff_t{0});
  std::nth_element(above.begin(), last, above.end());
  return {low, *last};
}

Rgb color_of(double t) {
  if (std::isnan(t)) return kNoValue;
  const double f = std::lerp(kDarkest, kBrightest, std::clamp(t, 0.0, 1.0));
  const double phi = 2.0 * std::numbers::pi * (kStart / 3.0 + kRotations * f);
  const double a = kHue * f * (1.0 - f) / 2.0;
  const double c = std::cos(phi);
  const double s = std::sin(phi);
  return {as_byte(f + a * (-0.14861 * c + 1.78277 * s)),
          as_byte(f + a * (-0.29227 * c - 0.90649 * s)), as_byte(f + a * 1.97294 * c)};
}

std::vector<Rgb> colors_of(std::span<const float> values, const ColorRange& range) {
  std::vector<Rgb> colors(values.size());
  parallel_each(values.size(), kGrain, [&](std::size_t i) {
    colors[i] = color_of((values[i] - range.low) / (range.high - range.low));
  });
  return colors;
}

}  // namespace ptattn
