#include "transfer_field.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <optional>
#include <string>
#include <type_traits>

#include "../checks.hpp"
#include "../made_by.hpp"
#include "../pieces.hpp"
#include "../target.hpp"
#include "packed_color.hpp"
#include "ptattn/cloud/bounds.hpp"
#include "ptattn/cloud/nearest_value.hpp"
#include "ptattn/cloud/orientation.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/io/cloud_io.hpp"
#include "ptattn/io/cloud_writer.hpp"
#include "ptattn/tasks/scene/hints.hpp"
#include "report.hpp"
#include "transfer_source.hpp"

namespace ptattn::tools {
namespace {

constexpr std::uint64_t kMebi = std::uint64_t{1} << 20U;
constexpr std::uint64_t kBytesOfQuery = 120;  // positions, lists, weights, what it gets
constexpr std::uint64_t kBytesOfKey = 130;    // positions, value, its place in the tree

/// Bytes of the value for points that no known point is near to.
std::vector<std::byte> unknown_value(const SmoothSettings& s, const Field& field) {
  std::vector<std::byte> bytes(size_of(field.type()));
  visit_type(field.type(), [&](auto type) {
    using T = decltype(type);
    T value{};
    if constexpr (std::is_floating_point_v<T>) {
      value = static_cast<T>(s.unknown.value_or(std::numeric_limits<double>::quiet_NaN()));
    } else {
      const double wanted = s.unknown.value_or(0.0);
      const auto low = static_cast<double>(std::numeric_limits<T>::min());
      const auto high = static_cast<double>(std::numeric_limits<T>::max());
      if (!(wanted >= low && wanted < high + 1.0) || wanted != std::floor(wanted)) {
        throw Error(Fault::kUsage, "--unknown",
                    "does not fit \"" + field.name() + "\", which is " +
                        std::string(name_of(field.type())));
      }
      value = static_cast<T>(wanted);
    }
    std::memcpy(bytes.data(), &value, sizeof(T));
  });
  return bytes;
}

std::string name_of_result(const SmoothSettings& s) {
  return s.field.empty() ? s.transfer : s.field;
}

/// Copies the winners' values, bit for bit; returns how many points have none.
std::size_t store_classes(Field& target, const Field& source, const UsablePoints& points,
                          const UsablePoints& known, std::span<const std::uint32_t> winners) {
  const std::size_t size = size_of(source.type());
  std::size_t unknown = 0;
  for (std::size_t i = 0; i < winners.size(); ++i) {
    if (winners[i] == kNoIndex) {
      ++unknown;
      continue;
    }
    std::memcpy(target.bytes().data() + points.rows[i] * size,
                source.bytes().data() + known.rows[winners[i]] * size, size);
  }
  return unknown;
}

std::size_t store_values(Field& target, const UsablePoints& points,
                         std::span<const double> averages) {
  std::size_t unknown = 0;
  visit_type(target.type(), [&](auto type) {
    using T = decltype(type);
    const std::span<T> values = target.values<T>();
    for (std::size_t i = 0; i < averages.size(); ++i) {
      if (std::isnan(averages[i])) {
        ++unknown;
      } else {
        values[points.rows[i]] = nearest_value<T>(averages[i]);
      }
    }
  });
  return unknown;
}

/// How far one box lies from another; 0 where they meet.
double gap_between(const PositionBounds& a, const PositionBounds& b) {
  Position gap{};
  for (std::size_t axis = 0; axis < 3; ++axis) {
    gap[axis] = std::max({0.0, a.low[axis] - b.high[axis], b.low[axis] - a.high[axis]});
  }
  return std::hypot(gap[0], gap[1], gap[2]);
}

/// What has become of the points of a cloud so far.
struct Tally {
  std::size_t points = 0;
  std::size_t usable = 0;                  // with coordinates
  std::size_t lonely = 0;                  // of these, without a known point within reach
  std::optional<PositionBounds> bounds{};  // of the usable ones

