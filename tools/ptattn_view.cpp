// Shows point clouds, coloured by their fields. See `ptattn-view --help`.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>
#include <vector>

#include "batch.hpp"
#include "checks.hpp"
#include "cloud_options.hpp"
#include "interrupt.hpp"
#include "models.hpp"
#include "options.hpp"
#include "output.hpp"
#include "progress.hpp"
#include "ptattn/cloud/field_meaning.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/io/cloud_io.hpp"
#include "ptattn/io/png.hpp"
#include "ptattn/models/model_folder.hpp"
#include "ptattn/view/window.hpp"
#include "target.hpp"
#include "tool.hpp"
#include "view/display.hpp"
#include "view/origin.hpp"
#include "view/summary.hpp"
#include "view/viewer.hpp"

namespace ptattn::tools {
namespace {

constexpr std::size_t kMostPixels = 8192;  // a side
constexpr const char* kDefaultModel = "aerial";

const About kAbout{
    .name = "ptattn-view",
    .summary =
        "Shows point clouds in a window of Open3D or as a picture, coloured by label,\n"
        "confidence, attention, height or any other field. Prints what the colours mean.\n",
    .examples =
        "  ptattn-view labelled.ply\n"
        "  ptattn-view tile_1.ply tile_2.ply --colorize intensity --background black\n"
        "  ptattn-view --compare labelled.ply corrected.ply\n"
        "  ptattn-view seen.ply -o seen.png --size 800x600 --camera front\n"
        "  ptattn-view labelled/ -o pictures/ --resume\n"
        "  ptattn-view survey.ply --colorize classification --camera 60,45 --zoom 1.5\n"
        "\n"
        "Keys:\n" +
        Viewer::keys_text() +
        "\n"
        "Several clouds share a scene. Coordinates are taken relative to a corner of the\n"
        "first cloud; points with a coordinate that is NaN or infinite are left out.\n"
        "Pictures need an X display as windows do (Debian's Open3D cannot draw without\n"
        "one); where there is none, xvfb-run is used, of the packages xvfb and xauth. The\n"
        "same command gives the same picture, byte by byte, on the same machine.\n",
    .task = ModelTask::kPoints};

struct Settings {
  FileOptions files;
  std::string model;
  bool list_models = false;
  Codes codes = Codes::kByField;
  std::size_t width = 1280;
  std::size_t height = 800;
  std::optional<Axis> up = Axis::kZ;
  SceneSettings scene{.most_points = 5'000'000, .color = "", .compare = false, .read = {}};
  ViewerSettings viewer;
};

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

void declare_picture(CLI::App& app, Settings& s) {
  app.add_option_function<std::string>(
         "--size",
         [&s](const std::string& text) {
           const auto size = *parse_size(text);
           s.width = size[0];
           s.height = size[1];
         },
         "Make the window or the picture that many pixels large [1280x800]")
      ->type_name("WxH")
      ->check([](const std::string& text) {
        return parse_size(text) ? "" : text + " is not a size, expected 16x16 to 8192x8192";
      });
  app.add_option_function<std::string>(
         "--camera", [&s](const std::string& text) { s.viewer.direction = parse_direction(text); },
         "Look from top, bottom, front, back, left, right, iso, or AZIMUTH,ELEVATION in "
         "degrees: around the vertical from the front, above the horizon [flat clouds from "
         "higher up: 30,38, others 30,20]")
      ->type_name("CAMERA")
      ->check([](const std::string& text) {
        return parse_direction(text) ? "" : text + " is not a direction to look from";
      });
  app.add_option("--zoom", s.viewer.zoom, "Enlarge: 2 is twice as large as what fits [1]")
      ->type_name("F")
      ->check(number(0.01, 1000.0));
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
         "Draw points in the middle of the picture that many pixels large, nearer ones larger "
         "[as large as closes surfaces]")
      ->type_name("PIXELS")
      ->check(number(0.1, 255.0));
  app.add_flag_function(
      "--flat", [&s](std::int64_t) { s.viewer.style.shaded = false; },
      "Draw colours exactly as in the legend, without shading");
  app.add_flag_function(
      "--no-legend", [&s](std::int64_t) { s.viewer.legend = false; },
      "Draw no legend and no captions");
}

void declare(CLI::App& app, Settings& s) {
  add_inputs(app, s.files);
  add_output(
      app, s.files.output,
      "Write a picture, PNG, instead of opening a window: one of all inputs, or, in a folder "
      "that exists or has a / at its end, one of each",
      "PATH");
  add_format(app, s.files.format);
  app.add_option("--colorize", s.scene.color,
                 "Colour by this field; also rgb, height and features (the first three of many) "
                 "[the first of label, classification, attention, rgb, features, intensity, height "
                 "that there is]")
      ->type_name("FIELD");
  add_model(app, s.model, "aerial", "Take names and colours of labels from this model");
  add_list_models(app, s.list_models);
  add_codes(app, s.codes, "--codes", "Take labels as", "asprs for classification, else class");
  app.add_flag("--compare", s.scene.compare,
               "Show two clouds of the same points side by side; points that differ in "
               "what is shown keep their colours, the others are paled");
  app.add_flag("--side-by-side", s.viewer.side_by_side,
               "Show each cloud in a part of the window, all from the same direction");
  declare_picture(app, s);
  add_up(app, s.up, "");
  app.add_option("--max-points", s.scene.most_points,
                 "Draw at most N points; of larger clouds, an even choice [5000000]")
      ->type_name("N")
      ->check(whole_number(1, 1'000'000'000));
  add_read_options(app, s.scene.read);
  add_course(app, s.files);
}

bool is_one_picture(const Settings& s) {
  std::error_code ignored;
  return !s.files.output.ends_with('/') && !std::filesystem::is_directory(s.files.output, ignored);
}

/// What can be said before anything is read.
std::vector<Job> plan(const Settings& s) {
  check_files(s.files, false);
  const InputList inputs = list_inputs(s.files, std::cin);
  std::vector<Job> jobs;
  for (const InputList::Entry& entry : inputs.entries) jobs.push_back({entry.input});
  if (s.scene.compare && jobs.size() != 2) {
    throw Error(Fault::kUsage, "--compare", "needs two clouds, got " + std::to_string(jobs.size()));
  }
  if (s.files.output.empty()) return jobs;
  FileSet files;
  if (!s.model.empty()) files.insert_folder(locate_model(s.model));
  if (is_one_picture(s)) {
    check_target(s.files.output, kPictureExtensions);
    for (const Job& job : jobs) files.insert(job.input.path);
    refuse_overwriting(s.files.output, files);
    return jobs;
  }
  if (s.scene.compare) {
    throw Error(Fault::kUsage, "--compare", "makes one picture, expected a name ending in .png");
  }
  jobs = plan_jobs(inputs, s.files.output,
                   {.extensions = kPictureExtensions, .new_extension = ".png"});
  for (const Job& job : jobs) refuse_overwriting(job.output.string(), files);
  return jobs;
}

/// The classes of the model; none when it was not named and is not installed.
view::ClassTable model_table(const Settings& s) {
  try {
    const SegmenterDescription model =
        read_segmenter_description(locate_model(s.model.empty() ? kDefaultModel : s.model));
    return view::model_classes(model.classes, model.palette);
  } catch (const Error&) {
    if (!s.model.empty()) throw;
    return {};
  }
}

/// The comments of all files together, as far as they can be looked at before they are read.
std::vector<std::string> comments_of(const std::vector<Job>& jobs) {
  std::vector<std::string> comments;
  for (const Job& job : jobs) {
    std::error_code ignored;
    if (!std::filesystem::is_regular_file(job.input.path, ignored)) continue;
    try {
      std::ranges::copy(read_comments(job.input.path), std::back_inserter(comments));
    } catch (const Error&) {  // which is said when the cloud is read
    }
  }
  return comments;
}

/// What the command line says of labels, else what the files say, else the names of the fields.
std::function<view::ClassTable(const view::ColorSource&)> class_names(
    const Settings& s, const std::vector<Job>& jobs) {
  const bool by_origin = s.codes == Codes::kByField && s.model.empty();
  return [codes = s.codes, model = model_table(s),
          comments = by_origin ? comments_of(jobs)
                               : std::vector<std::string>()](const view::ColorSource& source) {
    if (const auto said = classes_by_origin(comments, source.name)) return *said;
    const bool asprs =
        codes == Codes::kByField ? names_asprs_codes(source.name) : codes == Codes::kAsprs;
    return asprs ? view::asprs_classes() : model;
  };
}

/// Says what the colours of the clouds mean; the result is one record per cloud.
std::vector<FileReport> report_of(const Viewer& viewer, const Settings& s, Progress& progress) {
  std::vector<FileReport> reports;
  for (std::size_t i = 0; i < viewer.scene().clouds.size(); ++i) {
    const ShownCloud& shown = viewer.scene().clouds[i];
    reports.push_back({.points = shown.points,
                       .json = summary_json(shown, viewer.legends()[i]),
                       .table = summary_text(shown, viewer.legends()[i])});
    tell_notes(shown.notes, shown.path, progress);
    const std::size_t drawn = shown.cloud.size();
    if (drawn < shown.finite) {
      progress.note(shown.path, std::to_string(drawn) + " of " + std::to_string(shown.finite) +
                                    " points are drawn, see --max-points");
    }
  }
  if (viewer.scene().comparison) {
    const Comparison& comparison = *viewer.scene().comparison;
    reports.back().table += comparison_text(comparison, s.viewer.classes(comparison.source));
    reports.back().json["different"] = comparison.differing;
    if (!comparison.problem.empty()) progress.note("", comparison.problem);
  }
  return reports;
}

/// Opens a window; an error says as well what to do about it.
view::ViewerWindow open_window(const Settings& s, const std::string& title) {
  try {
    return view::ViewerWindow({.title = "ptattn-view: " + title,
                               .width = s.width,
                               .height = s.height,
                               .visible = s.files.output.empty()});
  } catch (const Error& error) {
    const std::string what = error.what();  // "window: cannot be opened, ..."
    throw Error(error.fault(), "window",
                what.substr(what.find(' ') + 1) + "; " + display_advice(!s.files.output.empty()));
  }
}

/// One picture of one cloud, for a folder of pictures.
FileReport draw_file(const Settings& s, const Job& job, Progress& progress) {
  const std::string path = job.input.path.string();
  progress.status("reading " + path);
  check_target(job.output, kPictureExtensions);
  Scene scene = load_scene({path}, s.scene);
  view::ViewerWindow window = open_window(s, path);
  const Viewer viewer(window, std::move(scene), s.viewer);
  FileReport report = std::move(report_of(viewer, s, progress).front());
  make_parent_folders(job.output);
  write_png(job.output, window.picture());
  report.json["output"] = job.output.string();
  return report;
}

/// All clouds in one scene: a picture or a window.
int show(const Settings& s, const std::vector<Job>& jobs) {
  std::vector<std::string> paths;
  for (const Job& job : jobs) {
    if (!job.input.problem.empty()) {
      throw Error(Fault::kInput, job.input.path.string(), job.input.problem);
    }
    paths.push_back(job.input.path.string());
  }
  if (paths.empty()) throw Error(Fault::kInput, "INPUT", "the list of inputs is empty");
  Progress progress(kAbout.name, 1);
  Scene scene = load_scene(paths, s.scene);
  if (!scene.note.empty()) progress.note("", scene.note);
  view::ViewerWindow window = open_window(s, paths.front());
  Viewer viewer(window, std::move(scene), s.viewer);
  Output output = Output::to_stdout();
  RecordWriter writer(s.files.format.value_or(Format::kTable), output);
  const std::vector<FileReport> reports = report_of(viewer, s, progress);
  std::size_t points = 0;
  for (std::size_t i = 0; i < reports.size(); ++i) {
    nlohmann::ordered_json record{{"path", paths[i]}};
    record.update(reports[i].json);
    writer.write(record, reports[i].table);
    points += reports[i].points;
  }
  writer.finish();
  if (s.files.output.empty()) {
    InterruptWatch::end_at_once();  // the window waits for keys only
    window.run([&](char key, bool shift) { return viewer.press(key, shift); });
    return 0;
  }
  make_parent_folders(s.files.output);
  write_png(s.files.output, window.picture());
  progress.summary(paths.size(), points);
  return 0;
}

int run(Settings& s, int argc, char** argv) {
  if (s.list_models) return print_models(ModelTask::kPoints, s.files.format);
  // Before a list is read from standard input: the command may start anew below.
  if (!s.files.output.empty() && !s.files.dry_run && !s.files.inputs.empty()) {
    use_virtual_display(argc, argv);
  }
  const std::vector<Job> jobs = plan(s);
  const Batch batch = make_batch(kAbout.name, s.files);
  if (s.files.dry_run) return print_plan(jobs, batch);
  s.viewer.up = *s.up;
  s.viewer.classes = class_names(s, jobs);
  s.viewer.side_by_side = s.viewer.side_by_side || s.scene.compare;
  if (s.files.output.empty() || is_one_picture(s)) return show(s, jobs);
  return run_batch(jobs, batch,
                   [&](const Job& job, Progress& progress) { return draw_file(s, job, progress); });
}

}  // namespace
}  // namespace ptattn::tools

int main(int argc, char** argv) {
  using namespace ptattn::tools;
  return run_tool(kAbout, argc, argv, declare,
                  [&](Settings& settings) { return run(settings, argc, argv); });
}
