#pragma once

#include <array>
#include <cstddef>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "ptattn/cloud/image.hpp"
#include "ptattn/view/camera.hpp"
#include "ptattn/view/canvas.hpp"

namespace ptattn::view {

/// Points as they are drawn.
struct Layer {
  std::vector<std::array<float, 3>> points;
  std::vector<Rgb> colors;  ///< [points]
  double diameter = 0.0;    ///< of a point, in the cloud's unit
};

/// Holds layers that share a part of the window. Panes lie side by side, from left to right, and
/// have one camera.
struct Pane {
  std::vector<std::size_t> layers;
};

struct Style {
  Rgb background{255, 255, 255};
  bool shaded = true;        ///< points as balls, edges of depth darkened; else discs of one colour
  double point_scale = 1.0;  ///< factor on all diameters
};

/// Holds what one sees at the moment.
struct Sight {
  std::size_t width = 0;  ///< pixels of the window
  std::size_t height = 0;
  std::size_t pane_width = 0;
  double pixels_per_unit = 0.0;  ///< at the distance of the camera's target
  Orientation axes;
};

/// Represents a picture laid over the window.
struct Overlay {
  Canvas canvas;
  std::size_t x = 0;  ///< of its upper left corner
  std::size_t y = 0;
};

/// Represents a window of Open3D that draws clouds as balls, shaded by depth (eye-dome lighting,
/// Boucheny 2009), and turns, moves and zooms them with the mouse.
///
/// Used from the main thread, one at a time. It needs an X display; a window that is not visible
/// needs one as well (Xvfb will do).
class ViewerWindow {
 public:
  struct Settings {
    std::string title;
    std::size_t width = 0;
    std::size_t height = 0;
    bool visible = true;
  };

  /// @throws Error(Fault::kInput) when the window cannot be opened, with the reason
  explicit ViewerWindow(const Settings& settings);
  ~ViewerWindow();
  ViewerWindow(const ViewerWindow&) = delete;
  ViewerWindow& operator=(const ViewerWindow&) = delete;

  /// Copies the points to the graphics memory (16 bytes each); returns the layer's number, from 0.
  std::size_t add(const Layer& layer);
  /// @param colors  as many as the layer has points
  void recolor(std::size_t layer, std::span<const Rgb> colors);

  /// Gives the points of all layers this size, in the cloud's unit.
  void set_diameter(double diameter);
  void set_panes(std::vector<Pane> panes);
  void set_style(const Style& style);
  void set_camera(const Camera& camera);
  /// Lays pictures over the panes, which stay as they are. `make` is called before each drawing.
  void set_overlays(std::function<std::vector<Overlay>(const Sight&)> make);

  [[nodiscard]] std::size_t width() const;
  [[nodiscard]] std::size_t height() const;
  /// Returns the width over height of a pane.
  [[nodiscard]] double pane_aspect() const;

  /// Returns what the window shows, drawn anew at its size, with smooth edges. The same scene gives
  /// the same picture.
  /// @throws Error(Fault::kInput) when the graphics driver cannot draw pictures so large
  [[nodiscard]] Image picture();

  /// Shows the window until it is closed. `press` is called with letters (lower case), digits, '+',
  /// '-' and '\033' for Escape; it returns false to end.
  void run(const std::function<bool(char key, bool shift)>& press);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace ptattn::view
