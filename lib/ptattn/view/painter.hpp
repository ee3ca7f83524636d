#pragma once

#include <Eigen/Core>
#include <cstddef>
#include <memory>
#include <span>
#include <vector>

#include "ptattn/view/gl_program.hpp"
#include "ptattn/view/window.hpp"

namespace ptattn::view {

/// Represents a part of the picture and the matrices to draw it with.
struct Viewport {
  int x = 0;  ///< of its left border
  int width = 0;
  int height = 0;
  Eigen::Matrix4f view;
  Eigen::Matrix4f projection;
};

/// Draws layers with OpenGL 3.3: balls into a texture of `samples` times the size, then edges of
/// depth and the mean over the samples. Needs a current context while it lives.
class Painter {
 public:
  Painter();
  ~Painter();
  Painter(const Painter&) = delete;
  Painter& operator=(const Painter&) = delete;

  std::size_t add(const Layer& layer);
  void recolor(std::size_t layer, std::span<const Rgb> colors);
  void set_diameter(double diameter);

  /// Starts a picture of width x height pixels.
  void begin(int width, int height, int samples, const Style& style);
  void draw(const Pane& pane, const Viewport& viewport);
  /// Puts the picture into a framebuffer (0: the window).
  void finish(GLuint framebuffer);
  /// Lays a canvas over the finished picture in the framebuffer.
  void lay(const Overlay& overlay, GLuint framebuffer);

 private:
  struct Buffers {
    GLuint positions = 0;
    GLuint colors = 0;
    GLsizei points = 0;
    float diameter = 0.0F;
  };

  GlProgram points_;
  GlProgram edges_;
  GlProgram overlays_;
  GlTarget scene_;
  std::vector<Buffers> layers_;
  GLuint vertex_array_ = 0;
  int width_ = 0;
  int height_ = 0;
  int samples_ = 1;
  float near_ = 0.0F;  // of the last viewport, for the depths
  float far_ = 0.0F;
  Style style_;
};

}  // namespace ptattn::view
