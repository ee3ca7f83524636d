#include "survey.hpp"

#include <algorithm>
#include <numeric>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "../made_by.hpp"
#include "../target.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/io/cloud_writer.hpp"
#include "ptattn/models/model_hash.hpp"
#include "ptattn/survey/label_tile.hpp"
#include "ptattn/survey/make_plan.hpp"
#include "ptattn/survey/survey_labels.hpp"
#include "ptattn/survey/survey_pieces.hpp"
#include "ptattn/tasks/scene/hints.hpp"
#include "report.hpp"

namespace ptattn::tools {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMebi = std::uint64_t{1} << 20U;

/// One cloud that is labelled piece by piece, and what for.
struct Work {
  const Job& job;
  CloudStream& stream;
  const SegmenterModel& model;
  const SegmentRun& run;
  Progress& progress;
  SurveyFolder folder;

  [[nodiscard]] std::string path() const { return job.input.path.string(); }
  void note(const std::string& text) const { progress.note(path(), text); }
};

/// What labelling a cloud as a whole takes: its fields, voxels and channels, and what is written.
std::uint64_t bytes_as_whole(const CloudStream& stream) {
  constexpr std::uint64_t kWork = 230;  // measured: 0.23 to 0.5 GB a million points
  std::uint64_t record = 0;
  for (const Field& field : stream.head().fields()) record += field.bytes_per_point();
  return stream.shape().size() * (2 * record + kWork);
}

/// Why a cloud cannot be labelled piece by piece; empty when it can.
std::string obstacle(const SegmenterModel& model, const SegmentRun& run, const Job& job,
                     const CloudStream* stream) {
  if (model.description.preprocessing.frame == Frame::kObject) {
    return model.description.name + " takes whole objects";
  }
  if (!run.fields.instances.empty()) return "--instances numbers the things of a whole cloud";
  if (stream == nullptr) {
    return "it is read as a whole (text, compressed PCD, gzip or a pipe), expected LAS, LAZ, or "
           "binary PLY or PCD";
  }
  const bool las = has_extension(job.output, ".las") || has_extension(job.output, ".laz");
  if (las && stream->head().metadata().las == nullptr) {
    return "a LAS file of another cloud is made from the whole of it, expected a .ply or .pcd file";
  }
  return "";
}

std::string hex(std::string text) {
  return text.substr(0, 8);
}

SurveyFolder scratch_folder(const Job& job, const SurveyOptions& options) {
  const std::string name = job.output.filename().string() + ".scratch";
  if (options.scratch.empty()) return SurveyFolder(fs::path(job.output).replace_filename(name));
  std::error_code ignored;
  const fs::path whole = fs::weakly_canonical(fs::absolute(job.output, ignored), ignored);
  return SurveyFolder(fs::path(options.scratch) / (hex(hash_text(whole.string())) + "." + name));
}

/// What a scratch folder must have been made for to be used again.
std::string made_for(const Job& job, const SegmentRun& run) {
  std::error_code ignored;
  const fs::path input = fs::weakly_canonical(fs::absolute(job.input.path, ignored), ignored);
  nlohmann::ordered_json json = as_json(run.made_by);
  json["input"] = input.string();
  json["bytes"] = fs::file_size(input, ignored);
  json["written"] = fs::last_write_time(input, ignored).time_since_epoch().count();
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

/// The points of a sample that are not stray.
PointCloud usual_points(const PointCloud& sample, const SurveyPlan& plan) {
  const RawVector<Position> positions = sample.positions();
  std::vector<std::size_t> rows;
  for (std::size_t i = 0; i < positions.size(); ++i) {
    if (belongs_to_scene(in_frame(positions[i], plan.frame), plan.strays)) rows.push_back(i);
  }
  SampleTaker taker(sample);
  taker.add(sample, rows);
  return taker.finish();
}

/// Says what is wrong or unusual about the cloud as such.
void add_notes(const Work& work, const SurveyLook& look, const SurveyPlan& plan) {
  PointCloud sample = usual_points(look.sample, plan);
  const FrameChange framed(sample, plan.frame);
  const SceneProfile& profile = work.model.description.preprocessing;
  const SceneVoxels voxels = voxelize_part(sample, profile, plan.grid.box);
  for (const Hint& hint : scene_hints(sample, voxels, profile, look.share)) {
    work.progress.warn(work.path(), hint);
  }
  Strays strays{.rows = {}, .far = plan.far, .zeros = plan.zeros};
  strays.rows.resize(plan.far + plan.zeros);
  if (!strays.empty()) work.note(stray_note(strays, plan.points));
}

/// Notes what the scratch folder takes, and when that is more memory than was allowed.
void note_needs(const Work& work, const SurveyPlan& plan) {
  const std::uint64_t disk = scratch_bytes(work.model, plan.layout, plan.kept, work.run.segment);
  work.note("is labelled in " + std::to_string(plan.tiles.size()) + " tiles, with up to " +
            std::to_string(disk / kMebi + 1) + " MiB in " + work.folder.path().string());
  if (plan.memory == 0 || plan.tile_bytes <= plan.memory / 2) return;
  work.note("its tiles take " + std::to_string(2 * plan.tile_bytes / kMebi + 1) +
            " MiB, more than was allowed, and cannot be smaller");
}

SurveyPlan plan_survey(const Work& work, const std::string& made_by) {
  const SurveyProgress tell = [&](std::string_view what, std::size_t done, std::size_t total) {
    work.progress.status(std::string(what) + " " + work.path());
    work.progress.show_parts(100 * done / std::max<std::size_t>(total, 1), 100, "%");
  };
  const SurveyLook look = look_at(work.stream, tell);
  const SurveyRequest request{
      .key = hash_text(made_by),
      .made_by = made_by,
      .frame = settle_frame(work.run.frame, look.sample, work.path(), work.progress),
      .segment = work.run.segment};
  work.folder.remove();
  work.folder.make();
  SurveyPlan plan;
  try {
    plan = make_plan(work.stream, look, work.model, request, work.folder, tell);
  } catch (...) {
    work.folder.remove();  // what is there of a plan is of no use
    throw;
  }
  add_notes(work, look, plan);
  note_needs(work, plan);
  return plan;
}

/// Labels those of `wanted` that are not yet.
void label_tiles(const Work& work, const SurveyPlan& plan, std::span<const std::size_t> wanted) {
  const TileLabeler labeler(plan, work.folder, work.model, work.run.segment);
  work.progress.status("labelling " + work.path());
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (work.folder.has_labels(wanted[i])) continue;
    const auto notes = labeler.label(wanted[i], [&](std::size_t done, std::size_t total) {
      work.progress.show_parts((100 * i + 100 * done / total) / wanted.size(), 100, "%");
    });
    for (const std::string& note : notes) work.note(note);
  }
}

/// The plan that an earlier run made.
/// @throws Error(Fault::kInput) when there is none, or one of other work
SurveyPlan require_plan(const SurveyFolder& folder, const std::string& made_by) {
  const std::string key = read_plan_key(folder);
  if (key.empty()) {
    throw Error(Fault::kInput, folder.path().string(), "holds no plan, expected one of --plan");
  }
  SurveyPlan plan = read_plan(folder);
  if (key == hash_text(made_by)) return plan;
  throw Error(Fault::kInput, folder.path().string(),
              "was planned for " + plan.made_by + ", now " + made_by);
}

std::vector<std::size_t> all_tiles(const SurveyPlan& plan) {
  std::vector<std::size_t> tiles(plan.tiles.size());
  std::iota(tiles.begin(), tiles.end(), std::size_t{0});
  return tiles;
}

/// @throws Error(Fault::kInput) when a tile has no labels yet
void require_labels(const SurveyPlan& plan, const SurveyFolder& folder) {
  std::size_t missing = 0;
  std::string some;
  for (std::size_t t = 0; t < plan.tiles.size(); ++t) {
    if (folder.has_labels(t)) continue;
    constexpr std::size_t kShown = 8;
    if (++missing <= kShown) some += (some.empty() ? "" : ",") + std::to_string(t + 1);
    if (missing == kShown + 1) some += ",...";
  }
  if (missing == 0) return;
  throw Error(Fault::kInput, folder.path().string(),
              "has no labels of " + std::to_string(missing) + " of " +
                  std::to_string(plan.tiles.size()) + " tiles, expected those of --tile " + some);
}

/// What is said about the whole, from the sums of its tiles.
Segmentation whole_of(const TileSummary& sums, const SegmenterModel& model) {
  Segmentation whole;
  whole.voxels = sums.voxels;
  whole.tiles = sums.parts;
  const double points = std::max<double>(1.0, static_cast<double>(sums.points));
  whole.mean_confidence = sums.confidence / points;
  whole.unsure_share = sums.unsure / points;
  if (!model.familiar.empty()) {
    whole.distance = sums.distance / std::max<double>(1.0, static_cast<double>(sums.sampled));
  }
  judge_the_unusual(model, whole);
  return whole;
}

/// The cloud without points, as the output has it.
PointCloud head_of_output(const Work& work, const LabelFields& fields, std::size_t classes) {
  const SegmenterDescription& model = work.model.description;
  PointCloud head = work.stream.head();
  Segmentation none;
  none.probabilities = Matrix(0, classes);
  add_labels(head, none, fields, model, work.job.output);
  add_origin(head, work.run.made_by, fields, model);
  return head;
}

/// Writes the output in the order of the input.
SegmentRecord merge_tiles(const Work& work, const SurveyPlan& plan) {
  const SegmenterDescription& model = work.model.description;
  const fs::path& output = work.job.output;
  const LabelFields fields = work.run.fields.for_output(output, model);
  SurveyLabels labels(plan, work.folder, work.run.segment.tiling.memory / 4);
  const Segmentation whole = whole_of(labels.summary(), work.model);
  for (const Hint& warning : whole.warnings) work.progress.warn(work.path(), warning);
  make_parent_folders(output);
  CloudStream& stream = work.stream;
  CloudWriter writer(output, head_of_output(work, fields, labels.summary().classes), stream.shape(),
                     work.run.clouds.las);
  SegmentRecord record = make_record(work.path(), output.string(), whole, model);
  work.progress.status("writing " + output.string());
  stream.rewind();
  for (PointCloud piece = stream.next(kPiecePoints); !piece.empty();
       piece = stream.next(kPiecePoints)) {
    work.progress.show_parts(100 * record.points / std::max<std::size_t>(1, plan.points), 100, "%");
    const Segmentation result = labels.next(piece);
    add_piece(result, fields.unsure_below, record);
    add_labels(piece, result, fields, model, output);
    writer.append(piece);
  }
  writer.commit();
  average_confidences(record);
  record.votes = work.run.segment.votes;
  return record;
}

/// What is said after a step that writes no output yet.
FileReport report_of_step(const SurveyPlan& plan, std::size_t tiles, const SurveyFolder& folder) {
  std::uint64_t largest = 0;
  for (const SurveyTile& tile : plan.tiles) largest = std::max(largest, tile.points);
  FileReport report{.points = plan.points};
  report.json["scratch"] = folder.path().string();
  report.json["points"] = plan.points;
  report.json["tiles"] = plan.tiles.size();
  report.json["largest_tile"] = largest;
  report.table = folder.path().string() + ": " + std::to_string(tiles) + " of " +
                 std::to_string(plan.tiles.size()) + " tiles, " + std::to_string(plan.points) +
                 " points, up to " + std::to_string(largest) + " a tile\n";
  return report;
}

}  // namespace

