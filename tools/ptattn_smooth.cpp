// Smooths clouds and carries fields between them by kernel attention. See `ptattn-smooth --help`.

#include <CLI/CLI.hpp>
#include <array>
#include <iostream>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "batch.hpp"
#include "checks.hpp"
#include "made_by.hpp"
#include "memory_limit.hpp"
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
        "Smooths a cloud by kernel attention: removes noise from the coordinates,\n"
        "averages fields, or transfers a field from another cloud, such as the labels of\n"
        "a thinned cloud to the full one.\n",
    .examples =
        "  ptattn-smooth scan.ply -o smooth.ply\n"
        "  ptattn-smooth scan.ply -o smooth.ply --bandwidth 0.02 --iterations 2\n"
        "  ptattn-smooth tile.ply -o tile_smooth.ply --fields intensity --radius 1\n"
        "  ptattn-smooth scans/ -o smooth/ --resume\n"
        "  ptattn-smooth full.ply --transfer label --from thinned.ply -o labelled.ply\n"
        "  ptattn-smooth a.ply --transfer height --from b.ply --field height_b -o c.ply\n"
        "\n"
        "Coordinates: every point moves along the local normal onto the quadratic\n"
        "surface that the points around it suggest (moving least squares, Alexa et al.\n"
        "2003), so that curved surfaces do not shrink. Fields and transfers: weighted\n"
        "means or votes (Nadaraya and Watson 1964); in a transfer, points that coincide\n"
        "with known points take their values. Weights fall off with distance: to 0.6 at\n"
        "one bandwidth and to 0.1 at two (gaussian). The bandwidth is in the cloud's\n"
        "unit; auto learns it by predicting known points from the others, which works\n"
        "while noise is below a few times the distance between points.\n"
        "\n"
        "All other fields are kept; smoothed integers are rounded. Points with a NaN or\n"
        "infinite coordinate stay as they are, take no part and get the unknown value.\n"
        "Large coordinates lose no precision.\n"};

const std::map<std::string, Kernel> kKernels{{"gaussian", Kernel::kGaussian},
                                             {"epanechnikov", Kernel::kEpanechnikov},
                                             {"triangular", Kernel::kTriangular},
                                             {"boxcar", Kernel::kBoxcar},
                                             {"constant", Kernel::kConstant}};

std::string refuse_unless_positive_or_auto(std::string text) {
  return text == "auto" ? "" : positive_number()(text);
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
         "Let weights fall off as gaussian, epanechnikov, triangular, boxcar or constant "
         "[gaussian]")
      ->type_name("KERNEL")
      ->check(one_of({"gaussian", "epanechnikov", "triangular", "boxcar", "constant"}));
  add_neighbors(app, s.neighbors, kMaxNeighbors,
                "Use the K nearest points [48 for coordinates and fields, 16 for transfers, 256 "
                "with --radius]");
  add_radius(app, s.radius, "Use only those of them within R, in the cloud's unit");
  add_learnt(app, "--bandwidth", s.bandwidth,
             "Set the width of the kernel, in the cloud's unit [auto]");
}

void declare_smoothing(CLI::App& app, SmoothSettings& s) {
  app.add_flag("--coordinates", s.coordinates, "Smooth the coordinates [default without --fields]");
  app.add_option("--fields", s.fields, "Smooth these fields, separated by commas")
      ->type_name("FIELDS")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(not_empty());
  app.add_option("--iterations", s.iterations, "Repeat N times [1]")
      ->type_name("N")
      ->check(whole_number(1, kMaxIterations));
}

