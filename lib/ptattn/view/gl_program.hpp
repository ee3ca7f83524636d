#pragma once

#include <GL/glew.h>

#include <string_view>

namespace ptattn::view {

/// Represents a vertex and a fragment shader. Lives no longer than the OpenGL context that was
/// current when it was made.
class GlProgram {
 public:
  /// @throws Error(Fault::kInput) when the driver does not take it
  GlProgram(const char* vertex_shader, const char* fragment_shader);
  ~GlProgram();
  GlProgram(const GlProgram&) = delete;
  GlProgram& operator=(const GlProgram&) = delete;

  void use() const { glUseProgram(program_); }
  [[nodiscard]] GLint uniform(const char* name) const {
    return glGetUniformLocation(program_, name);
  }

 private:
  GLuint program_ = 0;
};

/// Represents a texture that is drawn into, with a depth texture.
class GlTarget {
 public:
  GlTarget() = default;
  ~GlTarget() { release(); }
  GlTarget(const GlTarget&) = delete;
  GlTarget& operator=(const GlTarget&) = delete;

  /// Keeps what it has if the size is the same.
  /// @throws Error(Fault::kInput) when the driver cannot
  void resize(int width, int height);
  /// Draws go here from now on.
  void bind() const { glBindFramebuffer(GL_FRAMEBUFFER, framebuffer_); }
  [[nodiscard]] GLuint framebuffer() const { return framebuffer_; }
  [[nodiscard]] GLuint color() const { return color_; }
  [[nodiscard]] GLuint depth() const { return depth_; }

 private:
  void release();

  int width_ = 0;
  int height_ = 0;
  GLuint framebuffer_ = 0;
  GLuint color_ = 0;
  GLuint depth_ = 0;
};

}  // namespace ptattn::view
