#include "viewer.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <utility>

#include "../talk.hpp"
#include "../text.hpp"
#include "legend_panel.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/io/png.hpp"
#include "spacing.hpp"

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

Viewer::Viewer(view::ViewerWindow& window, Scene scene, ViewerSettings settings)
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
void Viewer::add_layers() {
  for (const ShownCloud& shown : scene_.clouds) {
    window_.add({.points = shown.places,
                 .colors = std::vector<Rgb>(shown.places.size()),
                 .diameter = covering_diameter(shown.places)});
  }
}

void Viewer::arrange() {
  window_.set_panes(arrangements_[arrangement_]);
  show_style();
}

/// The same numbers have the same colours in all clouds.
void Viewer::recolor() {
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
void Viewer::show_style() {
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
std::vector<view::Overlay> Viewer::overlays(std::size_t width, std::size_t height) const {
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

std::string Viewer::caption(const view::Pane& pane) const {
  return std::filesystem::path(scene_.clouds[pane.layers.front()].path).filename().string();
}

/// The classes of all clouds.
view::Legend Viewer::whole_legend() const {
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

view::Direction Viewer::first_direction() const {
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

void Viewer::frame(const view::Direction& direction) {
  view::Camera camera = view::fitting_camera(
      all_places(scene_), view::orientation_of(direction, settings_.up), window_.pane_aspect());
  camera.distance /= settings_.zoom;
  window_.set_camera(camera);
  if (!settings_.point_size) return;
  const double pixel =
      2.0 * camera.distance * view::kTanHalfView / static_cast<double>(window_.height());
  window_.set_diameter(*settings_.point_size * pixel);
}

const std::array<Viewer::KeyAction, 15> Viewer::kKeys{{
    {"c", "c, C", "next field, the one before", &Viewer::next_field},
    {"123456789", "1 to 9", "that field of the list", &Viewer::choose_field},
    {"+-", "+ -", "larger, smaller points", &Viewer::resize_points},
    {"tufk", "t u f k", "look from top, from under, from the front, from the back", &Viewer::look},
    {"swi", "s w i", "look from the right, from the left, from a corner", &Viewer::look},
    {"r", "r", "look as at the beginning", &Viewer::look_as_at_first},
    {"v", "v", "next arrangement: together, side by side, each alone", &Viewer::next_arrangement},
    {"d", "d", "differences of --compare on and off", &Viewer::toggle_differences},
    {"e", "e", "shading on and off", &Viewer::toggle_shading},
    {"b", "b", "background white, grey, black", &Viewer::next_background},
    {"l", "l", "legend on and off", &Viewer::toggle_legend},
    {"p", "p", "picture to ptattn-view-1.png, ptattn-view-2.png, ...", &Viewer::save_picture},
    {"h", "h", "this list on standard error", &Viewer::print_keys},
    {"q\033", "q, Esc", "quit", &Viewer::quit},
    {"", "mouse", "drag: turn; shift or ctrl and drag: roll, move; wheel: zoom", nullptr},
}};

bool Viewer::press(char key, bool shift) {
  for (const KeyAction& action : kKeys) {
    if (action.keys.find(key) != std::string_view::npos) (this->*action.act)(key, shift);
  }
  return open_;
}

std::string Viewer::keys_text() {
  constexpr std::size_t kKeyColumns = 11;
  std::string text;
  for (const KeyAction& action : kKeys) {
    text.append("  ").append(left_aligned(std::string(action.shown), kKeyColumns));
    text.append(action.help).append("\n");
  }
  return text;
}

void Viewer::show_field(std::size_t source) {
  scene_.source = source;
  recolor();
  say("coloured by " + scene_.sources[scene_.source].name);
}

void Viewer::next_field(char /*key*/, bool shift) {
  const std::size_t sources = scene_.sources.size();
  show_field((scene_.source + (shift ? sources - 1 : 1)) % sources);
}

void Viewer::choose_field(char key, bool /*shift*/) {
  const auto source = static_cast<std::size_t>(key - '1');
  if (source < scene_.sources.size()) show_field(source);
}

void Viewer::resize_points(char key, bool /*shift*/) {
  settings_.style.point_scale *= key == '+' ? kPointStep : 1.0 / kPointStep;
  show_style();
}

void Viewer::look(char key, bool /*shift*/) {
  const auto found = std::ranges::find(kLooks, key, &std::pair<char, const char*>::first);
  frame(*view::preset_direction(found->second));
  say(std::string("looking from ") + (key == 'i' ? "the corner" : found->second));
}

void Viewer::look_as_at_first(char /*key*/, bool /*shift*/) {
  frame(first_direction());
}

void Viewer::next_arrangement(char /*key*/, bool /*shift*/) {
  arrangement_ = (arrangement_ + 1) % arrangements_.size();
  arrange();
  frame(first_direction());
}

void Viewer::toggle_differences(char /*key*/, bool /*shift*/) {
  if (!scene_.comparison) return;
  differences_ = !differences_;
  recolor();
}

void Viewer::toggle_shading(char /*key*/, bool /*shift*/) {
  settings_.style.shaded = !settings_.style.shaded;
  show_style();
}

void Viewer::next_background(char /*key*/, bool /*shift*/) {
  background_ = (background_ + 1) % kBackgrounds.size();
  settings_.style.background = kBackgrounds[background_];
  recolor();  // what is faded goes towards the background
}

void Viewer::toggle_legend(char /*key*/, bool /*shift*/) {
  settings_.legend = !settings_.legend;
  show_style();
}

void Viewer::save_picture(char /*key*/, bool /*shift*/) {
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

void Viewer::print_keys(char /*key*/, bool /*shift*/) {
  std::fputs(keys_text().c_str(), stderr);
}

void Viewer::quit(char /*key*/, bool /*shift*/) {
  open_ = false;
}

void Viewer::say(const std::string& text) const {
  tools::say("ptattn-view", text);
}

}  // namespace ptattn::tools
