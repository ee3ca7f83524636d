#include "ptattn/view/painter.hpp"

#include <algorithm>

#include "ptattn/core/error.hpp"
#include "ptattn/view/shaders.hpp"

namespace ptattn::view {
namespace {

constexpr float kEdgeStrength = 40.0F;
constexpr float kSmallestPoint = 1.0F;  // pixels of the finished picture
constexpr GLuint kPosition = 0;
constexpr GLuint kColor = 1;

}  // namespace

Painter::Painter()
    : points_(kPointVertexShader, kPointFragmentShader),
      edges_(kScreenVertexShader, kEdgeFragmentShader),
      overlays_(kScreenVertexShader, kOverlayFragmentShader) {
  glGenVertexArrays(1, &vertex_array_);
}

Painter::~Painter() {
  for (const Buffers& layer : layers_) {
    glDeleteBuffers(1, &layer.positions);
    glDeleteBuffers(1, &layer.colors);
  }
  glDeleteVertexArrays(1, &vertex_array_);
}

std::size_t Painter::add(const Layer& layer) {
  Buffers buffers{.points = static_cast<GLsizei>(layer.points.size()),
                  .diameter = static_cast<float>(layer.diameter)};
  glGenBuffers(1, &buffers.positions);
  glBindBuffer(GL_ARRAY_BUFFER, buffers.positions);
  glBufferData(GL_ARRAY_BUFFER,
               static_cast<GLsizeiptr>(layer.points.size() * sizeof layer.points[0]),
               layer.points.data(), GL_STATIC_DRAW);
  glGenBuffers(1, &buffers.colors);
  layers_.push_back(buffers);
  recolor(layers_.size() - 1, layer.colors);
  return layers_.size() - 1;
}

void Painter::recolor(std::size_t layer, std::span<const Rgb> colors) {
  if (colors.size() != static_cast<std::size_t>(layers_.at(layer).points)) {
    throw Error(Fault::kUsage, "recolor", "expected a colour for each point");
  }
  glBindBuffer(GL_ARRAY_BUFFER, layers_[layer].colors);
  glBufferData(GL_ARRAY_BUFFER, static_cast<GLsizeiptr>(colors.size_bytes()), colors.data(),
               GL_STATIC_DRAW);
}

void Painter::set_diameter(double diameter) {
  for (Buffers& layer : layers_) layer.diameter = static_cast<float>(diameter);
}

void Painter::begin(int width, int height, int samples, const Style& style) {
  width_ = width;
  height_ = height;
  samples_ = samples;
  style_ = style;
  scene_.resize(width * samples, height * samples);
  scene_.bind();
  glViewport(0, 0, width * samples, height * samples);
  glDisable(GL_BLEND);
  glEnable(GL_DEPTH_TEST);
  glDepthFunc(GL_LESS);
  glEnable(GL_PROGRAM_POINT_SIZE);
  const auto [red, green, blue] = style.background;
  glClearColor(red / 255.0F, green / 255.0F, blue / 255.0F, 1.0F);
  glClearDepth(1.0);
  glClear(GL_COLOR_BUFFER_BIT | GL_DEPTH_BUFFER_BIT);
}

void Painter::draw(const Pane& pane, const Viewport& viewport) {
  const int height = viewport.height * samples_;
  glViewport(viewport.x * samples_, 0, viewport.width * samples_, height);
  // (f + n) / (n - f) and 2 f n / (n - f) of the projection give n and f back.
  const float a = viewport.projection(2, 2);
  const float b = viewport.projection(2, 3);
  near_ = b / (a - 1.0F);
  far_ = b / (a + 1.0F);
  points_.use();
  glUniformMatrix4fv(points_.uniform("view"), 1, GL_FALSE, viewport.view.data());
  glUniformMatrix4fv(points_.uniform("projection"), 1, GL_FALSE, viewport.projection.data());
  glUniform1f(points_.uniform("scale"),
              0.5F * static_cast<float>(height) * viewport.projection(1, 1));
  glUniform1f(points_.uniform("smallest"), kSmallestPoint * static_cast<float>(samples_));
  glUniform1f(points_.uniform("shaded"), style_.shaded ? 1.0F : 0.0F);
  glBindVertexArray(vertex_array_);
  for (const std::size_t i : pane.layers) {
    const Buffers& layer = layers_.at(i);
    glUniform1f(points_.uniform("diameter"),
                layer.diameter * static_cast<float>(style_.point_scale));
    glEnableVertexAttribArray(kPosition);
    glBindBuffer(GL_ARRAY_BUFFER, layer.positions);
    glVertexAttribPointer(kPosition, 3, GL_FLOAT, GL_FALSE, 0, nullptr);
    glEnableVertexAttribArray(kColor);
    glBindBuffer(GL_ARRAY_BUFFER, layer.colors);
    glVertexAttribPointer(kColor, 3, GL_UNSIGNED_BYTE, GL_TRUE, 0, nullptr);
    glDrawArrays(GL_POINTS, 0, layer.points);
  }
}

void Painter::finish(GLuint framebuffer) {
  glBindFramebuffer(GL_FRAMEBUFFER, framebuffer);
  glViewport(0, 0, width_, height_);
  glDisable(GL_DEPTH_TEST);
  edges_.use();
  glActiveTexture(GL_TEXTURE1);
  glBindTexture(GL_TEXTURE_2D, scene_.depth());
  glActiveTexture(GL_TEXTURE0);
  glBindTexture(GL_TEXTURE_2D, scene_.color());
  glUniform1i(edges_.uniform("color"), 0);
  glUniform1i(edges_.uniform("depth"), 1);
  glUniform1i(edges_.uniform("samples"), samples_);
  glUniform1f(edges_.uniform("near"), near_);
  glUniform1f(edges_.uniform("far"), far_);
  glUniform1f(edges_.uniform("strength"), style_.shaded ? kEdgeStrength : 0.0F);
  glBindVertexArray(vertex_array_);
  glDisableVertexAttribArray(kPosition);
  glDisableVertexAttribArray(kColor);
  glDrawArrays(GL_TRIANGLES, 0, 3);
}

void Painter::lay(const Overlay& overlay, GLuint framebuffer) {
  const auto columns = static_cast<int>(overlay.canvas.width());
  const auto rows = static_cast<int>(overlay.canvas.height());
  const auto left = static_cast<int>(overlay.x);
  const int bottom = height_ - static_cast<int>(overlay.y) - rows;
  GLuint texture = 0;
  glActiveTexture(GL_TEXTURE0);
  glGenTextures(1, &texture);
  glBindTexture(GL_TEXTURE_2D, texture);
  glPixelStorei(GL_UNPACK_ALIGNMENT, 1);
  glTexImage2D(GL_TEXTURE_2D, 0, GL_RGBA8, columns, rows, 0, GL_RGBA, GL_UNSIGNED_BYTE,
               overlay.canvas.pixels().data());
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);  // no smaller copies
  glBindFramebuffer(GL_FRAMEBUFFER, framebuffer);
  glViewport(left, bottom, columns, rows);
  glDisable(GL_DEPTH_TEST);
  glEnable(GL_BLEND);
  glBlendFunc(GL_SRC_ALPHA, GL_ONE_MINUS_SRC_ALPHA);
  overlays_.use();
  glUniform1i(overlays_.uniform("canvas"), 0);
  glUniform2i(overlays_.uniform("corner"), left, bottom);
  glBindVertexArray(vertex_array_);
  glDrawArrays(GL_TRIANGLES, 0, 3);
  glDisable(GL_BLEND);
  glDeleteTextures(1, &texture);
}

}  // namespace ptattn::view
