// Smooths clouds and carries fields between them by kernel attention. See `ptattn-smooth --help`.

#include <CLI/CLI.hpp>
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <map>
#include <string>
#include <string_view>

#include "inputs.hpp"
#include "ptattn/core/error.hpp"
#include "smooth/denoise.hpp"
#include "smooth/settings.hpp"
#include "smooth/transfer_field.hpp"
#include "target.hpp"
#include "tool.hpp"

namespace ptattn::tools {
namespace {

constexpr std::size_t kMaxNeighbors = 4096;
constexpr std::size_t kMaxIterations = 100;

const About kAbout{
    .name = std::string(kSmoothName),
    .summary =
        "Smooths a cloud by kernel attention: takes noise off the coordinates, averages\n"
        "fields, or carries a field over from another cloud, such as the labels of a\n"
        "thinned cloud back to the full one.\n",
    .examples =
        "  ptattn-smooth scan.ply -o smooth.ply\n"
        "  ptattn-smooth scan.ply -o smooth.ply --bandwidth 0.02 --iterations 2\n"
        "  ptattn-smooth tile.ply -o tile_smooth.ply --fields intensity --radius 1\n"
        "  ptattn-smooth full.ply --transfer label --from thinned.ply -o labelled.ply\n"
        "  ptattn-smooth a.ply --transfer height --from b.ply --as height_b -o c.ply\n"
        "\n"
        "Coordinates: every point moves along the local normal onto the quadratic\n"
        "surface that the points around it suggest (moving least squares, Alexa et al.\n"
        "2003), so that curved surfaces do not shrink. Fields and transfers: weighted\n"
        "means or votes (Nadaraya and Watson 1964); in a transfer, points that coincide\n"
        "with known ones take what they have. A weight falls with the distance: to 0.6\n"
        "at one bandwidth and to 0.1 at two (gaussian). The bandwidth is in the unit of\n"
        "the cloud; auto learns it by predicting known points from the others, which\n"
        "works while noise is below a few times the distance between points.\n"
        "\n"
        "Every other field stays as it is; integers are rounded. Points with a coordinate\n"
        "that is NaN or infinite stay as they are, take no part and get the unknown\n"
        "value. Nothing is lost to large coordinates.\n"};

const std::map<std::string, Kernel> kKernels{{"gaussian", Kernel::kGaussian},
                                             {"epanechnikov", Kernel::kEpanechnikov},
                                             {"triangular", Kernel::kTriangular},
                                             {"boxcar", Kernel::kBoxcar},
                                             {"constant", Kernel::kConstant}};

CLI::Validator range(std::size_t low, std::size_t high) {
  return CLI::Range(low, high).description("");
}

std::optional<double> parse_number(std::string_view text) {
  double value = 0.0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return value;
}

std::string refuse_unless_positive(const std::string& text) {
  const std::optional<double> value = parse_number(text);
  const bool good = value && *value > 0.0 && std::isfinite(static_cast<float>(*value)) &&
                    static_cast<float>(*value) > 0.0F;
  return good ? "" : text + " is not a number above 0";
}

std::string refuse_unless_positive_or_auto(const std::string& text) {
  return text == "auto" ? "" : refuse_unless_positive(text);
}

std::string refuse_empty(const std::string& name) {
  return name.empty() ? "the name is empty" : "";
}

/// An option for a positive number; `auto` means that it is learnt.
void add_learnt(CLI::App& app, const std::string& name, std::optional<double>& value,
                const std::string& description) {
  app.add_option_function<std::string>(
         name,
         [&value](const std::string& text) {
           value = text == "auto" ? std::nullopt : parse_number(text);
         },
         description)
      ->type_name("X|auto")
      ->check(refuse_unless_positive_or_auto);
}

void declare_kernel(CLI::App& app, SmoothSettings& s) {
  app.add_option_function<std::string>(
         "--kernel", [&s](const std::string& name) { s.kernel = kKernels.at(name); },
         "How weights fall: gaussian, epanechnikov, triangular, boxcar or constant [gaussian]")
      ->type_name("KERNEL")
      ->check(CLI::IsMember({"gaussian", "epanechnikov", "triangular", "boxcar", "constant"}));
  app.add_option("--k", s.k,
                 "Take the K nearest points [coordinates and fields 48, transfer 16, with --radius "
                 "256]")
      ->type_name("K")
      ->check(range(1, kMaxNeighbors));
  app.add_option_function<std::string>(
         "--radius", [&s](const std::string& text) { s.radius = parse_number(text); },
         "Of these take those within R, in the unit of the cloud")
      ->type_name("R")
      ->check(refuse_unless_positive);
  add_learnt(app, "--bandwidth", s.bandwidth,
             "Width of the kernel, in the unit of the cloud [auto]");
}

void declare_smoothing(CLI::App& app, SmoothSettings& s) {
  app.add_flag("--coordinates", s.coordinates, "Smooth the coordinates [default without --fields]");
  app.add_option("--fields", s.fields, "Smooth these fields, names with commas between")
      ->type_name("NAMES")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(refuse_empty);
  app.add_option("--iterations", s.iterations, "Do it N times [1]")
      ->type_name("N")
      ->check(range(1, kMaxIterations));
}

void declare_transfer(CLI::App& app, SmoothSettings& s) {
  app.add_option("--transfer", s.transfer, "Carry this field over from another cloud")
      ->type_name("FIELD")
      ->check(refuse_empty);
  app.add_option("--from", s.from, "The cloud that has it")->type_name("FILE")->check(refuse_empty);
  CLI::Option* categorical = app.add_flag_callback(
      "--categorical", [&s] { s.kind = FieldKind::kCategorical; },
      "Vote over its values and add the winner's share as a confidence [integers]");
  app.add_flag_callback(
         "--numeric", [&s] { s.kind = FieldKind::kNumeric; }, "Average its values [other types]")
      ->excludes(categorical);
  app.add_option("--as", s.as, "Name of the new field [FIELD]")
      ->type_name("NAME")
      ->check(refuse_empty);
  app.add_option("--confidence-field", s.confidence, "Name for the confidences [confidence]")
      ->type_name("NAME")
      ->check(refuse_empty);
  app.add_option_function<std::string>(
         "--unknown", [&s](const std::string& text) { s.unknown = parse_number(text); },
         "Value where no point is within --radius; its confidence is 0 [integers 0, others nan]")
      ->type_name("VALUE")
      ->check([](const std::string& text) {
        return parse_number(text) ? "" : text + " is not a number";
      });
  add_learnt(app, "--vertical", s.vertical,
             "How much more a difference in height counts than one across [auto]");
  app.add_option("--features", s.features,
                 "Fields that both clouds have and that make points alike, names with commas "
                 "between; their weights are learnt")
      ->type_name("NAMES")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(refuse_empty);
}

void declare(CLI::App& app, SmoothSettings& s) {
  app.add_option("INPUT", s.input, "PLY, PCD, LAS or LAZ file")->type_name("");
  app.add_option("-o,--output", s.output, "Cloud to write, PLY, PCD, LAS or LAZ")
      ->type_name("FILE")
      ->check(refuse_empty);
  declare_smoothing(app, s);
  declare_transfer(app, s);
  declare_kernel(app, s);
  add_cloud_options(app, s.clouds);
  app.add_option_function<std::string>(
         "--report",
         [&s](const std::string& name) {
           s.report = name == "text"   ? ReportFormat::kText
                      : name == "json" ? ReportFormat::kJson
                                       : ReportFormat::kNone;
         },
         "Say what was chosen and done: text (on standard error), json (an object on standard "
         "output) or none [text]")
      ->type_name("FORMAT")
      ->check(CLI::IsMember({"text", "json", "none"}));
}

/// Options of one use that make no sense in the other.
void check_use(const CLI::App& app, bool transfer) {
  constexpr std::array kOfSmoothing{"--coordinates", "--fields", "--iterations"};
  constexpr std::array kOfTransfer{"--from",     "--categorical",      "--numeric",
                                   "--as",       "--confidence-field", "--unknown",
                                   "--vertical", "--features"};
  const auto refuse = [&](const auto& names, const char* problem) {
    for (const char* name : names) {
      if (app.count(name) > 0) throw Error(Fault::kUsage, name, problem);
    }
  };
  if (transfer) {
    refuse(kOfSmoothing, "does not go with --transfer");
  } else {
    refuse(kOfTransfer, "needs --transfer FIELD");
  }
}

/// What can be said before anything is read.
void check(const CLI::App& app, const SmoothSettings& s) {
  if (s.input.empty()) throw Error(Fault::kUsage, "INPUT", "missing, name a file, see --help");
  if (s.output.empty()) throw Error(Fault::kUsage, "--output", "missing, name a file to write");
  check_use(app, !s.transfer.empty());
  if (!s.transfer.empty() && s.from.empty()) {
    throw Error(Fault::kUsage, "--transfer", "needs --from FILE");
  }
  if (s.kind == FieldKind::kNumeric && app.count("--confidence-field") > 0) {
    throw Error(Fault::kUsage, "--confidence-field", "does not go with --numeric");
  }
  check_target(s.output, kCloudExtensions);
  refuse_overwriting(s.output, files_of({{s.input, ""}, {s.from, ""}}));
}

int run(const CLI::App& app, SmoothSettings& s) {
  check(app, s);
  s.coordinates = s.coordinates || s.fields.empty();
  if (s.transfer.empty()) {
    denoise(s);
  } else {
    transfer_field(s);
  }
  return 0;
}

}  // namespace
}  // namespace ptattn::tools

int main(int argc, char** argv) {
  using namespace ptattn::tools;
  SmoothSettings settings;
  const CLI::App* parsed = nullptr;
  return run_tool(
      kAbout, argc, argv,
      [&](CLI::App& app) {
        declare(app, settings);
        parsed = &app;
      },
      [&] { return run(*parsed, settings); });
}