void declare_transfer(CLI::App& app, SmoothSettings& s) {
  app.add_option("--transfer", s.transfer, "Transfer this field from another cloud")
      ->type_name("FIELD")
      ->check(not_empty());
  app.add_option("--from", s.from, "Read the field of --transfer from this cloud")
      ->type_name("FILE")
      ->check(not_empty());
  CLI::Option* categorical = app.add_flag_callback(
      "--categorical", [&s] { s.kind = FieldKind::kCategorical; },
      "Vote over its values and add the share of the winner as a confidence [integers and labels]");
  app.add_flag_callback(
         "--numeric", [&s] { s.kind = FieldKind::kNumeric; }, "Average its values [other types]")
      ->excludes(categorical);
  add_field(app, s.field, "Name the new field NAME [FIELD]");
  app.add_option("--confidence-field", s.confidence,
                 "Write the confidences to the field NAME [confidence]")
      ->type_name("NAME")
      ->check(not_empty());
  app.add_option_function<std::string>(
         "--unknown", [&s](const std::string& text) { s.unknown = parse_number(text); },
         "Give points without a known point within --radius this value and confidence 0 [0 for "
         "integers, else nan]")
      ->type_name("VALUE")
      ->check([](const std::string& text) {
        return parse_number(text) ? "" : text + " is not a number";
      });
  add_learnt(app, "--vertical", s.vertical,
             "Weigh height differences X times as much as horizontal ones [auto]");
  add_up(app, s.up, "auto (the one that the cloud of --from lies flat along)");
  app.add_option("--features", s.features,
                 "Also compare points by these fields, separated by commas, which both clouds "
                 "have; their weights are learnt")
      ->type_name("FIELDS")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(not_empty());
}

void declare(CLI::App& app, SmoothSettings& s) {
  add_inputs(app, s.files);
  add_output(app, s.files.output,
             "Write to this file or, for several inputs, to this folder, which exists or ends in "
             "/. Inputs from a folder keep their paths in it",
             "PATH");
  add_format(app, s.files.format);
  declare_smoothing(app, s);
  declare_transfer(app, s);
  declare_kernel(app, s);
  add_memory(app, s.memory,
             "Transfer: let the work on a cloud use this much memory, such as 500M or 2G; clouds "
             "that would take more are read and written piece by piece, with the same bytes. The "
             "cloud of --from is held as a whole");
  add_cloud_options(app, s.clouds);
  add_course(app, s.files);
}

/// Options of one use that make no sense in the other.
void check_use(const CLI::App& app, bool transfer) {
  constexpr std::array kOfSmoothing{"--coordinates", "--fields", "--iterations"};
  constexpr std::array kOfTransfer{
      "--from",    "--categorical", "--numeric",  "--field",  "--confidence-field",
      "--unknown", "--vertical",    "--features", "--memory", "--up"};
  const auto refuse = [&](const auto& names, const char* problem) {
    for (const char* name : names) {
      if (app.count(name) > 0) throw Error(Fault::kUsage, name, problem);
    }
  };
  if (transfer) {
    refuse(kOfSmoothing, "cannot be used with --transfer");
  } else {
    refuse(kOfTransfer, "needs --transfer FIELD");
  }
}

/// What can be said before anything is read.
void check_settings(const CLI::App& app, const SmoothSettings& s) {
  check_files(s.files);
  check_use(app, !s.transfer.empty());
  if (!s.transfer.empty() && s.from.empty()) {
    throw Error(Fault::kUsage, "--transfer", "needs --from FILE");
  }
  if (s.kind == FieldKind::kNumeric && app.count("--confidence-field") > 0) {
    throw Error(Fault::kUsage, "--confidence-field", "cannot be used with --numeric");
  }
}

std::vector<Job> plan(const SmoothSettings& s) {
  std::vector<Job> jobs =
      plan_jobs(list_inputs(s.files, std::cin), s.files.output, {.extensions = kCloudExtensions});
  FileSet others;
  others.insert(s.from);
  for (const Job& job : jobs) refuse_overwriting(job.output.string(), others);
  if (jobs.size() == 1) check_target(jobs.front().output, kCloudExtensions);
  return jobs;
}

int run(const CLI::App& app, SmoothSettings& s) {
  check_settings(app, s);
  s.coordinates = s.coordinates || s.fields.empty();
  const std::vector<Job> jobs = plan(s);
  Batch batch = make_batch(kAbout.name, s.files);
  batch.run = made_by();
  if (!s.from.empty()) batch.sources = {s.from};
  if (s.files.dry_run) return print_plan(jobs, batch);
  if (s.transfer.empty()) {
    return run_batch(jobs, batch,
                     [&](const Job& job, Progress& progress) { return denoise(s, job, progress); });
  }
  if (!s.memory) s.memory = default_memory();
  FieldTransfer transfer(s);
  return run_batch(jobs, batch, [&](const Job& job, Progress& progress) {
    return transfer.process(job, progress);
  });
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
