#include "stage.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <utility>

#include "legend_panel.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/io/png.hpp"
#include "spacing.hpp"
#include "summary.hpp"

namespace ptattn::tools {
namespace {

constexpr double kPointStep = 1.25;
constexpr double kFaded = 0.82;  // how far equal points of --compare go towards the background
constexpr std::array<Rgb, 3> kBackgrounds{{{255, 255, 255}, {64, 64, 68}, {0, 0, 0}}};
constexpr std::array<std::pair<char, const char*>, 7> kLooks{{{'t', "top"},
                                                              {'u', "bottom"},
                                                              {'f', "front"},
                                                              {'k', "back"},
                                                              {'s', "right"},
                                                              {'w', "left"},
                                                              {'i', "iso"}}};

void fade(std::vector<Rgb>& colors, const std::vector<bool>& differs, const Rgb& background) {
  for (std::size_t i = 0; i < differs.size(); ++i) {
    if (differs[i]) continue;
    for (std::size_t c = 0; c < 3; ++c) {
      colors[i][c] = static_cast<std::uint8_t>(std::lround(std::lerp(
          static_cast<double>(colors[i][c]), static_cast<double>(background[c]), kFaded)));
    }
  }
}

double along(const Position& axis, const std::array<float, 3>& p) {
  return axis[0] * p[0] + axis[1] * p[1] + axis[2] * p[2];
}

std::vector<std::array<float, 3>> all_places(const Scene& scene) {
  std::vector<std::array<float, 3>> places;
  for (const ShownCloud& shown : scene.clouds) {
    places.insert(places.end(), shown.places.begin(), shown.places.end());
  }
  return places;
}

/// The clouds together, side by side, each alone.
std::vector<std::vector<view::Pane>> arrangements_of(std::size_t clouds) {
  std::vector<std::vector<view::Pane>> arrangements(clouds == 1 ? 1 : 2);
  arrangements[0].resize(1);
  for (std::size_t i = 0; i < clouds; ++i) {
    arrangements[0][0].layers.push_back(i);
    if (clouds == 1) continue;
    arrangements[1].push_back({{i}});
    arrangements.push_back({{{i}}});
  }
  return arrangements;
}

}  // namespace

Stage::Stage(view::ViewerWindow& window, Scene scene, StageSettings settings)
    : window_(window),
      scene_(std::move(scene)),
      settings_(std::move(settings)),
      arrangements_(arrangements_of(scene_.clouds.size())) {
  if (settings_.side_by_side && arrangements_.size() > 1) arrangement_ = 1;
  add_layers();
  window_.set_panes(arrangements_[arrangement_]);
  recolor();
  frame(first_direction());
  arrange();
}

/// Points are as large as they are far apart, or as the user wants them in the first picture.
void Stage::add_layers() {
  for (const ShownCloud& shown : scene_.clouds) {
    window_.add({.points = shown.places,
                 .colors = std::vector<Rgb>(shown.places.size()),
                 .diameter = covering_diameter(shown.places)});
  }
}

void Stage::arrange() {
  window_.set_panes(arrangements_[arrangement_]);
  show_style();
}

/// The same numbers have the same colours in all clouds.
void Stage::recolor() {
  const view::ColorSource& source = scene_.sources[scene_.source];
  const view::ClassTable classes = settings_.classes(source);
  std::optional<ColorRange> range;
  for (const ShownCloud& shown : scene_.clouds) {
    const std::optional<ColorRange> own = view::color_range(shown.cloud, source);
    if (!own) continue;
    range = range ? ColorRange{std::fmin(range->low, own->low), std::fmax(range->high, own->high)}
                  : *own;
  }
  std::vector<bool> differs;
  if (scene_.comparison && differences_) {
    differs = differing_points(scene_.clouds[0].cloud, scene_.clouds[1].cloud, source);
  }
  legends_.clear();
  for (std::size_t i = 0; i < scene_.clouds.size(); ++i) {
    view::Coloring coloring = view::color_by(scene_.clouds[i].cloud, source, classes, range);
    fade(coloring.colors, differs, settings_.style.background);
    window_.recolor(i, coloring.colors);
    legends_.push_back(std::move(coloring.legend));
  }
  show_style();
}

/// The style, and the legend in the background's colour.
void Stage::show_style() {
  const view::Legend legend = whole_legend();
  const Image panel = draw_legend(legend, window_.height(), settings_.style.background);
  const bool wanted = settings_.legend && (legend.range || !legend.classes.empty());
  const std::size_t border = wanted && 2 * panel.width < window_.width() ? panel.width : 0;
  window_.set_style(settings_.style);
  window_.set_overlays(
      [this, border](std::size_t width, std::size_t height) {
        std::vector<view::Overlay> laid = overlays(width, height);
        if (border == 0) laid.pop_back();
        return laid;
      },
      border);
}

/// Captions where there are several panes, the legend last.
std::vector<view::Overlay> Stage::overlays(std::size_t width, std::size_t height) const {
  std::vector<view::Overlay> laid;
  const Rgb& background = settings_.style.background;
  view::Overlay legend{.image = draw_legend(whole_legend(), height, background)};
  legend.x = width - std::min(width, legend.image.width);
  const std::vector<view::Pane>& panes = arrangements_[arrangement_];
  const auto pane =
      static_cast<std::size_t>(std::lround(window_.pane_aspect() * static_cast<double>(height)));
  for (std::size_t i = 0; i < panes.size() && scene_.clouds.size() > 1; ++i) {
    if (!settings_.legend || panes[i].layers.size() > 1) continue;
    laid.push_back({.image = draw_caption(caption(panes[i]), pane, background), .x = i * pane});
  }
  laid.push_back(std::move(legend));
  return laid;
}

std::string Stage::caption(const view::Pane& pane) const {
  return std::filesystem::path(scene_.clouds[pane.layers.front()].path).filename().string();
}

/// The classes of all clouds.
view::Legend Stage::whole_legend() const {
  view::Legend whole = legends_.front();
  for (std::size_t i = 1; i < legends_.size(); ++i) {
    for (const view::LegendClass& entry : legends_[i].classes) {
      const auto at =
          std::ranges::lower_bound(whole.classes, entry.style.code, {},
                                   [](const view::LegendClass& known) { return known.style.code; });
      if (at != whole.classes.end() && at->style.code == entry.style.code) {
        at->points += entry.points;
      } else {
        whole.classes.insert(at, entry);
      }
    }
  }
  return whole;
}

view::Direction Stage::first_direction() const {
  if (settings_.direction) return *settings_.direction;
  // Along the axes of a front view: width, depth, height.
  const view::Orientation axes = view::orientation_of({}, settings_.up);
  Position sum{}, squares{};
  double points = 0.0;
  for (const ShownCloud& shown : scene_.clouds) {
    for (const auto& p : shown.places) {
      const Position seen{along(axes.right, p), along(axes.to_eye, p), along(axes.up, p)};
      for (std::size_t axis = 0; axis < 3; ++axis) {
        sum[axis] += seen[axis];
        squares[axis] += seen[axis] * seen[axis];
      }
      points += 1.0;
    }
  }
  Position spread{};
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const double mean = sum[axis] / points;
    spread[axis] = std::sqrt(std::fmax(squares[axis] / points - mean * mean, 0.0));
  }
  return view::sensible_direction(spread);
}

