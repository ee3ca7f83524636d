#include "ptattn/view/gl_program.hpp"

#include <algorithm>
#include <array>
#include <string>

#include "ptattn/core/error.hpp"

namespace ptattn::view {
namespace {

[[noreturn]] void fail(const std::string& what) {
  throw Error(Fault::kInput, "window", what);
}

GLuint compile(GLenum kind, const char* code) {
  const GLuint shader = glCreateShader(kind);
  glShaderSource(shader, 1, &code, nullptr);
  glCompileShader(shader);
  GLint compiled = GL_FALSE;
  glGetShaderiv(shader, GL_COMPILE_STATUS, &compiled);
  if (compiled == GL_TRUE) return shader;
  std::array<char, 400> log{};
  glGetShaderInfoLog(shader, static_cast<GLsizei>(log.size()), nullptr, log.data());
  fail(std::string("the graphics driver rejects a shader, ") + log.data());
}

GLuint make_texture(GLint format, GLenum layout, GLenum type, int width, int height) {
  GLuint texture = 0;
  glGenTextures(1, &texture);
  glBindTexture(GL_TEXTURE_2D, texture);
  glTexImage2D(GL_TEXTURE_2D, 0, format, width, height, 0, layout, type, nullptr);
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MIN_FILTER, GL_NEAREST);
  glTexParameteri(GL_TEXTURE_2D, GL_TEXTURE_MAG_FILTER, GL_NEAREST);
  return texture;
}

}  // namespace

GlProgram::GlProgram(const char* vertex_shader, const char* fragment_shader)
    : program_(glCreateProgram()) {
  const std::array shaders{compile(GL_VERTEX_SHADER, vertex_shader),
                           compile(GL_FRAGMENT_SHADER, fragment_shader)};
  for (const GLuint shader : shaders) glAttachShader(program_, shader);
  glLinkProgram(program_);
  for (const GLuint shader : shaders) glDeleteShader(shader);
  GLint linked = GL_FALSE;
  glGetProgramiv(program_, GL_LINK_STATUS, &linked);
  if (linked != GL_TRUE) fail("the graphics driver cannot link a shader");
}

GlProgram::~GlProgram() {
  glDeleteProgram(program_);
}

void GlTarget::resize(int width, int height) {
  if (width == width_ && height == height_) return;
  release();
  GLint most = 0;
  glGetIntegerv(GL_MAX_TEXTURE_SIZE, &most);
  if (std::max(width, height) > most) {
    fail("the graphics driver draws at most " + std::to_string(most) + " pixels per side");
  }
  color_ = make_texture(GL_RGBA8, GL_RGBA, GL_UNSIGNED_BYTE, width, height);
  depth_ = make_texture(GL_DEPTH_COMPONENT32F, GL_DEPTH_COMPONENT, GL_FLOAT, width, height);
  glGenFramebuffers(1, &framebuffer_);
  glBindFramebuffer(GL_FRAMEBUFFER, framebuffer_);
  glFramebufferTexture2D(GL_FRAMEBUFFER, GL_COLOR_ATTACHMENT0, GL_TEXTURE_2D, color_, 0);
  glFramebufferTexture2D(GL_FRAMEBUFFER, GL_DEPTH_ATTACHMENT, GL_TEXTURE_2D, depth_, 0);
  if (glCheckFramebufferStatus(GL_FRAMEBUFFER) != GL_FRAMEBUFFER_COMPLETE) {
    fail("the graphics driver cannot draw " + std::to_string(width) + "x" + std::to_string(height) +
         " pixels off-screen");
  }
  width_ = width;
  height_ = height;
}

void GlTarget::release() {
  if (framebuffer_ != 0) glDeleteFramebuffers(1, &framebuffer_);
  if (color_ != 0) glDeleteTextures(1, &color_);
  if (depth_ != 0) glDeleteTextures(1, &depth_);
  framebuffer_ = color_ = depth_ = 0;
  width_ = height_ = 0;
}

}  // namespace ptattn::view