  void add(const UsablePoints& more) {
    usable += more.rows.size();
    if (more.rows.empty()) return;
    PositionBounds box = bounds_of(more.positions);
    for (std::size_t axis = 0; bounds && axis < 3; ++axis) {
      box.low[axis] = std::min(box.low[axis], bounds->low[axis]);
      box.high[axis] = std::max(box.high[axis], bounds->high[axis]);
    }
    bounds = box;
  }
};

/// Refuses clouds of other places, and says how many points are without a known one nearby.
void judge_overlap(const SmoothSettings& s, const std::string& path, const Tally& tally,
                   const TransferSource& source, Progress& progress) {
  const std::size_t lonely = tally.lonely;
  if (lonely == 0) return;
  if (lonely == tally.usable && !s.radius) {
    const double gap = gap_between(*tally.bounds, bounds_of(source.known.positions));
    throw Error(Fault::kInput, path,
                "no point lies within " + short_text(source.reach) + " of one of " + s.from +
                    (gap > 0.0 ? ", which begins " + short_text(gap) + " away" : "") +
                    ", expected clouds of the same place");
  }
  constexpr std::size_t kFew = 1000;  // one of so many: birds and noise, which reports count
  if (lonely * kFew < tally.usable) return;
  progress.warn(path, {"unknown", std::to_string(lonely) + " of " + std::to_string(tally.usable) +
                                      " points have no known point within " +
                                      short_text(source.reach) + " and stay unknown"});
}

/// Says what the new fields hold: what they held in the cloud that they come from.
void add_origin(const SmoothSettings& s, PointCloud& cloud, const PointCloud& source,
                bool categorical) {
  Provenance origin = made_by();
  const std::string name = name_of_result(s);
  origin.labels = find_label_meaning(source.metadata().comments, s.transfer);
  if (origin.labels) {
    origin.labels->field = name;
  } else {
    const FieldMeanings meanings(source.metadata().comments);
    const std::string meaning(meanings.of(s.transfer));
    if (!meaning.empty()) origin.fields.push_back({name, meaning});
  }
  if (categorical) origin.fields.push_back({s.confidence, "share of the vote"});
  add_provenance(cloud.metadata(), origin);
}

/// Adds the new fields; returns how many of the usable points are unknown.
std::size_t add_fields(const SmoothSettings& s, PointCloud& cloud, const TransferSource& source,
                       const UsablePoints& points, const Transferred& result) {
  const std::vector<std::byte> unknown = unknown_value(s, source.field);
  Field& target = cloud.add(name_of_result(s), source.field.type());
  for (std::size_t i = 0; i < cloud.size(); ++i) {
    std::memcpy(target.bytes().data() + i * unknown.size(), unknown.data(), unknown.size());
  }
  if (!source.categorical) return store_values(target, points, result.values);
  const std::size_t lonely =
      store_classes(target, source.field, points, source.known, result.winner);
  Field& share = cloud.add(s.confidence, FieldType::kFloat32);
  share.set_step(1e-4);
  const std::span<float> confidence = share.values<float>();
  for (std::size_t i = 0; i < points.rows.size(); ++i) {
    confidence[points.rows[i]] = result.confidence[i];
  }
  return lonely;
}

/// Everything that has to be right before the work begins.
void check_job(const SmoothSettings& s, const Job& job, const PointCloud& cloud,
               const Field& source, bool categorical) {
  refuse_taken_fields(cloud, std::array{name_of_result(s)}, "--field");
  (void)unknown_value(s, source);
  check_target(job.output, kCloudExtensions);
  PointCloud added;
  for (const char* const axis : {"x", "y", "z"}) added.add(axis, FieldType::kFloat64);
  added.add(name_of_result(s), source.type());
  check_format(job.output, added);
  if (!categorical) {
    refuse_packed_color(source, "--transfer");
    return;
  }
  refuse_taken_fields(cloud, std::array{s.confidence}, "--confidence-field");
  if (s.confidence == name_of_result(s)) {
    throw Error(Fault::kUsage, "--confidence-field", s.confidence + " is the name of the labels");
  }
}

/// Says so where another axis than z seems to be up: heights would weigh more than they do.
void warn_of_up(const SmoothSettings& s, const TransferSource& source, Progress& progress) {
  if (!s.up && source.up != Axis::kZ) {
    progress.note(s.from, "taken with " + std::string(ptattn::name_of(source.up)) + " up");
  }
  if (s.vertical || source.learnt->metric.vertical >= 1.0) return;
  for (const Hint& hint : frame_hints(source.cloud, source.known.positions)) {
    if (hint.code == "up") progress.warn(s.from, hint);
  }
}

/// One cloud that gets the field.
struct Work {
  const SmoothSettings& s;
  const Job& job;
  TransferSource& source;
  Progress& progress;

  [[nodiscard]] std::string path() const { return job.input.path.string(); }

  /// Checks a cloud, with or without points, and learns what is to be learnt.
  void begin(const PointCloud& cloud) const {
    tell_notes(cloud, s.clouds.las, job, progress);
    check_job(s, job, cloud, source.field, source.categorical);
    if (!s.features.empty()) (void)source.features.of(s, cloud, UsablePoints(cloud, source.up));
    if (source.learnt) return;
    if (s.kind == FieldKind::kByType && !source.categorical && may_hold_labels(source.field)) {
      progress.warn(s.from, {"labels", s.transfer + " holds few different whole numbers, which are "
                                                    "averaged: if they are labels, see "
                                                    "--categorical, else --numeric"});
    }
    progress.status("learning from " + s.from);
    source.learn(s);
    warn_of_up(s, source, progress);
  }

