#include "viewer.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <span>
#include <utility>

#include "../talk.hpp"
#include "../text.hpp"
#include "captions.hpp"
#include "overlays.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/io/png.hpp"
#include "scene_colors.hpp"
#include "spacing.hpp"

namespace ptattn::tools {
namespace {

constexpr double kPointStep = 1.25;
constexpr double kSmallestMap = 10.0;  // units; smaller landscapes have no north
constexpr std::array<Rgb, 3> kBackgrounds{{{255, 255, 255}, {64, 64, 68}, {0, 0, 0}}};
constexpr std::array<std::pair<char, const char*>, 7> kLooks{{{'t', "top"},
                                                              {'u', "bottom"},
                                                              {'f', "front"},
                                                              {'k', "back"},
                                                              {'s', "right"},
                                                              {'w', "left"},
                                                              {'i', "iso"}}};

double along(const Position& axis, const std::array<float, 3>& p) {
  return axis[0] * p[0] + axis[1] * p[1] + axis[2] * p[2];
}

std::vector<std::array<float, 3>> all_framed(const Scene& scene) {
  std::vector<std::array<float, 3>> places;
  for (const ShownCloud& shown : scene.clouds) {
    const auto framed = framed_places(scene, shown);
    places.insert(places.end(), framed.begin(), framed.end());
  }
  return places;
}

/// Standard deviations along the axes of a front view: width, depth, height.
Position spread_of(std::span<const std::array<float, 3>> places, Axis up) {
  const view::Orientation axes = view::orientation_of({}, up);
  Position sum{}, squares{};
  for (const auto& p : places) {
    const Position seen{along(axes.right, p), along(axes.to_eye, p), along(axes.up, p)};
    for (std::size_t axis = 0; axis < 3; ++axis) {
      sum[axis] += seen[axis];
      squares[axis] += seen[axis] * seen[axis];
    }
  }
  Position spread{};
  const auto points = static_cast<double>(places.size());
  for (std::size_t axis = 0; axis < 3; ++axis) {
    const double mean = sum[axis] / points;
    spread[axis] = std::sqrt(std::fmax(squares[axis] / points - mean * mean, 0.0));
  }
  return spread;
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

Viewer::Viewer(view::ViewerWindow& window, Scene scene, ViewerSettings settings,
               const Lettering& lettering)
    : window_(window),
      scene_(std::move(scene)),
      settings_(std::move(settings)),
      lettering_(lettering),
      framed_(all_framed(scene_)),
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
    const double diameter = covering_diameter(framed_places(scene_, shown));
    largest_radius_ = std::fmax(largest_radius_, 0.5 * diameter);
    window_.add({.points = shown.places,
                 .colors = std::vector<Rgb>(shown.places.size()),
                 .diameter = diameter});
  }
}

void Viewer::arrange() {
  window_.set_panes(arrangements_[arrangement_]);
  show_style();
}

void Viewer::recolor() {
  const std::optional<Rgb> paled =
      differences_ ? std::optional(settings_.style.background) : std::nullopt;
  SceneColors shown = color_scene(scene_, settings_.classes, paled);
  for (std::size_t i = 0; i < shown.colors.size(); ++i) window_.recolor(i, shown.colors[i]);
  legends_ = std::move(shown.legends);
  show_style();
}

/// The style, and what lies over the scene in colours that suit it.
void Viewer::show_style() {
  window_.set_style(settings_.style);
  if (!settings_.legend) return window_.set_overlays({});
  Overlays overlays{.legends = {},
                    .captions = captions(),
                    .length_unit = settings_.unit,
                    .compass = has_north(),
                    .background = settings_.style.background};
  if (scene_.own_sources.empty()) {
    overlays.legends = {whole_legend(legends_)};
  } else {
    for (const view::Pane& pane : arrangements_[arrangement_]) {
      overlays.legends.push_back(legends_[pane.layers.front()]);
    }
  }
  window_.set_overlays(
      [this, overlays](const view::Sight& sight) { return lay_out(overlays, lettering_, sight); });
}

/// What tells panes apart: the names of clouds or, of one cloud's fields, those that no legend
/// names.
std::vector<std::string> Viewer::captions() const {
  std::vector<std::string> names;
  for (const ShownCloud& shown : scene_.clouds) names.push_back(shown.path);
  names = distinguishing_names(names);
  for (std::size_t i = 0; i < scene_.own_sources.size(); ++i) {
    names[i] = has_content(legends_[i]) ? "" : scene_.own_sources[i].name;
  }
  std::vector<std::string> captions;
  for (const view::Pane& pane : arrangements_[arrangement_]) {
    if (pane.layers.size() == 1 && names.size() > 1) captions.push_back(names[pane.layers.front()]);
  }
  return captions;
}

/// Whether the scene is a map: a landscape with z up has its north at +y.
bool Viewer::has_north() const {
  const double longest = std::max(scene_.high[0] - scene_.low[0], scene_.high[1] - scene_.low[1]);
  return settings_.up == Axis::kZ && longest >= kSmallestMap &&
         view::is_landscape(spread_of(framed_, settings_.up));
}

view::Direction Viewer::first_direction() const {
  if (settings_.direction) return *settings_.direction;
  return view::sensible_direction(spread_of(framed_, settings_.up));
}

void Viewer::frame(const view::Direction& direction) {
  view::Camera camera = view::fitting_camera(framed_, view::orientation_of(direction, settings_.up),
                                             window_.pane_aspect());
  camera.distance /= settings_.zoom;
  window_.set_camera(camera);
  if (!settings_.point_size) return;
  const double pixel =
      2.0 * camera.distance * view::kTanHalfView / static_cast<double>(window_.height());
  window_.set_diameter(*settings_.point_size * pixel);
}

const std::array<Viewer::KeyAction, 15> Viewer::kKeys{{
    {"c", "c, C", "next field, previous field", &Viewer::next_field},
    {"123456789", "1 to 9", "field of this number", &Viewer::choose_field},
    {"+-", "+ -", "larger, smaller points", &Viewer::resize_points},
    {"tufk", "t u f k", "look from the top, from below, from the front, from the back",
     &Viewer::look},
    {"swi", "s w i", "look from the right, from the left, from a corner", &Viewer::look},
    {"r", "r", "back to the first view", &Viewer::look_as_at_first},
    {"v", "v", "next arrangement: together, side by side, each alone", &Viewer::next_arrangement},
    {"d", "d", "differences of --compare on and off", &Viewer::toggle_differences},
    {"e", "e", "shading on and off", &Viewer::toggle_shading},
    {"b", "b", "background white, grey, black", &Viewer::next_background},
    {"l", "l", "legend on and off", &Viewer::toggle_legend},
    {"p", "p", "save a picture as ptattn-view-1.png, ptattn-view-2.png, ...",
     &Viewer::save_picture},
    {"h", "h", "print this list on standard error", &Viewer::print_keys},
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
  scene_.own_sources.clear();
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
