#include "run.hpp"

#include <algorithm>
#include <array>
#include <new>
#include <optional>
#include <string_view>
#include <system_error>

#include "../interrupt.hpp"
#include "../target.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/io/cloud_io.hpp"
#include "report.hpp"

namespace ptattn::tools {
namespace {

namespace fs = std::filesystem;

constexpr Rgb kGrey{128, 128, 128};
constexpr std::array<std::string_view, 2> kCloudExtensions{".ply", ".pcd"};

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
  make_folder(job.output);
  check_target(job.output, kCloudExtensions);
  PointCloud cloud = read_cloud(job.input.path);
  refuse_taken_fields(cloud, new_fields(options.fields, model.description), "--prefix");
  check_format(job.output, cloud);
  std::optional<Progress> tiles;  // of a large cloud, in place of the progress through the clouds
  Segmentation result =
      segment(model, cloud, path, options.segment, [&](std::size_t done, std::size_t total) {
        if (total == 1) return;
        if (done == 0) {
          progress.hide();
          tiles.emplace("ptattn-segment", total, "tiles");
        } else {
          tiles->advance();
        }
      });
  tiles.reset();
  for (const std::string& note : result.notes) progress.message(path + ": " + note);
  add_labels(cloud, result, options.fields, model.description, job.output);
  write_cloud(job.output, cloud);
  return make_record(path, job.output.string(), result, model.description);
}

/// What is wrong with one input must not end the work on the others. A field name that is taken is
/// a property of the cloud, too.
bool concerns_input(const Error& error) {
  return error.fault() == Fault::kInput || error.fault() == Fault::kUsage;
}

}  // namespace

std::vector<std::string> new_fields(const LabelFields& fields, const PointModelDescription& model) {
  std::vector<std::string> names{fields.label, "confidence", "entropy", "margin"};
  if (fields.probabilities) {
    for (const std::string& name : model.classes) names.push_back("p_" + name);
  }
  for (std::string& name : names) {
    name.insert(0, fields.prefix);
    std::ranges::replace(name, ' ', '_');  // no field of a PLY file can have blanks
  }
  return names;
}

void add_labels(PointCloud& cloud, const Segmentation& result, const LabelFields& fields,
                const PointModelDescription& model, const fs::path& output) {
  const std::vector<std::string> names = new_fields(fields, model);
  if (fields.asprs_codes) {
    const auto values = cloud.add(names[0], FieldType::kUInt8).values<std::uint8_t>();
    for (std::size_t i = 0; i < values.size(); ++i) {
      values[i] = result.valid[i] ? model.asprs_codes[result.labels[i]] : 0;
    }
  } else {
    std::ranges::copy(result.labels,
                      cloud.add(names[0], FieldType::kUInt32).values<std::uint32_t>().begin());
  }
  std::ranges::copy(result.confidence,
                    cloud.add(names[1], FieldType::kFloat32).values<float>().begin());
  std::ranges::copy(result.entropy,
                    cloud.add(names[2], FieldType::kFloat32).values<float>().begin());
  std::ranges::copy(result.margin,
                    cloud.add(names[3], FieldType::kFloat32).values<float>().begin());
  for (std::size_t c = 0; c + 4 < names.size(); ++c) {
    const auto values = cloud.add(names[c + 4], FieldType::kFloat32).values<float>();
    for (std::size_t i = 0; i < values.size(); ++i) values[i] = result.probabilities(i, c);
  }
  if (!fields.colorize) return;
  std::vector<Rgb> colors(cloud.size(), kGrey);
  for (std::size_t i = 0; i < colors.size(); ++i) {
    if (result.valid[i]) colors[i] = model.palette[result.labels[i]];
  }
  paint(cloud, colors, color_layout_of(output));
}

SegmentRunResult run_segment(const std::vector<Job>& jobs, const PointModel& model,
                             const SegmentRun& options, Output& output, Progress& progress) {
  const InterruptWatch watch;
  SegmentRunResult result;
  for (const Job& job : jobs) {
    if (watch.interrupted()) {
      result.interrupted = true;
      break;
    }
    SegmentRecord record;
    try {
      record = process(job, model, options, progress);
    } catch (const Error& error) {
      if (!concerns_input(error) || options.fail_fast || jobs.size() == 1) throw;
      record.path = job.input.path.string();
      record.error = error.what();
    } catch (const std::bad_alloc&) {
      record.path = job.input.path.string();
      record.error = record.path + ": not enough memory, a smaller --memory may help";
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
