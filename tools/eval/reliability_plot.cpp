#include "reliability_plot.hpp"

#include <algorithm>

#include "../plot/canvas.hpp"
#include "../text.hpp"

namespace ptattn::tools {
namespace {

constexpr double kSide = 400.0;    // of the diagram, in pixels
constexpr double kShares = 100.0;  // height of the bars of shares
constexpr double kLeft = 56.0;
constexpr double kTop = 40.0;
constexpr double kBetween = 64.0;
constexpr Spot kSize{kLeft + kSide + 24.0, kTop + kSide + kBetween + kShares + 20.0};
constexpr Rgb kAccuracy{60, 120, 220};
constexpr Rgb kShare{170, 170, 170};
constexpr Rgb kDiagonal{220, 80, 60};

/// @param confidence, accuracy  0 to 1
Spot at(double confidence, double accuracy) {
  return {kLeft + confidence * kSide, kTop + (1.0 - accuracy) * kSide};
}

void draw_axes(const ReliabilityTable& table, const Canvas& canvas) {
  canvas.text({kLeft, 10.0}, "calibration error " + percent_text(table.expected_error(), 2),
              Anchor::kStart);
  for (int tenth = 0; tenth <= 10; tenth += 2) {
    const double x = tenth / 10.0;
    canvas.line(at(0.0, x), at(1.0, x), kGrid);
    canvas.text({kLeft - 8.0, at(0.0, x).y - 8.0}, number_text(x), Anchor::kEnd);
    canvas.text({at(x, 0.0).x, at(x, 0.0).y + 8.0}, number_text(x), Anchor::kMiddle);
  }
  canvas.text({kLeft, at(0.0, 0.0).y + 34.0}, "share of all", Anchor::kStart);
}

void draw_diagram(const ReliabilityTable& table, const Canvas& canvas) {
  draw_axes(table, canvas);
  constexpr double kWidth = 1.0 / static_cast<double>(ReliabilityTable::kBins);
  const double all = std::max(1.0, static_cast<double>(table.items()));
  const double bottom = kTop + kSide + kBetween + kShares;
  for (std::size_t b = 0; b < ReliabilityTable::kBins; ++b) {
    const ReliabilityTable::Bin& bin = table.bins()[b];
    const double left = static_cast<double>(b) * kWidth;
    const double share = static_cast<double>(bin.items) / all;
    if (bin.items == 0) continue;
    const Spot low = at(left, 0.0);
    const Spot high = at(left + kWidth, bin.accuracy());
    canvas.box({low.x + 1.0, low.y}, {high.x - 1.0, high.y}, kAccuracy);
    canvas.box({low.x + 1.0, bottom}, {high.x - 1.0, bottom - share * kShares}, kShare);
  }
  canvas.line(at(0.0, 0.0), at(1.0, 1.0), kDiagonal);
  canvas.line(at(0.0, 0.0), at(1.0, 0.0), kInk);
  canvas.line({kLeft, bottom}, {kLeft + kSide, bottom}, kInk);
}

}  // namespace

Image reliability_image(const ReliabilityTable& table) {
  return draw_image(kSize, [&](const Canvas& canvas) { draw_diagram(table, canvas); });
}

std::string reliability_svg(const ReliabilityTable& table) {
  return draw_svg(kSize, [&](const Canvas& canvas) { draw_diagram(table, canvas); });
}

}  // namespace ptattn::tools
