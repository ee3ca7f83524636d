#include "denoise.hpp"

#include <algorithm>
#include <array>
#include <cmath>

#include "../made_by.hpp"
#include "../target.hpp"
#include "packed_color.hpp"
#include "ptattn/cloud/field_meaning.hpp"
#include "ptattn/cloud/strays.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/io/cloud_io.hpp"
#include "ptattn/tasks/geometry/float_step.hpp"
#include "ptattn/tasks/smooth/smooth_field.hpp"
#include "ptattn/tasks/smooth/smooth_labels.hpp"
#include "ptattn/tasks/smooth/smooth_surface.hpp"
#include "report.hpp"

namespace ptattn::tools {
namespace {

constexpr std::size_t kUsualNeighbors = 48;

void check_fields(const SmoothSettings& s, const PointCloud& cloud) {
  for (const std::string& name : s.fields) {
    const Field& field = require_field(cloud, name);
    const FieldTriple axes = find_coordinates(cloud);
    if (std::ranges::find(axes, &field) != axes.end()) {
      throw Error(Fault::kUsage, "--fields", name + " is a coordinate, use --coordinates");
    }
    refuse_packed_color(field, "--fields");
    if (find_label_meaning(cloud.metadata().comments, name)) {
      throw Error(Fault::kUsage, "--fields", name + " holds labels, which have no mean");
    }
  }
}

void store(PointCloud& cloud, std::span<const std::size_t> points,
           std::span<const Position> positions) {
  const std::array<Field*, 3> axes = find_coordinates(cloud);
  for (std::size_t axis = 0; axis < 3; ++axis) {
    Field& field = *axes[axis];
    visit_type(field.type(), [&](auto type) {
      using T = decltype(type);
      const std::span<T> values = field.values<T>();
      for (std::size_t i = 0; i < points.size(); ++i) {
        values[points[i]] = static_cast<T>(positions[i][axis]);
      }
    });
  }
}

/// Smooths one field of the cloud by average or vote.
SmoothedRecord smooth_one(Field& field, std::span<const std::size_t> points,
                          std::span<const Position> positions, const SmoothOptions& options,
                          const ProgressCallback& progress) {
  if (holds_labels(field)) {
    const LabelSmoothing done = smooth_labels(field, points, positions, options, progress);
    return {.what = field.name(),
            .bandwidth = done.fit.bandwidth,
            .leave_one_out = std::sqrt(done.fit.loss),
            .moved = 0.0,
            .labels = done.labels,
            .changed = done.changed};
  }
  const BandwidthFit fit = smooth_field(field, points, positions, options, progress);
  return {field.name(), fit.bandwidth, std::sqrt(fit.loss), 0.0};
}

/// Says so where fields that may hold labels are averaged.
void warn_of_labels(const SmoothSettings& s, const PointCloud& cloud, Progress& progress) {
  for (const std::string& name : s.fields) {
    if (!may_hold_labels(require_field(cloud, name))) continue;
    progress.warn(cloud.name(), {"labels", name + " holds few different whole numbers, which are "
                                                  "averaged: if they are labels, name the field so "
                                                  "(label, class, ...)"});
  }
}

/// Leaves strays out of what is smoothed, and says so.
void leave_out_strays(const std::string& path, std::size_t count, RawVector<Position>& positions,
                      std::vector<std::size_t>& points, Progress& progress) {
  const Strays strays = find_strays(positions, Subject::kScene);
  if (strays.empty()) return;
  progress.note(path, stray_note(strays, count, "stays as it is", "stay as they are"));
  drop_strays(positions, strays);
  drop_strays(points, strays);
}

}  // namespace

FileReport denoise(const SmoothSettings& s, const Job& job, Progress& progress) {
  const std::string path = job.input.path.string();
  progress.status("reading " + path);
  PointCloud cloud = read_cloud(path, read_options_for(job.output, s.clouds.read));
  tell_notes(cloud, s.clouds.las, job, progress);
  RawVector<Position> positions = cloud.positions();
  check_fields(s, cloud);
  warn_of_labels(s, cloud, progress);
  check_target(job.output, kCloudExtensions);
  check_format(job.output, cloud, Encoding::kBinary, s.clouds.las);
  std::vector<std::size_t> points = keep_finite(positions);
  leave_out_strays(path, cloud.size(), positions, points, progress);
  if (const auto hint = float_hint(cloud, positions)) progress.warn(path, *hint);

  const SmoothOptions options{.kernel = s.kernel,
                              .neighborhood = s.neighborhood(kUsualNeighbors),
                              .bandwidth = s.bandwidth,
                              .iterations = s.iterations};
  const std::size_t parts = s.fields.size() + (s.coordinates ? 1 : 0);
  std::size_t smoothed = 0;  // fields, and coordinates
  const auto show = [&](std::size_t done, std::size_t total) {
    progress.show_parts(smoothed * total + done, parts * total, "points");
  };
  std::vector<SmoothedRecord> records;
  for (const std::string& name : s.fields) {  // where the points were measured
    Field& field = *cloud.find(require_field(cloud, name).name());
    records.push_back(smooth_one(field, points, positions, options, show));
    records.back().what = name;
    ++smoothed;
  }
  if (s.coordinates) {
    const SurfaceSmoothing done = smooth_surface(positions, options, show);
    store(cloud, points, positions);
    records.insert(records.begin(),
                   {"coordinates", done.bandwidth, done.leave_one_out, done.moved});
  }
  add_provenance(cloud.metadata(), made_by());
  progress.status("writing " + job.output.string());
  make_parent_folders(job.output);
  write_cloud(job.output, cloud, Encoding::kBinary, s.clouds.las);
  return report_of(s, job, cloud.size(), records);
}

}  // namespace ptattn::tools
