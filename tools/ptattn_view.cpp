// Shows point clouds, coloured by their fields. See `ptattn-view --help`.

#include <CLI/CLI.hpp>
#include <array>
#include <charconv>
#include <cmath>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "file_set.hpp"
#include "interrupt.hpp"
#include "output.hpp"
#include "progress.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/io/png.hpp"
#include "ptattn/models/model_folder.hpp"
#include "ptattn/models/model_search.hpp"
#include "ptattn/view/window.hpp"
#include "target.hpp"
#include "tool.hpp"
#include "view/display.hpp"
#include "view/stage.hpp"
#include "view/summary.hpp"

namespace ptattn::tools {
namespace {

constexpr std::size_t kMostPixels = 8192;  // a side
constexpr std::array<std::string_view, 1> kPictureExtensions{".png"};
constexpr const char* kDefaultModel = "aerial";

const About kAbout{
    .name = "ptattn-view",
    .summary =
        "Shows point clouds in a window of Open3D or as a picture, coloured by label,\n"
        "confidence, attention, height or any other field. Prints what the colours mean.\n",
    .examples =
        "  ptattn-view labelled.ply\n"
        "  ptattn-view tile_1.ply tile_2.ply --color intensity --background black\n"
        "  ptattn-view --compare labelled.ply corrected.ply\n"
        "  ptattn-view seen.ply --screenshot seen.png --size 800x600 --camera front\n"
        "  ptattn-view survey.ply --color classification --camera 60,45 --zoom 1.5\n"
        "\n"
        "Keys:\n" +
        keys_text() +
        "\n"
        "Several clouds share a scene. Coordinates are taken relative to a corner of the\n"
        "first cloud; points with a coordinate that is NaN or infinite are left out.\n"
        "Pictures need an X display as windows do (Debian's Open3D cannot draw without\n"
        "one); where there is none, xvfb-run is used, of the packages xvfb and xauth. The\n"
        "same command gives the same picture, byte by byte, on the same machine.\n"};

struct Settings {
  std::vector<std::string> inputs;
  std::string screenshot;
  std::string model;
  std::string codes;
  std::size_t width = 1280;
  std::size_t height = 800;
  SceneSettings scene{.most_points = 5'000'000, .color = "", .compare = false};
  StageSettings stage;
};

template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole ? std::optional(number) : std::nullopt;
}

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
  const auto width = parse_number<std::size_t>((*parts)[0]);
  const auto height = parse_number<std::size_t>((*parts)[1]);
  const auto fits = [](const auto& n) { return n && *n >= 16 && *n <= kMostPixels; };
  if (!fits(width) || !fits(height)) return std::nullopt;
  return std::array{*width, *height};
}

