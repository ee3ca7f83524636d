#pragma once

#include <cstddef>
#include <filesystem>
#include <functional>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "format.hpp"
#include "jobs.hpp"
#include "options.hpp"
#include "progress.hpp"
#include "ptattn/cloud/provenance.hpp"

namespace ptattn::tools {

/// What became of one file.
struct FileReport {
  std::size_t points = 0;
  nlohmann::ordered_json json = nlohmann::ordered_json::object();  ///< keys behind `path`
  std::string table{};                                             ///< for people, ends a line
};

/// Reads, computes, writes: the work on one file.
using FileWork = std::function<FileReport(const Job& job, Progress& progress)>;

/// How a command works through files.
struct Batch {
  std::string name;  ///< of the command
  Format format = Format::kTable;
  bool resume = false;
  bool fail_fast = false;
  bool timing = true;
  std::string memory_advice{};  ///< what may help when memory runs out
  /// Keys at the end of every record, such as the model.
  nlohmann::ordered_json made_by = nlohmann::ordered_json::object();
  /// What this run is: outputs say it, JSON records have it as `made_by`, --resume compares it with
  /// what earlier outputs say.
  Provenance run{};
  std::vector<std::filesystem::path> sources{};  ///< inputs that all outputs are made of
  /// Returns whether a thread may work on a job while the others work on others; such jobs neither
  /// take much memory nor depend on each other. Empty: no job.
  std::function<bool(const Job& job)> goes_beside_others{};
};

/// Checks what can be said before anything is read.
/// @throws Error(Fault::kUsage) when there is no input, or no output
void check_files(const FileOptions& files, bool needs_output = true);

/// Lists the inputs of the command line; those of `-` come from `list`.
[[nodiscard]] InputList list_inputs(const FileOptions& files, std::istream& list);

[[nodiscard]] Batch make_batch(const std::string& name, const FileOptions& files);

/// Works through `jobs` and writes a record of each to standard output, in their order.
///
/// Jobs that may go beside others (and not with `fail_fast`) are worked on by as many threads as
/// there are, so that while one file is read or written, another is computed; all others one after
/// the other. What is said of a file is said when its turn comes.
///
/// An input that fails is reported, on standard error too, and the next one follows; with
/// `fail_fast`, or where there is only one, its error ends the run. With `resume`, jobs whose
/// output stands (see look_at_output) are skipped, and what killed runs left half written beside
/// the outputs is removed. A stop request cuts the file in work short, without an output.
/// @return  the exit code: 0, 3 when an input failed, 130 after an interruption
/// @throws  Error that concerns all inputs, of the model for example
int run_batch(std::vector<Job> jobs, const Batch& batch, const FileWork& work);

/// Works through jobs as they become known, with a record of each as soon as it is done, until
/// there are no more. A bad input is reported and the next one follows, unless `fail_fast`.
/// Otherwise as run_batch.
/// @param next  waits for the next job; nullopt at the end
int run_stream(const std::function<std::optional<Job>()>& next, const Batch& batch,
               const FileWork& work);

/// Prints what `run_batch` would read and write.
/// @return  the exit code: 0, or 3 when there are inputs that cannot be read
int print_plan(const std::vector<Job>& jobs, const Batch& batch);

/// Returns `line` without the subject that it starts with; records have the path in a key.
[[nodiscard]] std::string without_subject(const std::string& line, const std::string& subject);

}  // namespace ptattn::tools
