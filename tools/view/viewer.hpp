#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "lettering.hpp"
#include "ptattn/view/camera.hpp"
#include "ptattn/view/coloring.hpp"
#include "ptattn/view/window.hpp"
#include "shown_cloud.hpp"

namespace ptattn::tools {

/// How the scene is shown at the beginning.
struct ViewerSettings {
  std::optional<view::Direction> direction;  ///< none: what suits the cloud
  Axis up = Axis::kZ;
  double zoom = 1.0;                 ///< 2: twice as large as what fits
  std::optional<double> point_size;  ///< pixels in the middle of the picture; none: by density
  bool side_by_side = false;
  bool legend = true;
  std::string unit;  ///< of coordinates, beside the scale bar; may be empty
  view::Style style;
  ClassNames classes;
};

/// A window with a scene in it, and what its keys do.
class Viewer {
 public:
  /// @param lettering  must live as long as the viewer
  Viewer(view::ViewerWindow& window, Scene scene, ViewerSettings settings,
         const Lettering& lettering);
  Viewer(const Viewer&) = delete;
  Viewer& operator=(const Viewer&) = delete;

  [[nodiscard]] const Scene& scene() const { return scene_; }
  /// What the colours of each cloud mean.
  [[nodiscard]] const std::vector<view::Legend>& legends() const { return legends_; }
  /// Does what the key is for; other keys do nothing.
  /// @return false: quit
  bool press(char key, bool shift);
  /// Describes the keys of the window, a line each; the same text in --help and on the key h.
  [[nodiscard]] static std::string keys_text();

 private:
  /// Keys that do one thing, and what --help says of them.
  struct KeyAction {
    std::string_view keys;   ///< any of them; empty: not a key
    std::string_view shown;  ///< as --help shows them
    std::string_view help;
    void (Viewer::*act)(char key, bool shift);
  };
  static const std::array<KeyAction, 15> kKeys;

  void add_layers();
  void arrange();
  void recolor();
  void show_style();
  void frame(const view::Direction& direction);
  void next_field(char key, bool shift);
  void choose_field(char key, bool shift);
  void resize_points(char key, bool shift);
  void look(char key, bool shift);
  void look_as_at_first(char key, bool shift);
  void next_arrangement(char key, bool shift);
  void toggle_differences(char key, bool shift);
  void toggle_shading(char key, bool shift);
  void next_background(char key, bool shift);
  void toggle_legend(char key, bool shift);
  void save_picture(char key, bool shift);
  void print_keys(char key, bool shift);
  void quit(char key, bool shift);
  void show_field(std::size_t source);
  void say(const std::string& text) const;
  [[nodiscard]] std::vector<std::string> captions() const;
  [[nodiscard]] bool has_north() const;
  [[nodiscard]] view::Direction first_direction() const;

  view::ViewerWindow& window_;
  Scene scene_;
  ViewerSettings settings_;
  const Lettering& lettering_;
  std::vector<std::array<float, 3>> framed_;  // the places that the camera is to show
  double largest_radius_ = 0.0;               // of the points of a layer
  std::vector<view::Legend> legends_;
  std::vector<std::vector<view::Pane>> arrangements_;
  std::size_t arrangement_ = 0;
  std::size_t background_ = 0;
  int pictures_ = 0;
  bool differences_ = true;
  bool open_ = true;
};

}  // namespace ptattn::tools
