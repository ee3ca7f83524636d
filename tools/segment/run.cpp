#include "run.hpp"

#include <optional>
#include <string>
#include <utility>

#include "../target.hpp"
#include "ptattn/io/cloud_io.hpp"
#include "report.hpp"
#include "survey.hpp"

namespace ptattn::tools {

FileReport segment_file(const Job& job, const SegmenterModel& model, const SegmentRun& run,
                        Progress& progress) {
  if (const auto stream = open_survey(job, model, run, progress)) {
    return segment_survey(job, *stream, model, run, progress);
  }
  const std::string path = job.input.path.string();
  progress.status("reading " + path);
  PointCloud cloud = read_cloud(job.input.path, read_options_for(job.output, run.clouds.read));
  tell_notes(cloud, run.clouds.las, job, progress);
  const LabelFields fields = run.fields.for_output(job.output, model.description);
  check_new_fields(cloud, fields, model.description);
  check_target(job.output, kCloudExtensions);
  check_format(job.output, cloud, Encoding::kBinary, run.clouds.las);
  progress.status("labelling " + path);
  const CloudFrame frame = settle_frame(run.frame, cloud, path, progress);
  std::optional<FrameChange> upright_cloud(std::in_place, cloud, frame);
  const Segmentation result =
      segment(model, cloud, run.segment, [&](std::size_t done, std::size_t total) {
        progress.show_parts(100 * done / total, 100, "%");
      });
  upright_cloud.reset();
  tell(result.notes, result.warnings, path, progress);
  progress.status("writing " + job.output.string());
  add_labels(cloud, result, fields, model.description, job.output);
  std::vector<InstanceCount> instances;
  if (!fields.instances.empty()) {
    instances = add_instances(cloud, result, fields, model.description);
  }
  add_origin(cloud, run.made_by, fields, model.description);
  make_parent_folders(job.output);
  write_cloud(job.output, cloud, Encoding::kBinary, run.clouds.las);
  SegmentRecord record =
      make_record(path, job.output.string(), result, model.description, fields.unsure_below);
  record.votes = votes_of(model.description.preprocessing, run.segment);
  record.instances = std::move(instances);
  return {.points = record.points,
          .json = as_json(record, model.description),
          .table = as_table(record, model.description)};
}

}  // namespace ptattn::tools
