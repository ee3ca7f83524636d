#pragma once

#include <CLI/CLI.hpp>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "ptattn/cloud/provenance.hpp"

namespace ptattn::tools {

/// Lists the options of a command line that change its result, in the order of --help: "votes=4",
/// "colorize". Of files only their names are kept, long values become their hash. A value that is
/// the usual one, as --help says it, is as good as none.
///
/// What is left out: --model, which is named by itself; inputs and outputs; what a run says and how
/// it goes on (--format, --quiet, --resume, ...); what changes its pace alone (--threads, --batch).
[[nodiscard]] std::vector<std::string> result_options(const CLI::App& app);

/// Keeps what the command line of this run is, for `made_by`; `run_tool` calls it.
void set_run(const std::string& tool, const CLI::App& app);

/// Returns what this run is: command, version and options.
[[nodiscard]] Provenance made_by();

/// The same with the model that it uses.
/// @param folder  whose files are hashed
/// @throws Error(Fault::kModel) when these cannot be read
[[nodiscard]] Provenance made_by(const std::string& model, const std::filesystem::path& folder);

/// The same of a model given as on the command line, by its name or folder.
/// @throws Error(Fault::kModel) also when there is none
[[nodiscard]] Provenance made_by_model(const std::string& name_or_folder);

/// Returns a run as a JSON object: tool, version, model and model_hash (where there is one) and
/// options.
[[nodiscard]] nlohmann::ordered_json as_json(const Provenance& run);

/// Reads what as_json wrote; nullopt for anything else.
[[nodiscard]] std::optional<Provenance> run_of_json(const nlohmann::json& json);

/// Describes how `earlier` differs from `now`, as in "made with votes=4, now no options"; empty for
/// the same work.
[[nodiscard]] std::string difference_of(const Provenance& earlier, const Provenance& now);

}  // namespace ptattn::tools
