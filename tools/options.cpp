#include "options.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cctype>
#include <charconv>
#include <utility>

#include "checks.hpp"
#include "ptattn/cloud/orientation.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/text.hpp"
#include "suggest.hpp"
#include "text.hpp"

namespace ptattn::tools {
namespace {

/// "2G", "500M", "1.5GB", "2gib": bytes; nullopt for anything else.
std::optional<std::size_t> parse_bytes(std::string_view text) {
  double number = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || !(number > 0.0)) return std::nullopt;
  std::string unit(text.substr(static_cast<std::size_t>(end - text.data())));
  std::ranges::transform(unit, unit.begin(), [](unsigned char c) { return std::toupper(c); });
  if (unit.ends_with("IB")) unit.erase(unit.size() - 2);
  if (unit.ends_with("B")) unit.pop_back();
  const double factor = unit == "G" ? 0x1p30 : unit == "M" ? 0x1p20 : unit == "K" ? 0x1p10 : 0.0;
  const double bytes = number * factor;
  if (bytes < 1.0 || bytes > 0x1p60) return std::nullopt;
  return static_cast<std::size_t>(bytes);
}

std::string with_default(const std::string& words, const std::string& usual) {
  return usual.empty() ? words : words + " [" + usual + "]";
}

std::optional<Axis> axis_named(const std::string& name) {
  const auto* const found =
      std::ranges::find(kAllAxes, name, [](Axis axis) { return name_of(axis); });
  return found == kAllAxes.end() ? std::nullopt : std::optional(*found);
}

}  // namespace

void add_inputs(CLI::App& app, FileOptions& files, const std::string& more) {
  app.add_option("INPUT", files.inputs,
                 "PLY, PCD, LAS and LAZ files; folders, searched recursively; - for a list of "
                 "paths on standard input, one per line" +
                     more)
      ->type_name("");
  app.add_flag("-0,--null", files.null_list,
               "Expect NUL after each path of the list, as find -print0 writes it");
}

void add_stream(CLI::App& app, FileOptions& files) {
  app.add_flag("--stream", files.stream,
               "Read paths from standard input as they arrive, instead of INPUT: each is "
               "processed, and its record written, at once; outputs go to a folder")
      ->excludes(app.get_option("INPUT"));
}

CLI::Option* add_output(CLI::App& app, std::string& output, const std::string& words,
                        const std::string& value) {
  return app.add_option("-o,--output", output, words)->type_name(value)->check(not_empty());
}

void add_format(CLI::App& app, std::optional<Format>& format, const std::string& words) {
  app.add_option_function<std::string>(
         "--format", [&format](const std::string& name) { format = format_named(name); }, words)
      ->type_name("FORMAT")
      ->check(one_of(format_names()));
}

void add_dry_run(CLI::App& app, bool& dry_run) {
  app.add_flag("--dry-run", dry_run, "Print what would be read and written, and exit");
}

void add_course(CLI::App& app, FileOptions& files, const std::string& resume) {
  app.add_flag("--resume", files.resume, resume);
  add_reading_course(app, files);
}

void add_reading_course(CLI::App& app, FileOptions& files) {
  CLI::Option* const fail_fast =
      app.add_flag("--fail-fast", files.fail_fast, "Stop at the first bad input");
  app.add_flag("--keep-going", files.keep_going,
               "Skip bad inputs; the exit code is 3 at the end [default]")
      ->excludes(fail_fast);
  app.add_flag_callback(
      "--no-timing", [&files] { files.timing = false; },
      "Leave out `seconds`, so that identical runs write identical bytes");
  add_dry_run(app, files.dry_run);
}

CLI::Option* add_model(CLI::App& app, std::string& model, const std::string& usual,
                       const std::string& words) {
  return app.add_option("--model", model, with_default(words, usual))->type_name("MODEL");
}

void add_list_models(CLI::App& app, bool& list) {
  app.add_flag("--list-models", list,
               "List the available models with purpose, terms and accuracy, and exit");
}

CLI::Option* add_list_layers(CLI::App& app, bool& list) {
  return app.add_flag("--list-layers", list, "List the layers of the model and exit");
}

CLI::Option* add_layer(CLI::App& app, std::string& layer, const std::string& words) {
  return app.add_option("--layer", layer, words)->type_name("LAYER")->check(not_empty());
}

CLI::Option* add_category(CLI::App& app, std::string& category, const std::string& usual) {
  return app
      .add_option("--category", category,
                  with_default("Kind of object, for models that label the parts of objects", usual))
      ->type_name("CATEGORY");
}

CLI::Option* add_precision(CLI::App& app, Precision& precision,
                           std::initializer_list<Precision> known, const std::string& words) {
  std::vector<std::string> names;
  for (const Precision one : known) names.emplace_back(name_of(one));
  return app
      .add_option_function<std::string>(
          "--precision",
          [&precision](const std::string& name) { precision = *precision_named(name); },
          with_default(words, "float32"))
      ->type_name("TYPE")
      ->check(one_of(names));
}