std::unique_ptr<CloudStream> open_survey(const Job& job, const SegmenterModel& model,
                                         const SegmentRun& run, Progress& progress) {
  constexpr std::uint64_t kLeastPart = 128;  // of the memory that a byte of a LAZ file may take
  const std::size_t memory = run.segment.tiling.memory;
  const bool forced = run.survey.is_wanted();
  std::error_code ignored;
  if (!fs::exists(job.input.path, ignored)) return nullptr;  // which the reader will say
  const std::uint64_t bytes = fs::file_size(job.input.path, ignored);
  if (!forced && (ignored || memory == 0 || bytes < memory / kLeastPart)) return nullptr;
  std::unique_ptr<CloudStream> stream = open_cloud_stream(job.input.path, run.clouds.read);
  const std::string problem = obstacle(model, run, job, stream.get());
  if (forced && !problem.empty()) {
    throw Error(Fault::kUsage, "--out-of-core", job.input.path.string() + ": " + problem);
  }
  if (forced || stream == nullptr || bytes_as_whole(*stream) <= memory) {
    return forced ? std::move(stream) : nullptr;
  }
  if (problem.empty()) return stream;
  progress.note(
      job.input.path.string(),
      "takes about " + std::to_string(bytes_as_whole(*stream) / kMebi + 1) +
          " MiB, more than was allowed, and cannot be labelled piece by piece: " + problem);
  return nullptr;
}

