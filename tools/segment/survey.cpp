#include "survey.hpp"

#include <algorithm>
#include <filesystem>
#include <span>
#include <string>
#include <system_error>
#include <utility>
#include <vector>

#include "../pieces.hpp"
#include "../survey/scratch.hpp"
#include "../target.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/io/cloud_writer.hpp"
#include "ptattn/survey/label_tile.hpp"
#include "ptattn/survey/make_plan.hpp"
#include "ptattn/survey/survey_labels.hpp"
#include "ptattn/survey/survey_pieces.hpp"
#include "ptattn/survey/voxel_estimate.hpp"
#include "ptattn/tasks/scene/hints.hpp"
#include "report.hpp"

namespace ptattn::tools {
namespace {

namespace fs = std::filesystem;

/// One cloud that is labelled piece by piece, and what for.
struct Work {
  const Job& job;
  CloudStream& stream;
  const SegmenterModel& model;
  const SegmentRun& run;
  Progress& progress;
  ScratchWork scratch;

  [[nodiscard]] std::string path() const { return job.input.path.string(); }
  void note(const std::string& text) const { progress.note(path(), text); }
};

/// What labelling a cloud as a whole takes, measured on dense and sparse surveys. Points: fields,
/// compressed points of a LAZ file, positions, places in the order of voxels,
/// labels. Voxels: channels, surroundings, probabilities.
/// And the network's part.
std::uint64_t bytes_as_whole(const CloudStream& stream, std::uint64_t voxels,
                             const PointNetwork& network) {
  constexpr std::uint64_t kOfPoint = 80;
  constexpr std::uint64_t kOfVoxel = 140;
  const std::uint64_t seen = std::min<std::uint64_t>(voxels, network.most_voxels());
  return stream.shape().size() * (bytes_of_point(stream.head()) + kOfPoint) +
         voxels * (4 * network.in_channels() + kOfVoxel) + seen * network.bytes_per_point();
}

/// The same with as many voxels as the cloud may have, which are counted where that matters.
std::uint64_t bytes_as_whole(CloudStream& stream, const SegmenterModel& model,
                             const SegmentRun& run) {
  const auto bytes_of = [&](std::uint64_t voxels) {
    return bytes_as_whole(stream, voxels, *model.network);
  };
  const std::uint64_t points = stream.shape().size();
  const std::uint64_t memory = run.segment.tiling.memory;
  if (bytes_of(0) > memory || bytes_of(points) <= memory) return bytes_of(points);
  const double metres = run.frame.metres.value_or(1.0);
  return bytes_of(estimate_voxels(stream, model.description.preprocessing.voxel / metres));
}

/// Why clouds cannot be labelled piece by piece; empty when they can.
std::string obstacle(const SegmenterModel& model, const SegmentRun& run) {
  if (model.description.preprocessing.frame == Frame::kObject) {
    return model.description.name + " takes whole objects";
  }
  if (run.fields.instances.empty()) return "";
  return "--instances numbers the things of a whole cloud";
}

/// Says what is wrong or unusual about the cloud as such.
void add_notes(const Work& work, const SurveyLook& look, const SurveyPlan& plan) {
  PointCloud sample = usual_points(look, plan);
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

SurveyPlan plan_survey(const Work& work) {
  SurveyLook look;
  const SegmentOptions& options = work.run.segment;
  SurveyPlan plan = plan_in(work.scratch, [&](const std::string& key) {
    const SurveyFolder& folder = work.scratch.folder;
    SurveyInput input = take_in(work.stream, work.model, options, folder, work.scratch.show());
    look = input.look;
    const SurveyRequest request{
        .key = key,
        .made_by = work.scratch.made_by,
        .frame = settle_frame(work.run.frame, look.sample, work.path(), work.progress),
        .segment = options};
    return make_plan(std::move(input), work.model, request, folder, work.scratch.show());
  });
  add_notes(work, look, plan);
  const std::uint64_t disk = scratch_bytes(work.model, work.stream.head(), plan.kept, options);
  note_needs(work.scratch, plan, "labelled", disk, memory_needed(plan));
  return plan;
}

void label_tiles(const Work& work, const SurveyPlan& plan, std::span<const std::size_t> wanted) {
  const TileLabeler labeler(plan, work.scratch.folder, work.model, work.run.segment);
  work.progress.status("labelling " + work.path());
  work_on_tiles(
      work.scratch, wanted,
      [&](std::size_t tile, const ProgressCallback& progress) {
        for (const std::string& note : labeler.label(tile, progress)) work.note(note);
      },
      [&](std::size_t next) { labeler.expect(next); });
}

/// The plan that an earlier run made.
/// @throws Error(Fault::kInput) when there is none, or one of other work
SurveyPlan require_plan(const ScratchWork& work) {
  const std::string folder = work.folder.path().string();
  if (read_plan_key(work.folder).empty()) {
    throw Error(Fault::kInput, folder, "holds no plan, expected one of --plan");
  }
  SurveyPlan plan = read_plan(work.folder);
  if (is_planned(work)) return plan;
  throw Error(Fault::kInput, folder,
              planned_difference(plan.made_by, work) + "; --plan makes it anew");
}

/// @throws Error(Fault::kInput) when a tile has no labels yet
void require_labels(const SurveyPlan& plan, const SurveyFolder& folder) {
  std::size_t missing = 0;
  std::string some;
  for (std::size_t t = 0; t < plan.tiles.size(); ++t) {
    if (folder.has_labels(t)) continue;
    constexpr std::size_t kShown = 8;
    if (++missing <= kShown) some.append(some.empty() ? "" : ",").append(std::to_string(t + 1));
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
  SurveyLabels labels(plan, work.scratch.folder, work.run.segment.tiling.memory / 4);
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
  record.votes = votes_of(work.model.description.preprocessing, work.run.segment);
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
  const PieceRequest request{
      .memory = run.segment.tiling.memory,
      .forced = run.survey.is_wanted(),
      .done = "labelled",
      .bytes = [&](CloudStream& stream) { return bytes_as_whole(stream, model, run); },
      .obstacle = obstacle(model, run)};
  return open_pieces(job, run.clouds.read, request, progress);
}

bool goes_beside_others(const Job& job, const SegmenterModel& model, const SegmentRun& run) try {
  constexpr std::uint64_t kOfByte = 256;  // of a file that has to be read as a whole
  const fs::path& path = job.input.path;
  std::error_code failed;
  if (run.survey.is_wanted() || !fs::is_regular_file(path, failed)) return false;
  const auto threads = static_cast<std::uint64_t>(thread_count());
  const std::uint64_t share = run.segment.tiling.memory / threads;
  const auto stream = open_cloud_stream(path, run.clouds.read);
  if (stream == nullptr) return fs::file_size(path, failed) <= share / kOfByte;
  return bytes_as_whole(*stream, stream->shape().size(), *model.network) <= share;
} catch (const Error&) {
  return true;  // is told when its turn comes
}

FileReport segment_survey(const Job& job, CloudStream& stream, const SegmenterModel& model,
                          const SegmentRun& run, Progress& progress) {
  const Work work{job, stream,   model,
                  run, progress, scratch_work(job, run.survey.scratch, run.made_by, progress)};
  tell_notes(stream.head(), run.clouds.las, job, progress);
  check_new_fields(stream.head(), run.fields.for_output(job.output, model.description),
                   model.description);
  check_target(job.output, kCloudExtensions);
  check_piecewise_format(job.output, stream.head(), stream.shape(), run.clouds.las);
  const SurveyStep step = run.survey.step();
  const bool goes_on = (run.survey.resume || step == SurveyStep::kPlan) && is_planned(work.scratch);
  const SurveyPlan plan = step == SurveyStep::kTiles || step == SurveyStep::kMerge
                              ? require_plan(work.scratch)
                          : goes_on ? read_plan(work.scratch.folder)
                                    : plan_survey(work);
  if (step == SurveyStep::kPlan)
    return report_of_step(plan, plan.tiles.size(), work.scratch.folder);
  if (step == SurveyStep::kMerge) {
    require_labels(plan, work.scratch.folder);
  } else {
    const auto wanted = step == SurveyStep::kTiles
                            ? listed_tiles(run.survey.tiles, plan.tiles.size())
                            : all_tiles(plan);
    label_tiles(work, plan, wanted);
    if (step == SurveyStep::kTiles) return report_of_step(plan, wanted.size(), work.scratch.folder);
  }
  const SegmentRecord record = merge_tiles(work, plan);
  work.scratch.folder.remove();
  return {.points = record.points,
          .json = as_json(record, model.description),
          .table = as_table(record, model.description)};
}

}  // namespace ptattn::tools
