// Shows point clouds, coloured by their fields. See `ptattn-view --help`.

#include <algorithm>
#include <array>
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
#include "frame_options.hpp"
#include "interrupt.hpp"
#include "made_by.hpp"
#include "models.hpp"
#include "options.hpp"
#include "output.hpp"
#include "progress.hpp"
#include "ptattn/cloud/field_meaning.hpp"
#include "ptattn/cloud/provenance.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/io/cloud_io.hpp"
#include "ptattn/io/png.hpp"
#include "ptattn/models/model_folder.hpp"
#include "ptattn/view/window.hpp"
#include "target.hpp"
#include "tool.hpp"
#include "view/display.hpp"
#include "view/origin.hpp"
#include "view/scene_colors.hpp"
#include "view/settings.hpp"
#include "view/shown_file.hpp"
#include "view/summary.hpp"
#include "view/viewer.hpp"

namespace ptattn::tools {
namespace {

constexpr std::array<std::string_view, 2> kShownExtensions{".png", ".ply"};

const About kAbout{
    .name = "ptattn-view",
    .summary =
        "Shows point clouds in a window of Open3D or as a picture, coloured by label,\n"
        "confidence, attention, height or any other field. Prints what the colours mean.\n",
    .examples =
        "  ptattn-view labelled.ply\n"
        "  ptattn-view tile_1.ply tile_2.ply --colorize intensity --background black\n"
        "  ptattn-view --compare labelled.ply corrected.ply\n"
        "  ptattn-view labelled.laz --compare-fields label classification\n"
        "  ptattn-view seen.ply -o seen.png --size 800x600 --camera front\n"
        "  ptattn-view labelled/ -o pictures/ --resume\n"
        "  ptattn-view tile.laz -o for_open3d.ply\n"
        "  ptattn-view survey.ply --colorize classification --camera 60,45 --zoom 1.5\n"
        "\n"
        "Keys:\n" +
        Viewer::keys_text() +
        "\n"
        "Several clouds share one scene. Coordinates are taken relative to a corner of\n"
        "the first cloud; points with a NaN or infinite coordinate are left out. The\n"
        "frame fits nearly all points; those far away from the others are left out and\n"
        "counted. The scale bar holds at the depth of the picture's centre. Pictures\n"
        "need an X display, as windows do (Debian's Open3D cannot draw without one);\n"
        "where there is none, xvfb-run is used (packages xvfb and xauth). On the same\n"
        "machine, the same command gives the same picture byte for byte.\n",
    .task = ModelTask::kPoints};

/// Whether the output is a file of points rather than a picture.
bool is_cloud(const std::string& output) {
  return has_extension(output, ".ply");
}

bool is_one_file(const ViewSettings& s) {
  std::error_code ignored;
  return !s.files.output.ends_with('/') && !std::filesystem::is_directory(s.files.output, ignored);
}

/// What can be said before anything is read.
std::vector<Job> plan(const ViewSettings& s) {
  check_files(s.files, false);
  const InputList inputs = list_inputs(s.files, std::cin);
  std::vector<Job> jobs;
  for (const InputList::Entry& entry : inputs.entries) jobs.push_back({entry.input});
  if (s.scene.compare && jobs.size() != 2) {
    throw Error(Fault::kUsage, "--compare", "needs two clouds, got " + std::to_string(jobs.size()));
  }
  if (!s.scene.compared_fields.empty() && jobs.size() != 1 && is_one_file(s)) {
    throw Error(Fault::kUsage, "--compare-fields",
                "needs one cloud, got " + std::to_string(jobs.size()));
  }
  if (s.files.output.empty()) return jobs;
  FileSet files;
  if (!s.model.empty()) files.insert_folder(locate_model(s.model));
  if (is_one_file(s)) {
    check_target(s.files.output, kShownExtensions);
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

/// The classes of the model that was named; without one, labels are numbers.
view::ClassTable model_table(const ViewSettings& s) {
  if (s.model.empty()) return {};
  const SegmenterDescription model = read_segmenter_description(locate_model(s.model));
  return view::model_classes(model.classes, model.palette);
}

/// The comments of each file, as far as they can be looked at before they are read.
std::vector<FileComments> comments_of(std::span<const Job> jobs) {
  std::vector<FileComments> comments;
  for (const Job& job : jobs) {
    std::error_code ignored;
    if (!std::filesystem::is_regular_file(job.input.path, ignored)) continue;
    try {
      comments.push_back(read_comments(job.input.path));
    } catch (const Error&) {  // which is said when the cloud is read
    }
  }
  return comments;
}

/// What the command line says of labels, else what the files say, else the names of the fields.
ClassNames class_names(const ViewSettings& s, std::span<const Job> jobs) {
  const bool by_origin = s.codes == Codes::kByField && s.model.empty();
  return [codes = s.codes, model = model_table(s),
          comments = by_origin ? comments_of(jobs)
                               : std::vector<FileComments>()](const view::ColorSource& source) {
    if (const auto said = classes_by_origin(comments, source.name)) return *said;
    const bool asprs =
        codes == Codes::kByField ? names_asprs_codes(source.name) : codes == Codes::kAsprs;
    return asprs ? view::asprs_classes() : model;
  };
}

/// What a user should know of a cloud besides its colours.
void note_what_is_missing(const ShownCloud& shown, Progress& progress) {
  tell_notes(shown.notes, shown.path, progress);
  tell({}, shown.warnings, shown.path, progress);
  const std::size_t drawn = shown.cloud.size();
  if (drawn < shown.finite) {
    progress.note(shown.path, std::to_string(drawn) + " of " + std::to_string(shown.finite) +
                                  " points are drawn, see --max-points");
  }
  if (shown.strays > 0) {
    progress.note(shown.path, "the frame leaves out " + std::to_string(shown.strays) + " of " +
                                  std::to_string(drawn) + " points, far away from the others");
  }
}

/// Says what the colours of the clouds mean; the result is one record per cloud.
std::vector<FileReport> report_of(const Scene& scene, const std::vector<view::Legend>& legends,
                                  const ViewSettings& s, Progress& progress) {
  std::vector<FileReport> reports;
  for (std::size_t i = 0; i < scene.clouds.size(); ++i) {
    const ShownCloud& shown = scene.clouds[i];
    reports.push_back({.points = shown.points,
                       .json = summary_json(shown, legends[i]),
                       .table = summary_text(shown, legends[i])});
    if (i == 0 || scene.own_sources.empty()) note_what_is_missing(shown, progress);
  }
  if (scene.comparison) {
    reports.back().table += comparison_text(*scene.comparison, s.viewer.classes);
    reports.back().json["different"] = scene.comparison->differing;
    if (!scene.comparison->problem.empty()) {
      progress.warn("", {"comparison", scene.comparison->problem});
    }
  }
  return reports;
}

/// Opens a window; an error says as well what to do about it.
view::ViewerWindow open_window(const ViewSettings& s, const std::string& title) {
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

Lettering load_letters(const ViewSettings& s, Progress& progress) {
  Lettering lettering;
  if (s.viewer.legend && !lettering.has_font()) {
    progress.note("", "no font is installed, so text is drawn in dots; install fonts-dejavu-core");
  }
  return lettering;
}

/// The viewer's settings, with an up axis as the first cloud lies where that is left to it.
ViewerSettings settle_viewer(const ViewSettings& s, const Scene& scene, Progress& progress) {
  ViewerSettings settings = s.viewer;
  const ShownCloud& first = scene.clouds.front();
  settings.up = settle_up(s.up, first.cloud, first.path, progress);
  return settings;
}

/// Says so where one legend cannot hold for all clouds, or is not that of the labels.
void warn_of_unlike_classes(const ViewSettings& s, const std::vector<Job>& jobs, const Scene& scene,
                            Progress& progress) {
  const std::string& field = scene.sources[scene.source].name;
  if (s.codes == Codes::kByField && !s.model.empty() && !names_asprs_codes(field)) {
    const std::string others = unlike_classes(comments_of(jobs), field, model_table(s));
    if (others.empty()) return;
    progress.warn("", {"classes", s.model + " has other classes than " + field + ", which holds " +
                                      others + " as the file says; leave --model out"});
    return;
  }
  if (s.codes != Codes::kByField || !s.model.empty() || agree_on(comments_of(jobs), field)) return;
  progress.warn("", {"classes", "the clouds hold different classes in " + field +
                                    ": numbers of labels are shown, and equal ones may mean "
                                    "different things"});
}

/// What made a picture: its cloud, where it is of one, and this run.
CloudMetadata origin_of(std::span<const Job> jobs, const ViewSettings& s) {
  CloudMetadata origin;
  if (jobs.size() == 1) {
    for (const FileComments& comments : comments_of(jobs)) {
      std::ranges::copy_if(comments, std::back_inserter(origin.comments), is_provenance_line);
    }
  }
  add_provenance(origin, s.made_by);
  return origin;
}

/// One picture of one cloud, for a folder of pictures.
FileReport draw_file(ViewSettings s, const Job& job, Progress& progress) {
  s.viewer.classes = s.scene.classes = class_names(s, {&job, 1});
  const std::string path = job.input.path.string();
  progress.status("reading " + path);
  check_target(job.output, kPictureExtensions);
  Scene scene = load_scene({path}, s.scene);
  warn_of_unlike_classes(s, {job}, scene, progress);
  view::ViewerWindow window = open_window(s, path);
  const Lettering lettering = load_letters(s, progress);
  const ViewerSettings settings = settle_viewer(s, scene, progress);
  const Viewer viewer(window, std::move(scene), settings, lettering);
  FileReport report = std::move(report_of(viewer.scene(), viewer.legends(), s, progress).back());
  make_parent_folders(job.output);
  write_png(job.output, window.picture(), origin_of({&job, 1}, s).comments);
  report.json["output"] = job.output.string();
  return report;
}

std::vector<std::string> paths_of(const std::vector<Job>& jobs) {
  std::vector<std::string> paths;
  for (const Job& job : jobs) {
    if (!job.input.problem.empty()) {
      throw Error(Fault::kInput, job.input.path.string(), job.input.problem);
    }
    paths.push_back(job.input.path.string());
  }
  if (paths.empty()) throw Error(Fault::kInput, "INPUT", "the list of inputs is empty");
  return paths;
}

/// Prints what the colours mean; returns how many points there are.
std::size_t print_reports(const Scene& scene, const std::vector<view::Legend>& legends,
                          const ViewSettings& s, Progress& progress) {
  Output output = Output::to_stdout();
  RecordWriter writer(s.files.format.value_or(Format::kTable), output);
  const std::vector<FileReport> reports = report_of(scene, legends, s, progress);
  std::size_t points = 0;
  for (std::size_t i = 0; i < reports.size(); ++i) {
    nlohmann::ordered_json record{{"path", scene.clouds[i].path}};
    record.update(reports[i].json);
    writer.write(record, reports[i].table);
    if (i == 0 || scene.own_sources.empty()) points += reports[i].points;
  }
  writer.finish();
  return points;
}

/// All clouds in one scene: a picture or a window.
int show(const ViewSettings& s, const std::vector<Job>& jobs) {
  const std::vector<std::string> paths = paths_of(jobs);
  Progress progress(kAbout.name, 1);
  Scene scene = load_scene(paths, s.scene);
  if (!scene.note.empty()) progress.warn("", {"distance", scene.note});
  warn_of_unlike_classes(s, jobs, scene, progress);
  view::ViewerWindow window = open_window(s, paths.front());
  InterruptWatch::end_at_once();  // drawing asks nobody, and a window waits for keys only
  const Lettering lettering = load_letters(s, progress);
  const ViewerSettings settings = settle_viewer(s, scene, progress);
  Viewer viewer(window, std::move(scene), settings, lettering);
  const std::size_t points = print_reports(viewer.scene(), viewer.legends(), s, progress);
  if (s.files.output.empty()) {
    window.run([&](char key, bool shift) { return viewer.press(key, shift); });
    return 0;
  }
  make_parent_folders(s.files.output);
  write_png(s.files.output, window.picture(), origin_of(jobs, s).comments);
  progress.summary(paths.size(), points);
  return 0;
}

/// All clouds in one file with their colours; needs no display.
int write_as_shown(const ViewSettings& s, const std::vector<Job>& jobs) {
  const std::vector<std::string> paths = paths_of(jobs);
  Progress progress(kAbout.name, 1);
  const Scene scene = load_scene(paths, s.scene);
  warn_of_unlike_classes(s, jobs, scene, progress);
  const SceneColors colors = color_scene(scene, s.viewer.classes, s.viewer.style.background);
  const std::size_t points = print_reports(scene, colors.legends, s, progress);
  make_parent_folders(s.files.output);
  PointCloud shown = cloud_as_shown(scene, colors);
  shown.metadata() = origin_of(jobs, s);
  write_cloud(s.files.output, shown);
  progress.summary(paths.size(), points);
  return 0;
}

int run(ViewSettings& s, int argc, char** argv) {
  if (s.list_models) return print_models(ModelTask::kPoints, s.files.format);
  // Before a list is read from standard input: the command may start again below.
  const bool draws = !s.files.output.empty() && !is_cloud(s.files.output);
  if (draws && !s.files.dry_run && !s.files.inputs.empty()) {
    use_virtual_display(argc, argv);
  }
  const std::vector<Job> jobs = plan(s);
  Batch batch = make_batch(kAbout.name, s.files);
  batch.run = s.made_by = s.model.empty() ? made_by() : made_by_model(s.model);
  if (s.files.dry_run) return print_plan(jobs, batch);
  s.viewer.classes = s.scene.classes = class_names(s, jobs);
  s.viewer.side_by_side =
      s.viewer.side_by_side || s.scene.compare || !s.scene.compared_fields.empty();
  if (is_cloud(s.files.output)) return write_as_shown(s, jobs);
  if (s.files.output.empty() || is_one_file(s)) return show(s, jobs);
  return run_batch(jobs, batch,
                   [&](const Job& job, Progress& progress) { return draw_file(s, job, progress); });
}

}  // namespace
}  // namespace ptattn::tools

int main(int argc, char** argv) {
  using namespace ptattn::tools;
  return run_tool(kAbout, argc, argv, declare_view,
                  [&](ViewSettings& settings) { return run(settings, argc, argv); });
}
