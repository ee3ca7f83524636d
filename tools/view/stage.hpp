#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "ptattn/view/camera.hpp"
#include "ptattn/view/class_table.hpp"
#include "ptattn/view/coloring.hpp"
#include "ptattn/view/window.hpp"
#include "shown_cloud.hpp"

namespace ptattn::tools {

/// How the scene is shown at the beginning.
struct StageSettings {
  std::optional<view::Direction> direction;  ///< none: what suits the cloud
  Axis up = Axis::kZ;
  double zoom = 1.0;                 ///< 2: twice as large as what fits
  std::optional<double> point_size;  ///< pixels in the middle of the picture; none: by density
  bool side_by_side = false;
  bool legend = true;
  view::Style style;
  /// Which names a field of classes has.
  std::function<view::ClassTable(const view::ColorSource&)> classes;
};

/// A window with a scene in it, and what its keys do.
class Stage {
 public:
  Stage(view::ViewerWindow& window, Scene scene, StageSettings settings);
  Stage(const Stage&) = delete;
  Stage& operator=(const Stage&) = delete;

  [[nodiscard]] const Scene& scene() const { return scene_; }
  /// What the colours of each cloud mean.
  [[nodiscard]] const std::vector<view::Legend>& legends() const { return legends_; }
  /// @return false: quit
  bool press(char key, bool shift);

 private:
  void add_layers();
  void arrange();
  void recolor();
  void show_style();
  void frame(const view::Direction& direction);
  bool look(char key);
  void change_style(char key);
  void save_picture();
  void say(const std::string& text) const;
  [[nodiscard]] view::Legend whole_legend() const;
  [[nodiscard]] std::vector<view::Overlay> overlays(std::size_t width, std::size_t height) const;
  [[nodiscard]] std::string caption(const view::Pane& pane) const;
  [[nodiscard]] view::Direction first_direction() const;

  view::ViewerWindow& window_;
  Scene scene_;
  StageSettings settings_;
  std::vector<view::Legend> legends_;
  std::vector<std::vector<view::Pane>> arrangements_;
  std::size_t arrangement_ = 0;
  std::size_t background_ = 0;
  int pictures_ = 0;
  bool differences_ = true;
};

}  // namespace ptattn::tools
