#include "settings.hpp"

#include <CLI/CLI.hpp>
#include <array>
#include <charconv>
#include <cmath>
#include <string_view>
#include <system_error>

#include "../checks.hpp"
#include "../cloud_options.hpp"
#include "../frame_options.hpp"

namespace ptattn::tools {
namespace {

constexpr std::size_t kMostPixels = 8192;  // a side

/// The two texts around a separator.
std::optional<std::array<std::string_view, 2>> split(std::string_view text, char separator) {
  const std::size_t at = text.find(separator);
  if (at == std::string_view::npos) return std::nullopt;
  return std::array{text.substr(0, at), text.substr(at + 1)};
}

/// "1280x800"
std::optional<std::array<std::size_t, 2>> parse_size(std::string_view text) {
  const auto parts = split(text, 'x');
  if (!parts) return std::nullopt;
  const auto width = parse_index((*parts)[0]);
  const auto height = parse_index((*parts)[1]);
  const auto fits = [](const auto& n) { return n && *n >= 16 && *n <= kMostPixels; };
  if (!fits(width) || !fits(height)) return std::nullopt;
  return std::array{*width, *height};
}

/// "iso", or "30,25": azimuth and elevation.
std::optional<view::Direction> parse_direction(std::string_view text) {
  if (const auto preset = view::preset_direction(text)) return preset;
  const auto parts = split(text, ',');
  if (!parts) return std::nullopt;
  const auto azimuth = parse_number((*parts)[0]);
  const auto elevation = parse_number((*parts)[1]);
  if (!azimuth || !elevation || !(std::abs(*azimuth) <= 360.0) || !(std::abs(*elevation) <= 90.0)) {
    return std::nullopt;
  }
  return view::Direction{*azimuth, *elevation};
}

/// "white", "grey", "black", or "#ffcc00".
std::optional<Rgb> parse_color(std::string_view text) {
  if (text == "white") return Rgb{255, 255, 255};
  if (text == "grey") return Rgb{64, 64, 68};
  if (text == "black") return Rgb{0, 0, 0};
  if (text.size() != 7 || text[0] != '#') return std::nullopt;
  Rgb color{};
  for (std::size_t c = 0; c < 3; ++c) {
    const char* const begin = text.data() + 1 + 2 * c;
    const auto [end, error] = std::from_chars(begin, begin + 2, color[c], 16);
    if (error != std::errc() || end != begin + 2) return std::nullopt;
  }
  return color;
}

void declare_frame(CLI::App& app, ViewSettings& s) {
  app.add_option_function<std::string>(
         "--size",
         [&s](const std::string& text) {
           const auto size = *parse_size(text);
           s.width = size[0];
           s.height = size[1];
         },
         "Set the size of the window or picture in pixels [1280x800]")
      ->type_name("WxH")
      ->check([](const std::string& text) {
        return parse_size(text) ? "" : text + " is not a size, expected 16x16 to 8192x8192";
      });
  app.add_option_function<std::string>(
         "--camera", [&s](const std::string& text) { s.viewer.direction = parse_direction(text); },
         "Look from top, bottom, front, back, left, right, iso, or AZIMUTH,ELEVATION in degrees: "
         "about the vertical, counted from the front, and above the horizon [30,38 for flat "
         "clouds, else 30,20]")
      ->type_name("CAMERA")
      ->check([](const std::string& text) {
        return parse_direction(text) ? "" : text + " is not a direction to look from";
      });
  app.add_option("--zoom", s.viewer.zoom, "Enlarge the scene: 2 is twice the size that fits [1]")
      ->type_name("F")
      ->check(number(0.01, 1000.0));
}

void declare_style(CLI::App& app, ViewSettings& s) {
  app.add_option_function<std::string>(
         "--background",
         [&s](const std::string& text) { s.viewer.style.background = *parse_color(text); },
         "Draw on white, grey, black or #RRGGBB [white]")
      ->type_name("COLOR")
      ->check([](const std::string& text) {
        return parse_color(text) ? "" : text + " is neither white, grey, black nor #RRGGBB";
      });
  app.add_option_function<double>(
         "--point-size", [&s](double size) { s.viewer.point_size = size; },
         "Draw points in the middle of the picture with this diameter in pixels, nearer ones "
         "larger [large enough to close surfaces]")
      ->type_name("PIXELS")
      ->check(number(0.1, 255.0));
  app.add_flag_function(
      "--flat", [&s](std::int64_t) { s.viewer.style.shaded = false; },
      "Draw colours exactly as in the legend, without shading");
  app.add_flag_function(
      "--no-legend", [&s](std::int64_t) { s.viewer.legend = false; },
      "Draw no legend, captions, scale bar or compass");
  app.add_option("--unit", s.viewer.unit, "Write this unit, such as m, after lengths and heights")
      ->type_name("UNIT");
}

}  // namespace

void declare_view(CLI::App& app, ViewSettings& s) {
  add_inputs(app, s.files);
  add_output(app, s.files.output,
             "Write a PNG picture instead of opening a window: one of all inputs or, in a folder "
             "that exists or ends in /, one per input; or a PLY file of the points in the colours "
             "shown, for Open3D and other programs",
             "PATH");
  add_format(app, s.files.format);
  app.add_option(
         "--colorize", s.scene.color,
         "Colour by this field; also rgb, height and features (the first three of many) [the first "
         "of label, classification, attention, rgb, features, intensity, height that exists]")
      ->type_name("FIELD");
  add_model(app, s.model, "as the file says, else numbers",
            "Take names and colours of labels from this model");
  add_list_models(app, s.list_models);
  add_codes(app, s.codes, "--codes", "Read labels as", "asprs for classification, else class");
  app.add_option("--compare-fields", s.scene.compared_fields,
                 "Show a cloud twice, side by side, coloured by two of its fields; points whose "
                 "classes agree are paled")
      ->type_name("FIELD FIELD")
      ->expected(2)
      ->excludes("--colorize");
  app.add_flag("--compare", s.scene.compare,
               "Show two clouds of the same points side by side; points that differ keep their "
               "colours, the others are paled")
      ->excludes("--compare-fields");
  app.add_flag("--side-by-side", s.viewer.side_by_side,
               "Show each cloud in its own part of the window, all from the same direction");
  declare_frame(app, s);
  declare_style(app, s);
  add_up(app, s.up, kUpAsSceneLies);
  app.add_option("--max-points", s.scene.most_points,
                 "Draw at most N points, chosen evenly from larger clouds [5000000]")
      ->type_name("N")
      ->check(whole_number(1, 1'000'000'000));
  add_read_options(app, s.scene.read);
  add_course(app, s.files);
}

}  // namespace ptattn::tools
