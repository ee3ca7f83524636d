#include "batch.hpp"

#include <chrono>
#include <cmath>
#include <exception>
#include <new>
#include <optional>
#include <system_error>
#include <utility>

#include "cloud_options.hpp"
#include "earlier_output.hpp"
#include "interrupt.hpp"
#include "last_line.hpp"
#include "made_by.hpp"
#include "output.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/stop.hpp"
#include "ptattn/io/atomic_file.hpp"

namespace ptattn::tools {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

constexpr double kSecondsUnit = 1e4;  // a tenth of a millisecond

/// What is wrong with one input must not end the work on the others. A field name that is taken is
/// a property of the cloud, too.
bool concerns_input(const Error& error) {
  return error.fault() == Fault::kInput || error.fault() == Fault::kUsage;
}

/// How far a run came.
struct Totals {
  std::size_t done = 0;
  std::size_t failed = 0;
  std::size_t points = 0;
};

/// Works on one file after the other.
class Runner {
 public:
  Runner(const Batch& batch, const FileWork& work, std::size_t total)
      : batch_(batch),
        work_(work),
        total_(total),
        ends_with_error_(batch.fail_fast || total == 1),
        output_(Output::to_stdout()),
        writer_(batch.format, output_),
        progress_(batch.name, total) {}

  void process(const Job& job) {
    const auto start = std::chrono::steady_clock::now();
    const std::string path = job.input.path.string();
    FileReport report;
    std::string error;
    try {
      throw_if_stopped();
      if (!job.input.problem.empty()) throw Error(Fault::kInput, path, job.input.problem);
      report = work_(job, progress_);
    } catch (const Error& problem) {
      if (!concerns_input(problem) || ends_with_error_) throw;
      error = problem.what();
    } catch (const std::bad_alloc&) {
      const Error problem(Fault::kInput, path, kNoMemory + batch_.memory_advice);
      if (ends_with_error_) throw problem;
      error = problem.what();
    }
    if (!error.empty()) {
      progress_.message(error);
      ++totals_.failed;
    }
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    write(path, report, error, seconds.count());
    totals_.points += report.points;
    ++totals_.done;
    progress_.advance();
  }

  /// One more input than was known.
  void expect_one() {
    ++total_;
    progress_.expect(1);
  }
  /// Says how the run ended; the exit code.
  int conclude(bool interrupted) {
    writer_.finish(totals_.done == total_);
    if (interrupted) {
      progress_.message("interrupted, " + std::to_string(totals_.done) + " of " +
                        std::to_string(total_) + " done, continue with --resume");
      return kInterrupted;
    }
    if (totals_.failed > 0) {
      progress_.message(std::to_string(totals_.failed) + " of " + std::to_string(total_) +
                        " inputs failed");
    }
    if (totals_.done > totals_.failed) {
      progress_.summary(totals_.done - totals_.failed, totals_.points);
    }
    return totals_.failed > 0 ? static_cast<int>(Fault::kInput) : 0;
  }
  void give_up() { writer_.finish(false); }
  Progress& progress() { return progress_; }

 private:
  void write(const std::string& path, const FileReport& report, const std::string& error,
             double seconds) {
    Json record{{"path", path}};
    if (error.empty()) {
      record.update(report.json);
    } else {
      record["error"] = without_subject(error, path);
    }
    const std::vector<Hint> warnings = progress_.take_warnings();
    if (!warnings.empty() && !record.contains("warnings")) record["warnings"] = as_json(warnings);
    if (batch_.timing) record["seconds"] = std::round(seconds * kSecondsUnit) / kSecondsUnit;
    record.update(batch_.made_by);
    const bool is_json = batch_.format == Format::kJson || batch_.format == Format::kJsonl;
    if (is_json && !batch_.run.tool.empty()) record["made_by"] = as_json(batch_.run);
    if (output_.is_terminal()) progress_.hide();
    writer_.write(record, report.table);
  }