void Stage::frame(const view::Direction& direction) {
  view::Camera camera = view::fitting_camera(
      all_places(scene_), view::orientation_of(direction, settings_.up), window_.pane_aspect());
  camera.distance /= settings_.zoom;
  window_.set_camera(camera);
  if (!settings_.point_size) return;
  const double pixel =
      2.0 * camera.distance * view::kTanHalfView / static_cast<double>(window_.height());
  window_.set_diameter(*settings_.point_size * pixel);
}

bool Stage::look(char key) {
  if (key == 'r') {
    frame(first_direction());
    return true;
  }
  for (const auto& [known, name] : kLooks) {
    if (known != key) continue;
    frame(*view::preset_direction(name));
    say(std::string("looking from ") + (key == 'i' ? "the corner" : name));
    return true;
  }
  return false;
}

void Stage::change_style(char key) {
  view::Style& style = settings_.style;
  if (key == '+') style.point_scale *= kPointStep;
  if (key == '-') style.point_scale /= kPointStep;
  if (key == 'e') style.shaded = !style.shaded;
  if (key == 'l') settings_.legend = !settings_.legend;
  if (key == 'b') {
    background_ = (background_ + 1) % kBackgrounds.size();
    style.background = kBackgrounds[background_];
    recolor();  // what is faded goes towards the background
  }
  show_style();
}

void Stage::save_picture() {
  std::string name;
  std::error_code ignored;
  do {
    name = "ptattn-view-" + std::to_string(++pictures_) + ".png";
  } while (std::filesystem::exists(name, ignored));
  try {
    write_png(name, window_.picture());
    say("wrote " + name);
  } catch (const Error& error) {
    say(error.what());  // a full disk does not close the window
  }
}

void Stage::say(const std::string& text) const {
  std::fprintf(stderr, "ptattn-view: %s\n", text.c_str());
}

bool Stage::press(char key, bool shift) {
  const std::size_t sources = scene_.sources.size();
  if (key == 'q' || key == '\033') return false;
  if (key == 'h') std::fputs(keys_text().c_str(), stderr);
  if (key == 'p') save_picture();
  if (look(key)) return true;
  if (key == 'v') {
    arrangement_ = (arrangement_ + 1) % arrangements_.size();
    arrange();
    frame(first_direction());
  }
  const bool digit = key >= '1' && key <= '9';
  if (key == 'c' || (digit && static_cast<std::size_t>(key - '1') < sources)) {
    scene_.source = digit ? static_cast<std::size_t>(key - '1')
                          : (scene_.source + (shift ? sources - 1 : 1)) % sources;
    recolor();
    say("coloured by " + scene_.sources[scene_.source].name);
  }
  if (key == 'd' && scene_.comparison) {
    differences_ = !differences_;
    recolor();
  }
  change_style(key);
  return true;
}

}  // namespace ptattn::tools
