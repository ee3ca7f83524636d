#include "ptattn/view/window.hpp"

#include <Eigen/Core>
#include <algorithm>
#include <cmath>
#include <exception>
#include <numbers>
#include <optional>
#include <utility>

#include <open3d/utility/Logging.h>
#include <open3d/visualization/visualizer/Visualizer.h>

#include "ptattn/core/error.hpp"
#include "ptattn/view/painter.hpp"

namespace ptattn::view {
namespace {

namespace o3d = open3d::visualization;

constexpr int kPictureSamples = 2;  // a side of a pixel
constexpr double kZoomStep = 0.9;
constexpr double kNearestZoom = 1e-4;
constexpr double kFarthestZoom = 1e2;

Eigen::Vector3d vector(const Position& v) {
  return {v[0], v[1], v[2]};
}

/// Open3D's camera, without the limits that it sets to zooming.
class Orbit final : public o3d::ViewControl {
 public:
  void set(const Camera& camera) {
    front_ = vector(camera.axes.to_eye);
    up_ = vector(camera.axes.up);
    lookat_ = vector(camera.target);
    field_of_view_ = 2.0 * std::atan(kTanHalfView) * 180.0 / std::numbers::pi;
    // A box of a fixed size: zoom is the half height of what is seen, over this size.
    const double size = camera.distance * kTanHalfView;
    bounding_box_ =
        open3d::geometry::AxisAlignedBoundingBox(lookat_ - Eigen::Vector3d::Constant(0.5 * size),
                                                 lookat_ + Eigen::Vector3d::Constant(0.5 * size));
    zoom_ = 1.0;
    SetProjectionParameters();
  }
  void Scale(double steps) override {
    zoom_ = std::clamp(zoom_ * std::pow(kZoomStep, steps), kNearestZoom, kFarthestZoom);
    SetProjectionParameters();
  }
  /// What the panes show; all have one camera.
  [[nodiscard]] Sight sight(int width, int height, int pane_width) const {
    const auto position = [](const Eigen::Vector3d& v) { return Position{v.x(), v.y(), v.z()}; };
    return {.width = static_cast<std::size_t>(width),
            .height = static_cast<std::size_t>(height),
            .pane_width = static_cast<std::size_t>(pane_width),
            .pixels_per_unit = 0.5 * height / (distance_ * kTanHalfView),
            .axes = {position(right_), position(up_), position(front_)}};
  }
  /// Matrices for a part of the window.
  Viewport viewport(int x, int width, int height) {
    ChangeWindowSize(width, height);
    const double scene = bounding_box_.GetMaxExtent() / kTanHalfView;  // beyond all points
    SetConstantZNear(std::max(0.02 * distance_, distance_ - 3.0 * scene));
    SetConstantZFar(distance_ + 3.0 * scene);
    SetViewMatrices();
    return {x, width, height, GetViewMatrix(), GetProjectionMatrix()};
  }
};

/// The key as a character of the user's keyboard layout; 0 for keys without a meaning.
char character_of(int key, int scancode) {
  if (key == GLFW_KEY_ESCAPE) return '\033';
  if (key == GLFW_KEY_KP_ADD) return '+';
  if (key == GLFW_KEY_KP_SUBTRACT) return '-';
  const char* const name = glfwGetKeyName(key, scancode);
  if (name == nullptr || name[0] == '\0' || name[1] != '\0') return 0;
  return name[0] == '=' ? '+' : name[0];  // where + needs the shift key
}

/// Collects what Open3D says while it lives, instead of having it printed.
class LogCatcher {
 public:
  LogCatcher() {
    open3d::utility::Logger::GetInstance().SetPrintFunction(
        [this](const std::string& text) { first_ = first_.empty() ? plain(text) : first_; });
  }
  ~LogCatcher() {
    open3d::utility::Logger::GetInstance().SetPrintFunction([](const std::string&) {});
  }
  LogCatcher(const LogCatcher&) = delete;
  LogCatcher& operator=(const LogCatcher&) = delete;

  [[nodiscard]] const std::string& first() const { return first_; }

 private:
  /// "The DISPLAY ..." of "ESC[1;33m[Open3D WARNING] GLFW Error: X11: The DISPLAY ...ESC[0;m"
  static std::string plain(std::string text) {
    for (const std::string_view before : {"] ", "GLFW Error: ", "X11: ", "GLX: "}) {
      const std::size_t at = text.find(before);
      if (at != std::string::npos) text.erase(0, at + before.size());
    }
    text.resize(std::min(text.find('\033'), text.size()));
    return text.substr(0, text.find_last_not_of(' ') + 1);
  }

  std::string first_;
};

}  // namespace

/// The window of Open3D with a way of drawing of its own.
struct ViewerWindow::Impl final : o3d::Visualizer {
  explicit Impl(const Settings& settings);
  ~Impl() override {
    if (window_ != nullptr) glfwMakeContextCurrent(window_);
  }

  Orbit& orbit() { return static_cast<Orbit&>(*view_control_ptr_); }
  [[nodiscard]] int columns() const { return view_control_ptr_->GetWindowWidth(); }
  [[nodiscard]] int rows() const { return view_control_ptr_->GetWindowHeight(); }
  [[nodiscard]] int pane_width() const {
    return std::max(columns() / static_cast<int>(std::max<std::size_t>(panes.size(), 1)), 1);
  }
  void redraw() { is_redraw_required_ = true; }
  void paint(GLuint framebuffer, int samples);

