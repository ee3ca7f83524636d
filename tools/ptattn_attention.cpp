// Shows where a network's attention goes on a cloud. See `ptattn-attention --help`.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <filesystem>
#include <iterator>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "attention/looker.hpp"
#include "attention/summary.hpp"
#include "cloud_options.hpp"
#include "inputs.hpp"
#include "options.hpp"
#include "output.hpp"
#include "plot/heat_map.hpp"
#include "progress.hpp"
#include "ptattn/cloud/colormap.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/io/cloud_io.hpp"
#include "ptattn/io/png.hpp"
#include "ptattn/models/model_search.hpp"
#include "target.hpp"
#include "tool.hpp"

namespace ptattn::tools {
namespace {

constexpr double kColorPercent = 99.0;
constexpr std::array<std::string_view, 5> kColorFields{"red", "green", "blue", "rgb", "rgba"};
constexpr std::array<std::string_view, 1> kPictureExtensions{".png"};

const About kAbout{
    .name = "ptattn-attention",
    .summary =
        "Shows what a Transformer looks at: gives every point of a cloud the attention\n"
        "weight that a query point pays to it in one layer of a model, as a field and as\n"
        "a colour, and draws the matrix of all weights. Prints where attention goes.\n",
    .examples =
        "  ptattn-attention --model pct-modelnet40 --list\n"
        "  ptattn-attention chair.ply -o seen.ply\n"
        "  ptattn-attention chair.ply -o leg.ply --query 17 --layer pt_last.sa1\n"
        "  ptattn-attention chair.ply -o seat.ply --at 0.1,0,0.45 --rollout\n"
        "  ptattn-attention chair.ply --matrix weights.png\n"
        "\n"
        "Without a query, a point gets the mean attention that it receives from all.\n"
        "Models look at tokens: some of the points, or voxels. The points between them\n"
        "get weights by kernel interpolation over the 4 nearest; an even weight is\n"
        "1 / tokens. Colours go from 0 to what 99 % of the weights above 0 do not\n"
        "exceed: violet, blue, green, yellow. Points with a coordinate that is NaN or\n"
        "infinite get 0.\n"};

struct Settings {
  std::string input;
  std::string output;
  std::string matrix;
  std::string model = "pct-modelnet40";
  bool list = false;
  std::string category;
  std::string layer;
  std::optional<std::size_t> head;
  bool rollout = false;
  std::optional<std::size_t> query;
  std::optional<Position> at;
  std::optional<Axis> up = Axis::kZ;
  std::string field = "attention";
  bool no_color = false;
  CloudOptions clouds;
};

std::string refuse_empty(const std::string& name) {
  return name.empty() ? "the name is empty" : "";
}

std::optional<std::size_t> parse_index(std::string_view text) {
  std::size_t index = 0;
  const auto [after, failed] = std::from_chars(text.data(), text.data() + text.size(), index);
  const bool whole = failed == std::errc{} && after == text.data() + text.size();
  return whole ? std::optional(index) : std::nullopt;
}

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

void declare_question(CLI::App& app, Settings& s) {
  app.add_option("--layer", s.layer, "Layer to look at, see --list [the last]")->type_name("LAYER");
  app.add_option_function<std::string>(
         "--head", [&s](const std::string& text) { s.head = parse_index(text); },
         "Head of the layer, from 0, or mean [mean]")
      ->type_name("HEAD")
      ->check([](const std::string& text) {
        return parse_index(text) || text == "mean" ? ""
                                                   : text + " is neither a number from 0 nor mean";
      });
  app.add_flag("--rollout", s.rollout,
               "Multiply through the layers up to --layer, half of each being the residual "
               "connection (Abnar and Zuidema 2020); where all of them have the same tokens");
  CLI::Option* query =
      app.add_option_function<std::string>(
             "--query", [&s](const std::string& text) { s.query = parse_index(text); },
             "Point that looks, by its index from 0 [all points]")
          ->type_name("INDEX")
          ->check([](const std::string& text) {
            return parse_index(text) ? "" : text + " is no number from 0";
          });
  app.add_option_function<std::string>(
         "--at", [&s](const std::string& text) { s.at = parse_position(text); },
         "Place that looks, in the cloud's coordinates: the nearest point to it")
      ->type_name("X,Y,Z")
      ->check([](const std::string& text) {
        return parse_position(text) ? "" : text + " is not three numbers with commas between";
      })
      ->excludes(query);
}

void declare(CLI::App& app, Settings& s) {
  app.add_option("INPUT", s.input, "PLY, PCD, LAS or LAZ file")->type_name("");
  app.add_option("-o,--output", s.output,
                 "Cloud to write, PLY, PCD, LAS or LAZ: all fields of the input and the weights")
      ->type_name("FILE")
      ->check(refuse_empty);
  app.add_option("--matrix", s.matrix,
                 "Picture to write, PNG: all weights of the layer, tokens in the order of a "
                 "Hilbert curve; more than 512 are averaged")
      ->type_name("FILE")
      ->check(refuse_empty);
  app.add_flag("--list", s.list, "Print the layers of the model and their heads and exit");
  app.add_option("--model", s.model, "Name or folder of the model [pct-modelnet40]")
      ->type_name("MODEL");
  declare_question(app, s);
  add_up_option(app, s.up);
  app.add_option("--category", s.category,
                 "What the object is, for models that label the parts of objects")
      ->type_name("NAME");
  app.add_option("--field", s.field, "Name of the field for the weights [attention]")
      ->type_name("NAME")
      ->check(refuse_blanks);
  app.add_flag("--no-color", s.no_color, "Leave the colours of the cloud as they are");
}

/// What can be said before anything is read.
void check(const Settings& s) {
  if (s.input.empty()) throw Error(Fault::kUsage, "INPUT", "missing, name a file, see --help");
  if (s.output.empty() && s.matrix.empty()) {
    throw Error(Fault::kUsage, "output", "missing, expected --output, --matrix or --list");
  }
  if (!s.no_color && std::ranges::find(kColorFields, s.field) != kColorFields.end()) {
    throw Error(Fault::kUsage, "--field",
                s.field + " is a name of colours, expected another, or --no-color");
  }
  if (!s.output.empty()) check_target(s.output, kCloudExtensions);
  if (!s.matrix.empty()) check_target(s.matrix, kPictureExtensions);
  FileSet files = files_of({{s.input, ""}});
  files.insert_folder(find_model(s.model));
  refuse_overwriting(s.output, files);
  refuse_overwriting(s.matrix, files, "--matrix");
}

/// The layers that the command line means: one, or for a rollout all up to it.
AttentionChoice choose(const Settings& s, const Looker& model) {
  const std::vector<AttentionLayer>& layers = model.layers;
  if (layers.empty()) throw Error(Fault::kUsage, model.name, "tells no attention weights");
  auto last = std::ranges::find(layers, s.layer, &AttentionLayer::name);
  if (s.layer.empty()) last = std::prev(layers.end());
  if (last == layers.end()) {
    throw Error(
        Fault::kUsage, "--layer",
        model.name + " has no layer \"" + s.layer + "\" with attention weights, see --list");
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

/// What is asked of the model, as far as the cloud does not matter.
AttentionQuestion ask(const Settings& s, const Looker& model) {
  AttentionQuestion question{
      .choice = choose(s, model), .up = s.up, .picture_cells = s.matrix.empty() ? 0 : kMostCells};
  if (!model.names_clouds && s.up != Axis::kZ) {
    throw Error(Fault::kUsage, "--up", model.name + " sees clouds as they are, with z up");
  }
  if (!s.category.empty()) {
    question.category = find_category(s.category, model.categories, model.name);
  } else if (!model.categories.empty()) {
    throw Error(Fault::kUsage, "--category", "missing, " + model.name + " labels parts of objects");
  }
  return question;
}

/// The point that looks.
std::optional<std::size_t> find_query(const Settings& s, std::span<const Position> positions) {
  if (s.at) return nearest_point(positions, *s.at, s.input);
  if (!s.query) return std::nullopt;
  if (*s.query >= positions.size()) {
    throw Error(Fault::kUsage, "--query",
                std::to_string(*s.query) + " is no point of " + s.input + ", which has " +
                    std::to_string(positions.size()));
  }
  if (finite_points(positions.subspan(*s.query, 1)).empty()) {
    throw Error(Fault::kUsage, "--query",
                "point " + std::to_string(*s.query) + " has a coordinate that is not finite");
  }
  return s.query;
}

void write_output(const Settings& s, PointCloud& cloud, const AttentionAnswer& answer) {
  Field& field = cloud.add(s.field, FieldType::kFloat32);
  std::ranges::copy(answer.points, field.values<float>().begin());
  if (!s.no_color) {
    paint(cloud, colors_of(answer.points, range_up_to(answer.points, kColorPercent)),
          color_layout_of(s.output));
  }
  write_cloud(s.output, cloud, Encoding::kBinary, s.clouds.las);
}

Image picture_of(const AttentionRun& run, const AttentionAnswer& answer) {
  const AttentionPicture& picture = answer.picture;
  std::string cloud = std::filesystem::path(run.input).filename().string();
  if (run.model.names_clouds) cloud += ", seen as " + class_text(run.model, answer);
  HeatMap map{.cells = picture.cells,
              .tokens = static_cast<double>(picture.tokens),
              .range = range_up_to(picture.cells.values(), kColorPercent),
              .title = {cloud, run.model.name + ", " + choice_text(run.question.choice)},
              .columns = "tokens looked at",
              .rows = "tokens that look",
              .values = "attention weight"};
  if (picture.tokens > picture.cells.rows()) {
    const std::string cells = std::to_string(picture.cells.rows());
    map.title.push_back("averaged to " + cells + " x " + cells + " cells");
  }
  return draw(map);
}

int run(const Settings& s) {
  if (!s.list) check(s);
  const Looker model = load_looker(find_model(s.model));
  if (s.list) {
    Output::to_stdout().write(layers_text(model.layers));
    return 0;
  }
  AttentionQuestion question = ask(s, model);
  PointCloud cloud = read_cloud(s.input, s.clouds.read);
  const RawVector<Position> positions = cloud.positions(s.input);
  if (!s.output.empty()) {
    refuse_taken_fields(cloud, std::array{s.field}, s.input, "--field");
    check_format(s.output, cloud, Encoding::kBinary, s.clouds.las);
  }
  question.point = find_query(s, positions);
  const AttentionAnswer answer = model.look(cloud, s.input, question);
  Progress progress(kAbout.name, 1);
  tell_notes(cloud, s.input, progress);
  for (const std::string& note : answer.notes) progress.message(s.input + ": " + note);
  const AttentionRun asked{.input = s.input, .model = model, .question = question, .at = s.at};
  if (!s.output.empty()) write_output(s, cloud, answer);
  if (!s.matrix.empty()) write_png(s.matrix, picture_of(asked, answer));
  Output::to_stdout().write(summary_text(asked, answer, positions));
  return 0;
}

}  // namespace
}  // namespace ptattn::tools

int main(int argc, char** argv) {
  using namespace ptattn::tools;
  return run_tool(kAbout, argc, argv, declare, run);
}