  /// Adds the new fields to a cloud, or to a piece of one.
  /// @param total  points of the whole
  void carry(PointCloud& cloud, std::size_t total, Tally& tally) const {
    const UsablePoints points(cloud, source.up);
    const Matrix features = source.features.of(s, cloud, points);
    const Transferred result = (*source.carrier)(
        TransferPoints{points.positions, features}, [&](std::size_t done, std::size_t) {
          progress.show_parts(tally.points + done, total, "points");
        });
    tally.lonely += add_fields(s, cloud, source, points, result);
    tally.points += cloud.size();
    tally.add(points);
  }

  void write_whole(PointCloud& cloud, Tally& tally) const {
    begin(cloud);
    check_format(job.output, cloud, Encoding::kBinary, s.clouds.las);
    carry(cloud, cloud.size(), tally);
    judge_overlap(s, path(), tally, source, progress);
    add_origin(s, cloud, source.cloud, source.categorical);
    progress.status("writing " + job.output.string());
    make_parent_folders(job.output);
    write_cloud(job.output, cloud, Encoding::kBinary, s.clouds.las);
  }

  void write_pieces(CloudStream& stream, Tally& tally) const {
    begin(stream.head());
    progress.note(path(), "is read and written piece by piece, as a whole it would take about " +
                              std::to_string(bytes_as_whole(stream) / kMebi + 1) + " MiB");
    PointCloud head = stream.head();
    carry(head, 0, tally);
    add_origin(s, head, source.cloud, source.categorical);
    make_parent_folders(job.output);
    CloudWriter writer(job.output, head, stream.shape(), s.clouds.las);
    const auto total = static_cast<std::size_t>(stream.shape().size());
    const std::size_t least = piece_points(*s.memory, bytes_of_query(stream));
    for (PointCloud piece = stream.next(least); !piece.empty(); piece = stream.next(least)) {
      carry(piece, total, tally);
      writer.append(piece);
    }
    judge_overlap(s, path(), tally, source, progress);
    writer.commit();
  }

  /// What the work on a point takes: its fields as they are read and as they are written.
  [[nodiscard]] static std::uint64_t bytes_of_query(const CloudStream& stream) {
    return 2 * bytes_of_point(stream.head()) + kBytesOfQuery;
  }
  [[nodiscard]] std::uint64_t bytes_as_whole(const CloudStream& stream) const {
    return source.cloud.size() * (bytes_of_point(source.cloud) + kBytesOfKey) +
           stream.shape().size() * bytes_of_query(stream);
  }
};

TransferRecord record_of(const SmoothSettings& s, const TransferSource& source,
                         const Tally& tally) {
  const LearntMetric& learnt = *source.learnt;
  TransferRecord record{
      .field = name_of_result(s),
      .categorical = source.categorical,
      .classes = source.values.class_count,
      .known = source.known.rows.size(),
      .bandwidth = learnt.metric.bandwidth,
      .vertical = learnt.metric.vertical,
      .leave_one_out = source.categorical ? learnt.right : std::sqrt(learnt.loss)};
  for (std::size_t f = 0; f < source.features.columns.size(); ++f) {
    record.features.emplace_back(source.features.columns[f].name(), learnt.metric.features[f]);
  }
  record.unknown = tally.points - tally.usable + tally.lonely;
  return record;
}

}  // namespace

FieldTransfer::FieldTransfer(const SmoothSettings& settings)
    : settings_(settings), source_(std::make_unique<TransferSource>(settings)) {}

FieldTransfer::~FieldTransfer() = default;

FileReport FieldTransfer::process(const Job& job, Progress& progress) {
  const SmoothSettings& s = settings_;
  const Work work{s, job, *source_, progress};
  const PieceRequest request{
      .memory = *s.memory, .done = "carried over", .bytes = [&](CloudStream& stream) {
        return work.bytes_as_whole(stream);
      }};
  Tally tally;
  if (const auto stream = open_pieces(job, s.clouds.read, request, progress)) {
    work.write_pieces(*stream, tally);
  } else {
    progress.status("reading " + work.path());
    PointCloud cloud = read_cloud(job.input.path, read_options_for(job.output, s.clouds.read));
    work.write_whole(cloud, tally);
  }
  return report_of(s, job, tally.points, record_of(s, *source_, tally));
}

}  // namespace ptattn::tools