CLI::Option* add_precision(CLI::App& app, Precision& precision) {
  return add_precision(
      app, precision, {Precision::kFloat32, Precision::kBf16, Precision::kInt8},
      "Compute in float32, in bf16 (bfloat16, for AMD CPUs with AVX512_BF16; results "
      "differ by a few thousandths), or in int8 (8-bit layers, for CPUs with "
      "AVX512_VNNI or AMX: up to twice as fast, results differ by a few "
      "hundredths)");
}

CLI::Option* add_up(CLI::App& app, std::optional<Axis>& up, const std::string& automatic) {
  std::vector<std::string> names;
  for (const char* const axis : {"z", "y", "x"}) {
    names.emplace_back(axis);
    names.push_back(std::string("-") + axis);
  }
  if (!automatic.empty()) names.emplace_back("auto");
  return app
      .add_option_function<std::string>(
          "--up", [&up](const std::string& name) { up = axis_named(name); },
          "Take this axis as up: z, -z, y, -y, x" +
              (automatic.empty() ? " or -x" : ", -x or " + automatic) + " [z]")
      ->type_name("AXIS")
      ->check(one_of(names));
}

CLI::Option* add_neighbors(CLI::App& app, std::vector<std::size_t>& neighbors, std::size_t most,
                           const std::string& words) {
  return app.add_option("--neighbors", neighbors, words)
      ->type_name("K")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(whole_number(1, most));
}

CLI::Option* add_neighbors(CLI::App& app, std::optional<std::size_t>& neighbors, std::size_t most,
                           const std::string& words) {
  return app.add_option("--neighbors", neighbors, words)
      ->type_name("K")
      ->check(whole_number(1, most));
}

CLI::Option* add_radius(CLI::App& app, std::vector<double>& radii, const std::string& words) {
  return app
      .add_option_function<std::vector<std::string>>(
          "--radius",
          [&radii](const std::vector<std::string>& texts) {
            for (const std::string& text : texts) radii.push_back(*parse_number(text));
          },
          words)
      ->type_name("R")
      ->delimiter(',')
      ->allow_extra_args(false)
      ->check(positive_number());
}

CLI::Option* add_radius(CLI::App& app, std::optional<double>& radius, const std::string& words) {
  return app
      .add_option_function<std::string>(
          "--radius", [&radius](const std::string& text) { radius = parse_number(text); }, words)
      ->type_name("R")
      ->check(positive_number());
}

CLI::Option* add_field(CLI::App& app, std::string& name, const std::string& words) {
  return app.add_option("--field", name, words)->type_name("NAME")->check(field_name());
}

CLI::Option* add_prefix(CLI::App& app, std::string& prefix, const std::string& words) {
  return app.add_option("--prefix", prefix, words)->type_name("TEXT")->check(field_name());
}

CLI::Option* add_memory(CLI::App& app, std::optional<std::size_t>& memory,
                        const std::string& words) {
  return app
      .add_option_function<std::string>(
          "--memory", [&memory](const std::string& text) { memory = parse_bytes(text); },
          words + " [half of the machine's memory, or of the limit of a job or container]")
      ->type_name("SIZE")
      ->check([](const std::string& text) {
        return parse_bytes(text) ? "" : text + " is not a size, expected a number with K, M or G";
      });
}

CLI::Option* add_unsure_below(CLI::App& app, double& unsure_below, const std::string& words) {
  return app.add_option("--unsure-below", unsure_below, words)
      ->type_name("P")
      ->check(number(0.0, 1.0));
}

CLI::Option* add_codes(CLI::App& app, Codes& codes, const std::string& name,
                       const std::string& whose, const std::string& usual) {
  return app
      .add_option_function<std::string>(
          name,
          [&codes](const std::string& text) {
            codes = text == "asprs" ? Codes::kAsprs : Codes::kClass;
          },
          whose + " class (the model's class numbers) or asprs (ASPRS codes, as in LAS files) [" +
              usual + "]")
      ->type_name("CODES")
      ->check(one_of({"class", "asprs"}));
}

std::size_t find_category(const std::string& name, std::span<const std::string> categories,
                          const std::string& model) {
  const auto alike = [](unsigned char a, unsigned char b) {
    return std::tolower(a) == std::tolower(b);
  };
  const auto found = std::ranges::find_if(
      categories, [&](const std::string& c) { return std::ranges::equal(c, name, alike); });
  if (found != categories.end()) return static_cast<std::size_t>(found - categories.begin());
  if (categories.empty()) {
    throw Error(Fault::kUsage, "--category", model + " does not distinguish kinds of objects");
  }
  throw Error(Fault::kUsage, "--category",
              quoted(name) + " is none of those that " + model +
                  " knows: " + comma_joined(categories) + did_you_mean(name, categories));
}

}  // namespace ptattn::tools
