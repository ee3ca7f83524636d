#include "run.hpp"

#include <array>
#include <new>
#include <optional>
#include <string_view>
#include <system_error>

#include "../target.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/stop.hpp"
#include "ptattn/io/cloud_io.hpp"
#include "report.hpp"

namespace ptattn::tools {
namespace {

namespace fs = std::filesystem;

void make_folder(const fs::path& output) {
  if (!output.has_parent_path()) return;
  std::error_code error;
  fs::create_directories(output.parent_path(), error);
  if (error) {
    throw Error(Fault::kInput, output.parent_path().string(), "cannot be made: " + error.message());
  }
}

SegmentRecord process(const Job& job, const PointModel& model, const SegmentRun& options,
                      Progress& progress) {
  const std::string path = job.input.path.string();
  if (!job.input.problem.empty()) throw Error(Fault::kInput, path, job.input.problem);
  PointCloud cloud = read_cloud(job.input.path, options.clouds.read);
  tell_notes(cloud, path, progress);
  const LabelFields fields = options.fields.for_output(job.output, model.description);
  check_new_fields(cloud, fields, model.description, path);
  make_folder(job.output);
  check_target(job.output, kCloudExtensions);
  check_format(job.output, cloud, Encoding::kBinary, options.clouds.las);
  std::optional<Progress> tiles;  // of a large cloud, in place of the progress through the clouds
  Segmentation result =
      segment(model, cloud, path, options.segment, [&](std::size_t done, std::size_t total) {
        if (total == options.segment.votes) return;
        if (done == 0) {
          progress.hide();
          tiles.emplace("ptattn-segment", total, "tiles");
        } else {
          tiles->advance();
        }
      });
  tiles.reset();
  for (const std::string& note : result.notes) progress.message(path + ": " + note);
  add_labels(cloud, result, fields, model.description, job.output);
  write_cloud(job.output, cloud, Encoding::kBinary, options.clouds.las);
  SegmentRecord record = make_record(path, job.output.string(), result, model.description);
  record.votes = options.segment.votes;
  return record;
}

/// What is wrong with one input must not end the work on the others. A field name that is taken is
/// a property of the cloud, too.
bool concerns_input(const Error& error) {
  return error.fault() == Fault::kInput || error.fault() == Fault::kUsage;
}

}  // namespace

SegmentRunResult run_segment(const std::vector<Job>& jobs, const PointModel& model,
                             const SegmentRun& options, Output& output, Progress& progress) {
  SegmentRunResult result;
  for (const Job& job : jobs) {
    SegmentRecord record;
    try {
      throw_if_stopped();
      record = process(job, model, options, progress);
    } catch (const Stopped&) {
      result.interrupted = true;
      break;
    } catch (const Error& error) {
      if (!concerns_input(error) || options.fail_fast || jobs.size() == 1) throw;
      record.path = job.input.path.string();
      record.error = error.what();
    } catch (const std::bad_alloc&) {
      record.path = job.input.path.string();
      const Error error(Fault::kInput, record.path,
                        "not enough memory, a smaller --memory may help");
      if (options.fail_fast || jobs.size() == 1) throw error;
      record.error = error.what();
    }
    if (!record.error.empty()) {
      progress.message(record.error);
      ++result.failed;
    }
    if (output.is_terminal()) progress.hide();
    output.write(options.json           ? as_json_line(record, model.description)
                 : record.error.empty() ? as_table(record, model.description)
                                        : "");
    ++result.done;
    progress.advance();
  }
  return result;
}

}  // namespace ptattn::tools
