#pragma once

#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "format.hpp"
#include "ptattn/models/object_profile.hpp"
#include "ptattn/models/precision.hpp"

namespace CLI {
class App;
class Option;
}  // namespace CLI

namespace ptattn::tools {

/// The options that commands have in common, one entry each: name, value, words. A command takes
/// those it has a use for and says nothing of its own about them. (-h, -V, -q, -v, --no-progress
/// and --threads: every command has them from `run_tool`.)

/// Settings of a command that works through files, one after the other.
struct FileOptions {
  std::vector<std::string> inputs;
  bool stream = false;     ///< paths come on standard input while the command runs
  bool null_list = false;  ///< the list on standard input has NUL between paths
  std::string output;
  std::optional<Format> format;
  bool resume = false;
  bool fail_fast = false;
  bool keep_going = false;
  bool timing = true;
  bool dry_run = false;
};

/// INPUT... and -0: files, folders, lists.
void add_inputs(CLI::App& app, FileOptions& files, const std::string& more = "");
/// --stream, for commands that work through files with run_stream. After add_inputs.
void add_stream(CLI::App& app, FileOptions& files);
/// -o, --output.
/// @param value  FILE or PATH
CLI::Option* add_output(CLI::App& app, std::string& output, const std::string& words,
                        const std::string& value = "FILE");
/// --format. @param words  what is written, and where
void add_format(CLI::App& app, std::optional<Format>& format,
                const std::string& words =
                    "Write results as table, json (one document), jsonl "
                    "(one object per line) or csv [table]");
/// --resume, --keep-going, --fail-fast, --no-timing, --dry-run.
void add_course(CLI::App& app, FileOptions& files,
                const std::string& resume =
                    "Skip inputs whose output exists, unless it is older than the input or was "
                    "made with another model or other options");
/// The same without --resume, for commands that write no files.
void add_reading_course(CLI::App& app, FileOptions& files);
/// --dry-run alone.
void add_dry_run(CLI::App& app, bool& dry_run);

/// --model.
/// @param usual  the default, empty when there is none
CLI::Option* add_model(CLI::App& app, std::string& model, const std::string& usual,
                       const std::string& words = "Use this model, given by name or folder");
void add_list_models(CLI::App& app, bool& list);
CLI::Option* add_list_layers(CLI::App& app, bool& list);
CLI::Option* add_layer(CLI::App& app, std::string& layer, const std::string& words);
CLI::Option* add_category(CLI::App& app, std::string& category, const std::string& usual = "");

/// --precision.
/// @param known  the choices
/// @param words  what they gain and cost
CLI::Option* add_precision(CLI::App& app, Precision& precision,
                           std::initializer_list<Precision> known, const std::string& words);
/// The same for networks over points, with all choices.
CLI::Option* add_precision(CLI::App& app, Precision& precision);

/// --up AXIS: any of the six and, where there are words about it, auto, which becomes nullopt.
/// @param automatic  "auto (the one ...)", or empty
CLI::Option* add_up(CLI::App& app, std::optional<Axis>& up,
                    const std::string& automatic = "auto (the likeliest of the six)");
CLI::Option* add_neighbors(CLI::App& app, std::vector<std::size_t>& neighbors, std::size_t most,
                           const std::string& words);
CLI::Option* add_neighbors(CLI::App& app, std::optional<std::size_t>& neighbors, std::size_t most,
                           const std::string& words);
CLI::Option* add_radius(CLI::App& app, std::vector<double>& radii, const std::string& words);
CLI::Option* add_radius(CLI::App& app, std::optional<double>& radius, const std::string& words);
/// --field NAME, the name of the field that the command adds.
CLI::Option* add_field(CLI::App& app, std::string& name, const std::string& words);
CLI::Option* add_prefix(CLI::App& app, std::string& prefix, const std::string& words);

/// --memory SIZE in bytes, such as 500M or 2G.
/// @param words  what it bounds; the usual value is added: that of default_memory
CLI::Option* add_memory(CLI::App& app, std::optional<std::size_t>& memory,
                        const std::string& words);

/// --unsure-below P, a probability.
CLI::Option* add_unsure_below(CLI::App& app, double& unsure_below, const std::string& words);

/// What labels are: numbers of a model's classes or codes of LAS files.
enum class Codes : std::uint8_t { kByField, kClass, kAsprs };
CLI::Option* add_codes(CLI::App& app, Codes& codes, const std::string& name,
                       const std::string& whose, const std::string& usual);

/// Finds which of a model's categories of objects --category `name` is, in any case.
/// @throws Error(Fault::kUsage) when it is none of them
[[nodiscard]] std::size_t find_category(const std::string& name,
                                        std::span<const std::string> categories,
                                        const std::string& model);

}  // namespace ptattn::tools
