#include "survey.hpp"

#include <algorithm>
#include <cstring>
#include <optional>
#include <utility>
#include <vector>

#include "../memory_limit.hpp"
#include "../pieces.hpp"
#include "../survey/scratch.hpp"
#include "../target.hpp"
#include "job.hpp"
#include "ptattn/survey/geometry_plan.hpp"
#include "ptattn/survey/geometry_tile.hpp"
#include "ptattn/survey/survey_records.hpp"
#include "ptattn/tasks/geometry/float_step.hpp"
#include "report.hpp"
#include "result.hpp"

namespace ptattn::tools {
namespace {

/// One cloud that is described piece by piece, and what for.
struct Work {
  const FeatureSettings& s;
  const Job& job;
  CloudStream& stream;
  GeometryOptions options;
  std::size_t memory;
  ScratchWork scratch;

  [[nodiscard]] const SurveyFolder& folder() const { return scratch.folder; }
};

std::size_t memory_of(const FeatureSettings& s) {
  return s.memory ? *s.memory : default_memory();
}

SurveyPlan plan_survey(const Work& work, const SurveyLook& look) {
  if (work.s.survey.resume && is_planned(work.scratch)) return read_plan(work.folder());
  GeometryRequest request{
      .key = {}, .made_by = work.scratch.made_by, .memory = work.memory, .options = work.options};
  SurveyPlan plan = plan_in(work.scratch, [&](const std::string& key) {
    request.key = key;
    return make_geometry_plan(work.stream, look, request, work.folder(), work.scratch.show());
  });
  note_needs(work.scratch, plan, "described", geometry_scratch_bytes(plan.kept, work.options),
             plan.tile_bytes);
  return plan;
}

/// Says what is wrong or unusual about the cloud as such.
Remarks remarks_on(const SurveyLook& look, const SurveyPlan& plan) {
  Remarks remarks;
  Strays strays{.rows = {}, .far = plan.far, .zeros = plan.zeros};
  strays.rows.resize(plan.far + plan.zeros);
  add_stray_note(strays, plan.points, remarks);
  const PointCloud sample = usual_points(look, plan);
  if (auto hint = float_hint(sample, sample.positions(), look.share)) {
    remarks.warnings.push_back(*std::move(hint));
  }
  return remarks;
}

/// The features of a piece of the cloud.
struct PieceFeatures {
  std::vector<std::size_t> points;  // that have some
  Matrix values;
};

PieceFeatures features_of(PointCloud& piece, SurveyRecords& records, std::size_t channels) {
  PieceFeatures found;
  std::vector<std::byte> bytes;
  records.next(piece, {.record = [&](std::size_t i, const std::byte* record) {
                 found.points.push_back(i);
                 bytes.insert(bytes.end(), record, record + records.summary().record);
               }});
  found.values = Matrix(found.points.size(), channels);
  std::memcpy(found.values.values().data(), bytes.data(), bytes.size());
  return found;
}

/// Calls `body` with the pieces of the cloud and their features, in order.
template <class Body>
void for_each_piece_of(const Work& work, SurveyRecords& records, const Body& body) {
  const std::size_t channels = geometry_feature_names(work.options).size();
  const std::uint64_t bytes = bytes_of_point(work.stream.head()) + 12 * channels;
  const std::size_t least = piece_points(work.memory, bytes);
  const auto total = static_cast<std::size_t>(work.stream.shape().size());
  std::size_t done = 0;
  work.stream.rewind();
  records.rewind();
  for (PointCloud piece = work.stream.next(least); !piece.empty();
       piece = work.stream.next(least)) {
    work.scratch.progress.show_parts(100 * done / std::max<std::size_t>(1, total), 100, "%");
    done += piece.size();
    body(piece, features_of(piece, records, channels));
  }
}

/// Finds the colours, by every so many-th point that has features.
PcaColors colors_of(const Work& work, const SurveyPlan& plan, SurveyRecords& records) {
  const std::size_t step = PcaColors::step(static_cast<std::size_t>(plan.kept));
  Matrix rows((static_cast<std::size_t>(plan.kept) + step - 1) / step,
              geometry_feature_names(work.options).size());
  std::size_t seen = 0;
  for_each_piece_of(work, records, [&](const PointCloud&, const PieceFeatures& features) {
    for (std::size_t i = 0; i < features.points.size(); ++i, ++seen) {
      if (seen % step != 0) continue;
      std::copy_n(features.values.row(i), rows.cols(), rows.row(seen / step));
    }
  });
  return PcaColors(rows);
}

/// Writes the output in the order of the input.
void merge_tiles(const Work& work, const SurveyPlan& plan, SurveyRecords& records,
                 const FeatureResult& result) {
  std::optional<PcaColors> colors;
  if (work.s.colorize) colors = colors_of(work, plan, records);
  const std::string output = work.job.output.string();
  work.scratch.progress.status("writing " + output);
  ResultWriter writer(work.s, output, work.stream.head(), work.stream.shape(), result,
                      colors ? &*colors : nullptr);
  for_each_piece_of(work, records, [&](PointCloud& piece, PieceFeatures features) {
    writer.append(piece, features.points, std::move(features.values));
  });
  writer.commit();
}

}  // namespace

std::unique_ptr<CloudStream> open_feature_survey(const FeatureSettings& s, const Job& job,
                                                 Progress& progress) {
  constexpr std::uint64_t kWork = 140;  // of a point: its place in the order and in the tree
  if (s.kind != FeatureKind::kGeometry || job.output.empty()) return nullptr;
  const std::uint64_t channels = geometry_feature_names(geometry_options(s, Axis::kZ)).size();
  const PieceRequest request{.memory = memory_of(s),
                             .forced = s.survey.out_of_core,
                             .done = "described",
                             .bytes = [&](CloudStream& stream) {
                               return stream.shape().size() *
                                      (bytes_of_point(stream.head()) + 8 * channels + kWork);
                             }};
  return open_pieces(job, s.clouds.read, request, progress);
}

FileReport describe_survey(const FeatureSettings& s, const Job& job, CloudStream& stream,
                           Progress& progress) {
  const std::string path = job.input.path.string();
  tell_notes(stream.head(), s.clouds.las, job, progress);
  Work work{s,
            job,
            stream,
            geometry_options(s, Axis::kZ),
            memory_of(s),
            scratch_work(job, s.survey.scratch, s.made_by, progress)};
  const std::vector<std::string> meanings = geometry_feature_names(work.options);
  const std::vector<std::string> fields = field_names(s.prefix, meanings.size());
  check_target(job.output, kTargets);
  check_pieces(s, job, stream.head(), stream.shape(), fields);
  const SurveyLook look = look_at(stream, work.scratch.show());
  work.options.up = settle_up(s.frame.up, look.sample, path, progress);
  const SurveyPlan plan = plan_survey(work, look);
  const TileDescriber describer(plan, work.folder(), work.options);
  progress.status("describing " + path);
  work_on_tiles(
      work.scratch, all_tiles(plan),
      [&](std::size_t tile, const auto& show) { describer.describe(tile, show); },
      [&](std::size_t next) { describer.expect(next); });
  SurveyRecords records(plan, work.folder(), work.memory / 4);
  Remarks remarks = remarks_on(look, plan);
  warn_of_lonely(static_cast<std::size_t>(records.summary().lonely),
                 static_cast<std::size_t>(plan.kept), remarks.warnings);
  const FeatureResult result{.meanings = meanings,
                             .notes = tell_all(std::move(remarks), path, progress),
                             .points = {},
                             .values = Matrix(0, meanings.size())};
  merge_tiles(work, plan, records, result);
  work.folder().remove();
  FileReport report = begin_report(s, static_cast<std::size_t>(plan.points), fields, meanings);
  end_report(s, job, fields.size(), result.notes, report);
  return report;
}

}  // namespace ptattn::tools
