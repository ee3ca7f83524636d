// Shows where the attention of a network goes on clouds. See `ptattn-attention --help`.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <iostream>
#include <iterator>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "attention/attention_model.hpp"
#include "attention/summary.hpp"
#include "batch.hpp"
#include "checks.hpp"
#include "cloud_options.hpp"
#include "frame_options.hpp"
#include "made_by.hpp"
#include "models.hpp"
#include "options.hpp"
#include "plot/heat_map.hpp"
#include "ptattn/cloud/bounds.hpp"
#include "ptattn/cloud/colormap.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/io/cloud_io.hpp"
#include "ptattn/io/png.hpp"
#include "suggest.hpp"
#include "target.hpp"
#include "text.hpp"
#include "tool.hpp"

namespace ptattn::tools {
namespace {

constexpr double kColorPercent = 99.0;

const About kAbout{
    .name = "ptattn-attention",
    .summary =
        "Shows what a Transformer attends to: writes the attention that a query point\n"
        "pays to every point of a cloud in one layer of a model, as a field and as a\n"
        "colour, draws the matrix of all weights, and prints where attention goes.\n",
    .examples =
        "  ptattn-attention --model aerial --list-layers\n"
        "  ptattn-attention chair.ply -o seen.ply\n"
        "  ptattn-attention chair.ply -o leg.ply --query 17 --layer pt_last.sa1\n"
        "  ptattn-attention chair.ply -o seat.ply --at 0.1,0,0.45 --rollout\n"
        "  ptattn-attention chair.ply --matrix weights.png\n"
        "  ptattn-attention chairs/ -o seen/ --format jsonl\n"
        "\n"
        "Without a query, every point gets the mean attention that it receives from all\n"
        "points. Models attend to tokens: some of the points, or voxels. The points\n"
        "between them get weights by kernel interpolation over the 4 nearest tokens; a\n"
        "uniform weight is 1 / tokens. Colours run from 0 to the 99th percentile of the\n"
        "weights above 0: violet, blue, green, yellow. Points with a NaN or infinite\n"
        "coordinate get 0.\n",
    .layers = [](const std::string& model) {
      std::vector<std::string> names;
      for (const AttentionLayer& layer : load_attention_model(locate_model(model)).layers) {
        names.push_back(layer.name);
      }
      return names;
    }};

struct Settings {
  FileOptions files;
  std::string matrix;
  std::string model = "pct-modelnet40";
  bool list_models = false;
  bool list_layers = false;
  Precision precision = Precision::kFloat32;
  std::string category;
  std::string layer;
  std::optional<std::size_t> head;
  bool rollout = false;
  std::optional<std::size_t> query;
  std::optional<Position> at;
  FrameOptions frame;
  std::string field = "attention";
  bool no_colorize = false;
  CloudOptions clouds;
  Provenance made_by;  ///< what the outputs say of this run
};

/// A job with its second output.
struct Plan {
  std::vector<Job> jobs;
  std::map<std::filesystem::path, std::filesystem::path> matrices{};  ///< by input
};

/// The numbers between the commas of `text`, nullopt unless there are three finite ones.
std::optional<Position> parse_position(std::string_view text) {
  Position position{};
  const char* next = text.data();
  const char* const end = text.data() + text.size();
  for (std::size_t axis = 0; axis < 3; ++axis) {
    if (axis > 0 && (next == end || *next++ != ',')) return std::nullopt;
    const auto [after, failed] = std::from_chars(next, end, position[axis]);
    if (failed != std::errc{} || !(std::abs(position[axis]) <= kLargestCoordinate)) {
      return std::nullopt;
    }
    next = after;
  }
  return next == end ? std::optional(position) : std::nullopt;
}

void declare_query(CLI::App& app, Settings& s) {
  add_layer(app, s.layer, "Use this layer, see --list-layers [the last]");
  app.add_option_function<std::string>(
         "--head", [&s](const std::string& text) { s.head = parse_index(text); },
         "Use this head of the layer, counted from 0, or the mean of all heads [mean]")
      ->type_name("HEAD")
      ->check([](const std::string& text) {
        return parse_index(text) || text == "mean" ? ""
                                                   : text + " is neither a number from 0 nor mean";
      });
  app.add_flag(
      "--rollout", s.rollout,
      "Multiply the attention of all layers up to --layer, each mixed half and half with the "
      "residual connection (Abnar and Zuidema 2020); needs layers with the same tokens");
  CLI::Option* query =
      app.add_option_function<std::string>(
             "--query", [&s](const std::string& text) { s.query = parse_index(text); },
             "Use this point as the query, given by its index, counted from 0 [all points]")
          ->type_name("INDEX")
          ->check([](const std::string& text) {
            return parse_index(text) ? "" : text + " is not a number from 0";
          });
  app.add_option_function<std::string>(
         "--at", [&s](const std::string& text) { s.at = parse_position(text); },
         "Use the point nearest to this position, in cloud coordinates, as the query")
      ->type_name("X,Y,Z")
      ->check([](const std::string& text) {
        return parse_position(text) ? "" : text + " is not three numbers separated by commas";
      })
      ->excludes(query);
}

void declare(CLI::App& app, Settings& s) {
  add_inputs(app, s.files);
  add_output(app, s.files.output,
             "Write all fields of the input and the weights to this cloud or, for several inputs, "
             "to clouds in this folder, which exists or ends in /",
             "PATH");
  app.add_option("--matrix", s.matrix,
                 "Draw all weights of the layer as a PNG picture, or as pictures in this folder; "
                 "tokens are in the order of a Hilbert curve, and more than 512 are averaged")
      ->type_name("PATH")
      ->check(not_empty());
  add_format(app, s.files.format);
  add_model(app, s.model, "pct-modelnet40");
  add_list_models(app, s.list_models);
  add_list_layers(app, s.list_layers);
  declare_query(app, s);
  add_up(app, s.frame.up, "auto (objects: the likeliest of the six; scenes: from the cloud)");
  add_unit(app, s.frame.metres);
  add_precision(app, s.precision);
  add_category(app, s.category);
  add_field(app, s.field, "Write the weights to the field NAME [attention]");
  app.add_flag("--no-colorize", s.no_colorize, "Leave the colours of the cloud as they are");
  add_cloud_options(app, s.clouds);
  add_course(app, s.files);
}

/// What can be said before anything is read.
void check_settings(const Settings& s) {
  check_files(s.files, false);
  if (s.files.output.empty() && s.matrix.empty()) {
    throw Error(Fault::kUsage, "--output", "missing, expected --output, --matrix or --list-layers");
  }
  if (!s.no_colorize && is_painted(s.field)) {
    throw Error(Fault::kUsage, "--field",
                s.field + " is a name of colours, expected another, or --no-colorize");
  }
}

Plan plan(const Settings& s) {
  const InputList inputs = list_inputs(s.files, std::cin);
  Plan plan;
  const OutputRule clouds{.extensions = kCloudExtensions};
  const OutputRule pictures{
      .option = "--matrix", .extensions = kPictureExtensions, .new_extension = ".png"};
  for (const InputList::Entry& entry : inputs.entries) plan.jobs.push_back({entry.input});
  const std::filesystem::path folder = locate_model(s.model);
  if (!s.files.output.empty()) {
    plan.jobs = plan_jobs(inputs, s.files.output, clouds);
    refuse_overwriting_model(plan.jobs, folder);
  }
  if (!s.matrix.empty()) {
    const std::vector<Job> drawn = plan_jobs(inputs, s.matrix, pictures);
    refuse_overwriting_model(drawn, folder, pictures.option);
    for (const Job& job : drawn) plan.matrices[job.input.path] = job.output;
    if (s.files.output.empty()) plan.jobs = drawn;
  }
  if (plan.jobs.size() != 1) return plan;
  if (!s.files.output.empty()) check_target(plan.jobs.front().output, kCloudExtensions);
  if (!s.matrix.empty()) check_target(plan.matrices.begin()->second, kPictureExtensions);
  return plan;
}

/// The layers that the command line means: one, or for a rollout all up to it.
AttentionChoice choose(const Settings& s, const AttentionModel& model) {
  const std::vector<AttentionLayer>& layers = model.layers;
  if (layers.empty()) throw Error(Fault::kUsage, model.name, "has no attention weights to show");
  auto last = std::ranges::find(layers, s.layer, &AttentionLayer::name);
  if (s.layer.empty()) last = std::prev(layers.end());
  if (last == layers.end()) {
    std::vector<std::string> known;
    for (const AttentionLayer& layer : layers) known.push_back(layer.name);
    throw Error(Fault::kUsage, "--layer",
                model.name + " has no layer \"" + s.layer + "\" with attention weights" +
                    did_you_mean(s.layer, known) + ", see --list-layers");
  }
  AttentionChoice choice{.rollout = s.rollout, .head = s.head};
  choice.layers.assign(s.rollout ? layers.begin() : last, std::next(last));
  for (const AttentionLayer& layer : choice.layers) {
    if (!s.head || *s.head < layer.heads) continue;
    throw Error(Fault::kUsage, "--head",
                layer.name + " has no head " + std::to_string(*s.head) + ", expected one below " +
                    std::to_string(layer.heads));
  }
  return choice;
}

/// The query, as far as the cloud does not matter.
AttentionQuery make_query(const Settings& s, const AttentionModel& model) {
  AttentionQuery query{.choice = choose(s, model),
                       .picture_cells = s.matrix.empty() ? 0 : kMostCells};
  if (model.classifies_clouds) query.up = s.frame.up;  // else the cloud is turned
  if (!s.category.empty()) {
    query.category = find_category(s.category, model.categories, model.name);
  } else if (!model.categories.empty()) {
    throw Error(Fault::kUsage, "--category", "missing, " + model.name + " labels parts of objects");
  }
  return query;
}

/// Refuses positions that lie outside a cloud by more than a tenth of its size.
void refuse_outside(std::span<const Position> positions, const Position& at,
                    const std::string& path) {
  RawVector<Position> finite(positions.size());
  std::ranges::copy(positions, finite.begin());
  (void)keep_finite(finite);
  if (finite.empty()) return;
  constexpr double kMargin = 0.1;
  const PositionBounds box = bounds_of(finite);
  Position outside{};
  for (std::size_t axis = 0; axis < 3; ++axis) {
    outside[axis] = std::max({0.0, box.low[axis] - at[axis], at[axis] - box.high[axis]});
  }
  const Position size = box.extent();
  const double distance = std::hypot(outside[0], outside[1], outside[2]);
  if (distance <= kMargin * std::hypot(size[0], size[1], size[2])) return;
  const auto corner = [](const Position& p) {
    return fixed_text(p[0], 2) + "," + fixed_text(p[1], 2) + "," + fixed_text(p[2], 2);
  };
  throw Error(Fault::kInput, path,
              "lies " + short_text(distance) + " away from --at, it reaches from " +
                  corner(box.low) + " to " + corner(box.high));
}

/// The query point.
std::optional<std::size_t> find_query(const Settings& s, std::span<const Position> positions,
                                      const std::string& path) {
  if (s.at) {
    refuse_outside(positions, *s.at, path);
    if (const auto nearest = nearest_point(positions, *s.at)) return nearest;
    throw Error(Fault::kInput, path, "has no point with finite coordinates, expected at least one");
  }
  if (!s.query) return std::nullopt;
  if (*s.query >= positions.size()) {
    throw Error(Fault::kUsage, "--query",
                std::to_string(*s.query) + " is not a point of " + path + ", which has " +
                    std::to_string(positions.size()));
  }
  if (finite_points(positions.subspan(*s.query, 1)).empty()) {
    throw Error(Fault::kUsage, "--query",
                "point " + std::to_string(*s.query) + " has a coordinate that is not finite");
  }
  return s.query;
}

void write_output(const Settings& s, const std::filesystem::path& path, PointCloud& cloud,
                  const AttentionResult& result) {
  Field& field = cloud.add(s.field, FieldType::kFloat32);
  std::ranges::copy(result.points, field.values<float>().begin());
  if (!s.no_colorize) {
    paint(cloud, colors_of(result.points, range_up_to(result.points, kColorPercent)),
          color_layout_of(path));
  }
  Provenance origin = s.made_by;
  origin.fields = {{s.field, "attention weight"}};
  add_provenance(cloud.metadata(), origin);
  make_parent_folders(path);
  write_cloud(path, cloud, Encoding::kBinary, s.clouds.las);
}

Image picture_of(const AttentionRun& run, const AttentionResult& result) {
  const AttentionPicture& picture = result.picture;
  std::string cloud = std::filesystem::path(run.input).filename().string();
  if (run.model.classifies_clouds) cloud += ", seen as " + class_text(run.model, result);
  HeatMap map{.cells = picture.cells,
              .tokens = static_cast<double>(picture.tokens),
              .range = range_up_to(picture.cells.values(), kColorPercent),
              .title = {cloud, run.model.name + ", " + choice_text(run.query.choice)},
              .columns = "tokens looked at",
              .rows = "tokens that look",
              .values = "attention weight"};
  if (picture.tokens > picture.cells.rows()) {
    const std::string cells = std::to_string(picture.cells.rows());
    map.title.push_back("averaged to " + cells + " x " + cells + " cells");
  }
  return draw(map);
}

/// Reads a cloud, computes the attention on it and writes what is asked for.
FileReport process(const Settings& s, const AttentionModel& model, AttentionQuery query,
                   const Job& job, const std::filesystem::path& matrix, Progress& progress) {
  const std::string path = job.input.path.string();
  const bool writes_cloud = !s.files.output.empty();
  progress.status("reading " + path);
  PointCloud cloud = read_cloud(job.input.path, read_options_for(job.output, s.clouds.read));
  tell_notes(cloud, s.clouds.las, job, progress);
  const RawVector<Position> positions = cloud.positions();
  if (writes_cloud) {
    refuse_taken_fields(cloud, std::array{s.field}, "--field");
    check_target(job.output, kCloudExtensions);
    check_format(job.output, cloud, Encoding::kBinary, s.clouds.las);
  }
  if (!matrix.empty()) check_target(matrix, kPictureExtensions);
  query.point = find_query(s, positions, path);
  progress.status("computing attention on " + path);
  const CloudFrame frame =
      model.classifies_clouds ? CloudFrame{} : settle_frame(s.frame, cloud, path, progress);
  std::optional<FrameChange> upright_cloud(std::in_place, cloud, frame);
  query.progress = [&progress](std::size_t done, std::size_t total) {
    progress.show_parts(done, total, "%");
  };
  const AttentionResult result = model.compute(cloud, query);
  upright_cloud.reset();
  tell(result.notes, result.warnings, path, progress);
  const AttentionRun asked{.input = path, .model = model, .query = query, .at = s.at};
  FileReport report{.points = positions.size()};
  if (writes_cloud) {
    report.json["output"] = job.output.string();
    write_output(s, job.output, cloud, result);
  }
  if (!matrix.empty()) {
    report.json["matrix"] = matrix.string();
    make_parent_folders(matrix);
    write_png(matrix, picture_of(asked, result), provenance_lines(s.made_by));
  }
  report.json["points"] = positions.size();
  report.json.update(summary_json(asked, result));
  report.table = summary_text(asked, result, positions);
  return report;
}

int run(Settings& s) {
  if (s.list_models) return print_models(std::nullopt, s.files.format);
  if (s.list_layers) {
    return print_layers(load_attention_model(locate_model(s.model)).layers, s.files.format);
  }
  check_settings(s);
  const Plan planned = plan(s);
  Batch batch = make_batch(kAbout.name, s.files);
  batch.run = s.made_by = made_by_model(s.model);
  if (s.files.dry_run) return print_plan(planned.jobs, batch);
  const AttentionModel model = load_attention_model(locate_model(s.model), s.precision);
  const AttentionQuery query = make_query(s, model);
  batch.made_by["model"] = model.name;
  bool first = true;
  return run_batch(planned.jobs, batch, [&](const Job& job, Progress& progress) {
    tell_precision(s.precision, progress);
    const auto matrix = planned.matrices.find(job.input.path);
    FileReport report = process(
        s, model, query, job,
        matrix == planned.matrices.end() ? std::filesystem::path() : matrix->second, progress);
    if (!first) report.table.insert(0, "\n");
    first = false;
    return report;
  });
}

}  // namespace
}  // namespace ptattn::tools

int main(int argc, char** argv) {
  using namespace ptattn::tools;
  return run_tool(kAbout, argc, argv, declare, run);
}