FileReport segment_survey(const Job& job, CloudStream& stream, const SegmenterModel& model,
                          const SegmentRun& run, Progress& progress) {
  const Work work{job, stream, model, run, progress, scratch_folder(job, run.survey)};
  tell_notes(stream.head(), run.clouds.las, work.path(), progress);
  check_new_fields(stream.head(), run.fields.for_output(job.output, model.description),
                   model.description);
  check_target(job.output, kCloudExtensions);
  check_piecewise_format(job.output, stream.head(), stream.shape(), run.clouds.las);
  const std::string made_by = made_for(job, run);
  const SurveyStep step = run.survey.step();
  const bool is_planned = step == SurveyStep::kTiles || step == SurveyStep::kMerge;
  const bool goes_on = (run.survey.resume || step == SurveyStep::kPlan) &&
                       read_plan_key(work.folder) == hash_text(made_by);
  const SurveyPlan plan = is_planned ? require_plan(work.folder, made_by)
                          : goes_on  ? read_plan(work.folder)
                                     : plan_survey(work, made_by);
  if (step == SurveyStep::kPlan) return report_of_step(plan, plan.tiles.size(), work.folder);
  if (step == SurveyStep::kMerge) {
    require_labels(plan, work.folder);
  } else {
    const auto wanted = step == SurveyStep::kTiles
                            ? listed_tiles(run.survey.tiles, plan.tiles.size())
                            : all_tiles(plan);
    label_tiles(work, plan, wanted);
    if (step == SurveyStep::kTiles) return report_of_step(plan, wanted.size(), work.folder);
  }
  const SegmentRecord record = merge_tiles(work, plan);
  work.folder.remove();
  return {.points = record.points,
          .json = as_json(record, model.description),
          .table = as_table(record, model.description)};
}

}  // namespace ptattn::tools