  std::optional<Painter> painter;
  std::vector<Pane> panes;
  Style style;
  std::function<std::vector<Overlay>(const Sight&)> make_overlays;
  std::function<bool(char, bool)> press;
  std::exception_ptr failure;  // of a callback, which C code called

 protected:
  bool InitViewControl() override {
    view_control_ptr_ = std::make_unique<Orbit>();
    ResetViewPoint();
    return true;
  }
  void BuildUtilities() override {}
  void PrintVisualizerHelp() override {}
  void Render(bool /*off_screen*/) override;
  void KeyPressCallback(GLFWwindow* window, int key, int scancode, int action, int mods) override;
};

ViewerWindow::Impl::Impl(const Settings& settings) {
  const LogCatcher log;
#ifdef GLFW_PLATFORM  // since GLFW 3.4, which else asks for Wayland first and complains of its
                      // absence
  glfwInitHint(GLFW_PLATFORM, GLFW_PLATFORM_X11);
#endif
  // A picture has the size that was asked for, whatever the size of the screen.
  const bool opened =
      CreateVisualizerWindow(settings.title, static_cast<int>(settings.width),
                             static_cast<int>(settings.height), 50, 50, settings.visible);
  if (!opened) {
    throw Error(Fault::kInput, "window", "cannot be opened, " + log.first());
  }
  if (!settings.visible) {
    orbit().ChangeWindowSize(static_cast<int>(settings.width), static_cast<int>(settings.height));
  }
  painter.emplace();
}

void ViewerWindow::Impl::paint(GLuint framebuffer, int samples) {
  const int width = columns();
  const int height = rows();
  const int pane = pane_width();
  painter->begin(width, height, samples, style);
  for (std::size_t i = 0; i < panes.size(); ++i) {
    painter->draw(panes[i], orbit().viewport(static_cast<int>(i) * pane, pane, height));
  }
  orbit().ChangeWindowSize(width, height);
  painter->finish(framebuffer);
  if (!make_overlays) return;
  for (const Overlay& overlay : make_overlays(orbit().sight(width, height, pane))) {
    painter->lay(overlay, framebuffer);
  }
}

void ViewerWindow::Impl::Render(bool /*off_screen*/) {
  if (!painter || columns() <= 0 || rows() <= 0) return;
  glfwMakeContextCurrent(window_);
  try {
    paint(0, 1);
  } catch (...) {
    failure = std::current_exception();
    Close();
  }
  glfwSwapBuffers(window_);
}

void ViewerWindow::Impl::KeyPressCallback(GLFWwindow* /*window*/, int key, int scancode, int action,
                                          int mods) {
  const char character = character_of(key, scancode);
  if (action == GLFW_RELEASE || character == 0 || !press) return;
  try {
    if (!press(character, (mods & GLFW_MOD_SHIFT) != 0)) Close();
  } catch (...) {
    failure = std::current_exception();
    Close();
  }
  redraw();
}

ViewerWindow::ViewerWindow(const Settings& settings) : impl_(std::make_unique<Impl>(settings)) {}

ViewerWindow::~ViewerWindow() = default;

std::size_t ViewerWindow::add(const Layer& layer) {
  return impl_->painter->add(layer);
}

void ViewerWindow::recolor(std::size_t layer, std::span<const Rgb> colors) {
  impl_->painter->recolor(layer, colors);
  impl_->redraw();
}

void ViewerWindow::set_diameter(double diameter) {
  impl_->painter->set_diameter(diameter);
  impl_->redraw();
}

void ViewerWindow::set_panes(std::vector<Pane> panes) {
  impl_->panes = std::move(panes);
  impl_->redraw();
}

void ViewerWindow::set_style(const Style& style) {
  impl_->style = style;
  impl_->redraw();
}

void ViewerWindow::set_camera(const Camera& camera) {
  impl_->orbit().set(camera);
  impl_->redraw();
}

void ViewerWindow::set_overlays(std::function<std::vector<Overlay>(const Sight&)> make) {
  impl_->make_overlays = std::move(make);
  impl_->redraw();
}

std::size_t ViewerWindow::width() const {
  return static_cast<std::size_t>(impl_->columns());
}

std::size_t ViewerWindow::height() const {
  return static_cast<std::size_t>(impl_->rows());
}

double ViewerWindow::pane_aspect() const {
  return static_cast<double>(impl_->pane_width()) / std::max(impl_->rows(), 1);
}

Image ViewerWindow::picture() {
  GlTarget target;
  const int columns = impl_->columns();
  const int rows = impl_->rows();
  target.resize(columns, rows);
  impl_->paint(target.framebuffer(), kPictureSamples);
  Image image(width(), height(), {});
  target.bind();
  glPixelStorei(GL_PACK_ALIGNMENT, 1);
  glReadPixels(0, 0, columns, rows, GL_RGB, GL_UNSIGNED_BYTE, image.pixels.data());
  glBindFramebuffer(GL_FRAMEBUFFER, 0);
  // OpenGL begins at the bottom.
  for (std::size_t low = 0, high = image.height - 1; low < high; ++low, --high) {
    std::swap_ranges(&image.at(0, low), &image.at(0, low) + image.width, &image.at(0, high));
  }
  return image;
}

void ViewerWindow::run(const std::function<bool(char, bool)>& press) {
  impl_->press = press;
  impl_->failure = nullptr;
  while (impl_->WaitEvents()) {
  }
  if (impl_->failure) std::rethrow_exception(impl_->failure);
}

}  // namespace ptattn::view
