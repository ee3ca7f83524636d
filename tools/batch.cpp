#include "batch.hpp"

#include <sys/resource.h>

#include <chrono>
#include <cmath>
#include <exception>
#include <functional>
#include <memory>
#include <new>
#include <optional>
#include <span>
#include <system_error>
#include <utility>

#include "cloud_options.hpp"
#include "earlier_output.hpp"
#include "interrupt.hpp"
#include "last_line.hpp"
#include "made_by.hpp"
#include "output.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/core/pipeline.hpp"
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

/// Seconds of the processor that this program has taken, all threads together.
double processor_seconds() {
  struct rusage used {};
  ::getrusage(RUSAGE_SELF, &used);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + 1e-6 * static_cast<double>(time.tv_usec);
  };
  return seconds(used.ru_utime) + seconds(used.ru_stime);
}

/// Works on files and says what became of them, in their order.
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

  void process(const Job& job) { conclude(work_on(job, progress_)); }

  /// Works on the first of these jobs that go beside others, many at a time.
  /// @return  how many there were
  std::size_t process_beside(std::span<const Job> jobs) {
    std::size_t taken = 0;
    const auto take = [&]() -> std::optional<const Job*> {
      if (taken == jobs.size() || !batch_.goes_beside_others(jobs[taken])) return std::nullopt;
      return &jobs[taken++];
    };
    struct Told {
      std::unique_ptr<Progress> progress = std::make_unique<Progress>();
      Outcome outcome{};
    };
    ordered_pipeline(
        static_cast<std::size_t>(2 * thread_count()), take,
        [&](const Job* job) {
          Told told;
          told.outcome = work_on(*job, *told.progress);
          return told;
        },
        [&](const Told& told) {
          told.progress->tell(progress_);
          conclude(told.outcome);
        });
    return taken;
  }

  /// Says how the run ended; the exit code.
  int finish(bool interrupted) {
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
  /// Works on a file of a stream.
  void process_next(const Job& job) {
    ++total_;
    progress_.expect(1);
    const double before = processor_seconds();
    const Outcome outcome = work_on(job, progress_);
    const bool good = outcome.error.empty() && !outcome.fatal;
    if (good && warmed_up_) {
      ++pace_.files;
      pace_.seconds += outcome.seconds;
      pace_.processor_seconds += processor_seconds() - before;
    }
    warmed_up_ = warmed_up_ || good;
    conclude(outcome);
  }
  /// Says how a stream ended; the exit code.
  int finish_stream() {
    const int code = finish(false);
    pace_.threads = thread_count();
    progress_.pace(pace_);
    return code;
  }
  void give_up() { writer_.finish(false); }
  Progress& progress() { return progress_; }

 private:
  /// What became of a job.
  struct Outcome {
    std::string path{};
    FileReport report{};
    std::string error{};         ///< of the input; the run goes on
    std::exception_ptr fatal{};  ///< ends the run
    double seconds = 0.0;
  };

  /// Changes nothing here, so that many jobs can be worked on at a time.
  [[nodiscard]] Outcome work_on(const Job& job, Progress& progress) const {
    const auto start = std::chrono::steady_clock::now();
    Outcome outcome{.path = job.input.path.string()};
    try {
      throw_if_stopped();
      if (!job.input.problem.empty()) {
        throw Error(Fault::kInput, outcome.path, job.input.problem);
      }
      outcome.report = work_(job, progress);
    } catch (const Error& problem) {
      outcome.error = problem.what();
      if (!concerns_input(problem) || ends_with_error_) outcome.fatal = std::current_exception();
    } catch (const std::bad_alloc&) {
      const Error problem(Fault::kInput, outcome.path, kNoMemory + batch_.memory_advice);
      outcome.error = problem.what();
      if (ends_with_error_) outcome.fatal = std::make_exception_ptr(problem);
    } catch (...) {
      outcome.fatal = std::current_exception();
    }
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    outcome.seconds = seconds.count();
    return outcome;
  }

  /// Says what became of the next job.
  /// @throws what ends the run
  void conclude(const Outcome& outcome) {
    if (outcome.fatal) std::rethrow_exception(outcome.fatal);
    if (!outcome.error.empty()) {
      progress_.message(outcome.error);
      ++totals_.failed;
    }
    write(outcome.path, outcome.report, outcome.error, outcome.seconds);
    totals_.points += outcome.report.points;
    ++totals_.done;
    progress_.advance();
  }

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
  Pace pace_;               // of a stream
  bool warmed_up_ = false;  // a file of it was worked on
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
    const bool beside = batch.goes_beside_others && !batch.fail_fast && thread_count() > 1;
    for (std::size_t next = 0; next < jobs.size(); ++next) {
      if (beside && jobs.size() > 1) next += runner.process_beside(std::span(jobs).subspan(next));
      if (next < jobs.size()) runner.process(jobs[next]);
    }
  } catch (const Stopped&) {
    return runner.finish(true);
  } catch (...) {
    runner.give_up();
    throw;
  }
  return runner.finish(false);
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
      runner.process_next(one.front());
    }
  } catch (const Stopped&) {
    return runner.finish(true);
  } catch (...) {
    runner.give_up();
    throw;
  }
  return runner.finish_stream();
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