  const Batch& batch_;
  const FileWork& work_;
  std::size_t total_;
  bool ends_with_error_;  // of an input
  Output output_;
  RecordWriter writer_;
  Progress progress_;
  Totals totals_;
};

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

/// Takes the jobs out whose output stands, and says what becomes of the others.
void skip_finished(std::vector<Job>& jobs, const Batch& batch, Progress& progress) {
  std::size_t kept = 0;
  std::size_t silent = 0;
  const std::size_t planned = jobs.size();
  std::erase_if(jobs, [&](const Job& job) {
    const EarlierOutput earlier = look_at_output(job, batch.run, batch.sources);
    if (!earlier.outdated.empty()) {
      progress.note(job.output.string(), earlier.outdated + " and is made again");
    }
    const bool stands = earlier.exists && earlier.outdated.empty();
    kept += stands ? 1 : 0;
    silent += stands && !earlier.says_origin ? 1 : 0;
    return stands;
  });
  if (kept == 0) return;
  progress.note(
      "", std::to_string(kept) + " of " + std::to_string(planned) + " outputs exist already" +
              (silent == 0 ? "" : ", " + std::to_string(silent) + " do not say what made them"));
}

std::vector<fs::path> outputs_of(const std::vector<Job>& jobs) {
  std::vector<fs::path> outputs;
  for (const Job& job : jobs) {
    if (!job.output.empty()) outputs.push_back(job.output);
  }
  return outputs;
}

}  // namespace

void check_files(const FileOptions& files, bool needs_output) {
  if (files.inputs.empty() && !files.stream) {
    throw Error(Fault::kUsage, "INPUT", "missing, name files, folders or -, see --help");
  }
  if (needs_output && files.output.empty()) {
    throw Error(Fault::kUsage, "--output", "missing, name a file or a folder");
  }
}

InputList list_inputs(const FileOptions& files, std::istream& list) {
  return list_inputs(files.inputs, list, files.null_list ? '\0' : '\n', files.output);
}

Batch make_batch(const std::string& name, const FileOptions& files) {
  return {.name = name,
          .format = files.format.value_or(Format::kTable),
          .resume = files.resume,
          .fail_fast = files.fail_fast,
          .timing = files.timing};
}

int run_batch(std::vector<Job> jobs, const Batch& batch, const FileWork& work) {
  const std::size_t planned = jobs.size();
  if (batch.resume) {
    io::remove_abandoned_files(outputs_of(jobs));
    Progress progress(batch.name, jobs.size());
    skip_finished(jobs, batch, progress);
  }
  Runner runner(batch, work, jobs.size());
  if (planned == 0) runner.progress().note("", "the list of inputs is empty");
  try {
    for (const Job& job : jobs) runner.process(job);
  } catch (const Stopped&) {
    return runner.conclude(true);
  } catch (...) {
    runner.give_up();
    throw;
  }
  return runner.conclude(false);
}

int run_stream(const std::function<std::optional<Job>()>& next, const Batch& batch,
               const FileWork& work) {
  Runner runner(batch, work, 0);
  try {
    while (std::optional<Job> job = next()) {
      std::vector<Job> one{std::move(*job)};
      if (batch.resume && one.front().input.problem.empty()) {
        io::remove_abandoned_files(outputs_of(one));
        skip_finished(one, batch, runner.progress());
      }
      if (one.empty()) continue;
      runner.expect_one();
      runner.process(one.front());
    }
  } catch (const Stopped&) {
    return runner.conclude(true);
  } catch (...) {
    runner.give_up();
    throw;
  }
  return runner.conclude(false);
}

int print_plan(const std::vector<Job>& jobs, const Batch& batch) {
  Output output = Output::to_stdout();
  RecordWriter writer(batch.format, output);
  bool good = true;
  for (const Job& job : jobs) {
    std::string problem = job.input.problem;
    if (problem.empty() && !is_there(job.input.path)) problem = "no such file";
    EarlierOutput earlier;
    if (batch.resume) earlier = look_at_output(job, batch.run, batch.sources);
    const bool skipped = earlier.exists && earlier.outdated.empty();
    Json record{{"path", job.input.path.string()}};
    std::string line = job.input.path.string();
    if (!problem.empty()) {
      good = false;
      record["error"] = problem;
      line += ": " + problem;
    } else if (!job.output.empty()) {
      record["output"] = job.output.string();
      record["skipped"] = skipped;
      line += " -> " + job.output.string() + (skipped ? " (exists, skipped)" : "");
    }
    writer.write(record, line + "\n");
  }
  writer.finish();
  return good ? 0 : static_cast<int>(Fault::kInput);
}

std::string without_subject(const std::string& line, const std::string& subject) {
  const std::string prefix = subject + ": ";
  return line.starts_with(prefix) ? line.substr(prefix.size()) : line;
}

}  // namespace ptattn::tools
