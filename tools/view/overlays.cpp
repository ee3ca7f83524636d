#include "overlays.hpp"

#include <cstddef>
#include <optional>
#include <utility>

#include "legend_panel.hpp"
#include "map_marks.hpp"

namespace ptattn::tools {
namespace {

constexpr std::size_t kScalePart = 5;  // the scale bar takes up to a fifth of a pane

/// The most that a panel may take of a pane.
bool fits(const view::Canvas& canvas, const view::Sight& sight) {
  return 3 * canvas.width() <= 2 * sight.pane_width && 3 * canvas.height() <= 2 * sight.height;
}

/// The unit of what the colours stand for.
std::string unit_of(const view::ColorSource& source, const std::string& length_unit) {
  const std::string& name = source.name;
  const bool length = source.kind == view::ColorKind::kHeight || name == "x" || name == "y";
  if (length) return length_unit;
  return name == "entropy" ? "nats" : "";
}

}  // namespace

bool has_content(const view::Legend& legend) {
  return legend.range || !legend.classes.empty();
}

std::vector<view::Overlay> lay_out(const Overlays& overlays, const Lettering& lettering,
                                   const view::Sight& sight) {
  const PanelStyle style{lettering, overlays.background, em_of(sight.height)};
  const std::size_t margin = style.em / 2;
  std::vector<view::Overlay> laid;
  const auto lay = [&](view::Canvas canvas, std::size_t right_end, bool bottom) {
    if (!fits(canvas, sight)) return;
    const std::size_t x = right_end == 0 ? margin : right_end - canvas.width() - margin;
    const std::size_t y = bottom ? sight.height - canvas.height() - margin : margin;
    laid.push_back({.canvas = std::move(canvas), .x = x, .y = y});
  };
  for (std::size_t i = 0; i < overlays.captions.size(); ++i) {
    if (overlays.captions[i].empty()) continue;
    view::Canvas line = draw_caption(overlays.captions[i], sight.pane_width, style);
    if (3 * line.height() > 2 * sight.height) break;
    laid.push_back({.canvas = std::move(line), .x = i * sight.pane_width, .y = 0});
  }
  for (std::size_t i = 0; i < overlays.legends.size(); ++i) {
    const view::Legend& legend = overlays.legends[i];
    if (!has_content(legend)) continue;
    const std::string unit = unit_of(legend.source, overlays.length_unit);
    lay(draw_legend(legend, unit, sight.height * 2 / 3, style),
        overlays.legends.size() == 1 ? sight.width : (i + 1) * sight.pane_width, false);
  }
  const std::optional<ScaleLength> scale =
      scale_length(sight.pixels_per_unit, sight.pane_width / kScalePart);
  if (scale) lay(draw_scale_bar(*scale, overlays.length_unit, style), 0, true);
  if (overlays.compass) {
    std::optional<view::Canvas> compass = draw_compass(sight.axes, style);
    if (compass) lay(std::move(*compass), sight.width, true);
  }
  return laid;
}

}  // namespace ptattn::tools