/// "iso", or "30,25": azimuth and elevation.
std::optional<view::Direction> parse_direction(std::string_view text) {
  if (const auto preset = view::preset_direction(text)) return preset;
  const auto parts = split(text, ',');
  if (!parts) return std::nullopt;
  const auto azimuth = parse_number<double>((*parts)[0]);
  const auto elevation = parse_number<double>((*parts)[1]);
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

void declare_picture(CLI::App& app, Settings& s) {
  app.add_option("--screenshot", s.screenshot, "Write a picture, PNG, instead of opening a window")
      ->type_name("FILE")
      ->check([](const std::string& name) { return name.empty() ? "the name is empty" : ""; });
  app.add_option_function<std::string>(
         "--size",
         [&s](const std::string& text) {
           const auto size = *parse_size(text);
           s.width = size[0];
           s.height = size[1];
         },
         "Pixels of the window or the picture [1280x800]")
      ->type_name("WxH")
      ->check([](const std::string& text) {
        return parse_size(text) ? "" : text + " is no size, expected 16x16 to 8192x8192";
      });
  app.add_option_function<std::string>(
         "--camera", [&s](const std::string& text) { s.stage.direction = parse_direction(text); },
         "Where to look from: top, bottom, front, back, left, right, iso, or AZIMUTH,ELEVATION in "
         "degrees: around the vertical from the front, above the horizon [flat clouds from "
         "higher up: 30,38, others 30,20]")
      ->type_name("FROM")
      ->check([](const std::string& text) {
        return parse_direction(text) ? "" : text + " is no direction to look from";
      });
  app.add_option("--zoom", s.stage.zoom, "Enlarge: 2 is twice as large as what fits [1]")
      ->type_name("F")
      ->check(CLI::Range(0.01, 1000.0).description(""));
  app.add_option_function<std::string>(
         "--background",
         [&s](const std::string& text) { s.stage.style.background = *parse_color(text); },
         "white, grey, black or #RRGGBB [white]")
      ->type_name("COLOR")
      ->check([](const std::string& text) {
        return parse_color(text) ? "" : text + " is neither white, grey, black nor #RRGGBB";
      });
  app.add_option_function<double>(
         "--point-size", [&s](double size) { s.stage.point_size = size; },
         "Pixels of a point in the middle of the picture; nearer ones are larger [points close "
         "surfaces]")
      ->type_name("PIXELS")
      ->check(CLI::Range(0.1, 255.0).description(""));
  app.add_flag_function(
      "--flat", [&s](std::int64_t) { s.stage.style.shaded = false; },
      "Colours exactly as in the legend: no shading");
  app.add_flag_function(
      "--no-legend", [&s](std::int64_t) { s.stage.legend = false; }, "No legend, no captions");
}

void declare(CLI::App& app, Settings& s) {
  app.add_option("INPUT", s.inputs, "PLY, PCD, LAS and LAZ files")->type_name("");
  app.add_option("--color", s.scene.color,
                 "Field to colour by; also rgb, height and features (the first three of many) "
                 "[the first of label, classification, attention, rgb, features, intensity, height "
                 "that there is]")
      ->type_name("FIELD");
  app.add_option("--model", s.model,
                 "Model whose classes the labels are: their names and colours [aerial]")
      ->type_name("MODEL");
  app.add_option("--codes", s.codes,
                 "What labels are: class (numbers of the model's classes) or asprs (codes of LAS "
                 "files) [asprs for classification, else class]")
      ->type_name("CODES")
      ->check(CLI::IsMember({"class", "asprs"}).description(""));
  app.add_flag("--compare", s.scene.compare,
               "Show two clouds of the same points side by side; points that differ in "
               "what is shown keep their colours, the others are paled");
  app.add_flag("--side-by-side", s.stage.side_by_side,
               "Show each cloud in a part of the window, all from the same direction");
  declare_picture(app, s);
  app.add_option_function<std::string>(
         "--up",
         [&s](const std::string& axis) {
           s.stage.up = axis == "x" ? Axis::kX : axis == "y" ? Axis::kY : Axis::kZ;
         },
         "Axis that points upwards: z, y or x [z]")
      ->type_name("AXIS")
      ->check(CLI::IsMember({"z", "y", "x"}).description(""));
  app.add_option("--max-points", s.scene.most_points,
                 "Points to draw at most; of larger clouds, an even choice is drawn [5000000]")
      ->type_name("N")
      ->check(CLI::Range(std::size_t{1}, std::size_t{1'000'000'000}).description(""));
}

void check(const Settings& s) {
  if (s.inputs.empty()) {
    throw Error(Fault::kUsage, "INPUT", "missing, name PLY, PCD, LAS or LAZ files, see --help");
  }
  if (s.scene.compare && s.inputs.size() != 2) {
    throw Error(Fault::kUsage, "--compare",
                "needs two clouds, got " + std::to_string(s.inputs.size()));
  }
  if (s.screenshot.empty()) return;
  check_target(s.screenshot, kPictureExtensions);
  FileSet files;
  for (const std::string& input : s.inputs) files.insert(input);
  if (!s.model.empty()) files.insert_folder(find_model(s.model));
  refuse_overwriting(s.screenshot, files, "--screenshot");
}

/// The classes of the model; none when it was not named and is not installed.
view::ClassTable model_table(const Settings& s) {
  try {
    const SegmenterDescription model =
        read_segmenter_description(find_model(s.model.empty() ? kDefaultModel : s.model));
    return view::model_classes(model.classes, model.palette);
  } catch (const Error&) {
    if (!s.model.empty()) throw;
    return {};
  }
}

std::function<view::ClassTable(const view::ColorSource&)> class_names(const Settings& s) {
  return [codes = s.codes, model = model_table(s)](const view::ColorSource& source) {
    const bool asprs = codes.empty() ? view::names_asprs_codes(source.name) : codes == "asprs";
    return asprs ? view::asprs_classes() : model;
  };
}

void report(const Stage& stage, const Settings& s) {
  Progress progress(kAbout.name, 1);
  std::string text;
  for (std::size_t i = 0; i < stage.scene().clouds.size(); ++i) {
    const ShownCloud& shown = stage.scene().clouds[i];
    text += summary_text(shown, stage.legends()[i]);
    const std::size_t drawn = shown.cloud.size();
    if (drawn < shown.finite) {
      progress.message(shown.path + ": " + std::to_string(drawn) + " of " +
                       std::to_string(shown.finite) + " points are drawn, see --max-points");
    }
  }
  if (stage.scene().comparison) {
    const Comparison& comparison = *stage.scene().comparison;
    text += comparison_text(comparison, s.stage.classes(comparison.source));
    if (!comparison.problem.empty()) progress.message(comparison.problem);
  }
  Output::to_stdout().write(text);
}

/// A message that tells as well what to do about it.
view::ViewerWindow open_window(const Settings& s) {
  try {
    return view::ViewerWindow({.title = "ptattn-view: " + s.inputs.front(),
                               .width = s.width,
                               .height = s.height,
                               .visible = s.screenshot.empty()});
  } catch (const Error& error) {
    const std::string what = error.what();  // "window: cannot be opened, ..."
    throw Error(error.fault(), "window",
                what.substr(what.find(' ') + 1) + "; " + display_advice(!s.screenshot.empty()));
  }
}

int run(Settings& s, int argc, char** argv) {
  check(s);
  s.stage.classes = class_names(s);
  s.stage.side_by_side = s.stage.side_by_side || s.scene.compare;
  if (!s.screenshot.empty()) use_virtual_display(argc, argv);
  Scene scene = load_scene(s.inputs, s.scene);
  view::ViewerWindow window = open_window(s);
  Stage stage(window, std::move(scene), s.stage);
  report(stage, s);
  if (!s.screenshot.empty()) {
    write_png(s.screenshot, window.picture());
    return 0;
  }
  InterruptWatch::end_at_once();  // the window waits for keys only
  window.run([&](char key, bool shift) { return stage.press(key, shift); });
  return 0;
}

}  // namespace
}  // namespace ptattn::tools

int main(int argc, char** argv) {
  using namespace ptattn::tools;
  return run_tool(kAbout, argc, argv, declare,
                  [&](Settings& settings) { return run(settings, argc, argv); });
}
