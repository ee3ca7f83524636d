#include "transfer_field.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>
#include <limits>
#include <map>
#include <optional>
#include <type_traits>

#include "../checks.hpp"
#include "../made_by.hpp"
#include "../target.hpp"
#include "packed_color.hpp"
#include "ptattn/cloud/bounds.hpp"
#include "ptattn/cloud/columns.hpp"
#include "ptattn/cloud/field_meaning.hpp"
#include "ptattn/cloud/nearest_value.hpp"
#include "ptattn/cloud/normalize.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/io/cloud_io.hpp"
#include "ptattn/tasks/transfer/transfer.hpp"
#include "report.hpp"

namespace ptattn::tools {
namespace {

constexpr std::size_t kUsualNeighbors = 16;

/// Integers, and labels stored as real numbers.
bool is_categorical(const Field& field) {
  const bool integer =
      visit_type(field.type(), [](auto value) { return std::is_integral_v<decltype(value)>; });
  return integer || holds_labels(field);
}

/// Those of a cloud's points that have usable coordinates.
struct UsablePoints {
  std::vector<std::size_t> rows;
  RawVector<Position> positions;  // of these

  explicit UsablePoints(const PointCloud& cloud) : positions(cloud.positions()) {
    rows = keep_finite(positions);
  }
  /// Keeps the points whose `field` is a finite number.
  void keep_known(const Field& field) {
    std::vector<std::size_t> kept;
    RawVector<Position> kept_positions;
    for (std::size_t i = 0; i < rows.size(); ++i) {
      if (!(std::abs(field.as_double(rows[i])) <= kLargestCoordinate)) continue;
      kept.push_back(rows[i]);
      kept_positions.push_back(positions[i]);
    }
    rows = std::move(kept);
    positions = std::move(kept_positions);
  }
};

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

/// What the labelled points know: classes, equal numbers for equal bytes, or values.
struct KnownValues {
  std::vector<std::uint32_t> classes;
  std::vector<double> values;
  std::size_t class_count = 0;

  KnownValues(const Field& field, std::span<const std::size_t> rows, bool categorical) {
    std::map<std::uint64_t, std::uint32_t> numbers;
    const std::size_t size = size_of(field.type());
    for (const std::size_t row : rows) {
      if (!categorical) {
        values.push_back(field.as_double(row));
        continue;
      }
      std::uint64_t key = 0;
      std::memcpy(&key, field.bytes().data() + row * size, size);
      const auto next = static_cast<std::uint32_t>(numbers.size());
      classes.push_back(numbers.emplace(key, next).first->second);
    }
    class_count = numbers.size();
  }
  [[nodiscard]] TransferTargets view() const { return {.classes = classes, .values = values}; }
};

/// The fields of --features in the labelled cloud, on the scale that they have there.
struct KnownFeatures {
  std::vector<FieldColumn> columns;
  ColumnScaling scaling{};
  Matrix values;

  KnownFeatures(const SmoothSettings& s, const PointCloud& labelled, const UsablePoints& known) {
    if (s.features.empty()) return;
    columns = select_columns(labelled, s.features);
    scaling = standardizing(columns, known.rows);
    values = column_values(columns, known.rows, scaling);
  }
  /// The same of another cloud.
  [[nodiscard]] Matrix of(const SmoothSettings& s, const PointCloud& input,
                          const UsablePoints& points) const {
    if (columns.empty()) return {};
    const std::vector<FieldColumn> same = select_columns(input, s.features);
    if (!std::ranges::equal(columns, same, {}, &FieldColumn::name, &FieldColumn::name)) {
      throw Error(Fault::kInput, input.name(), "has other --features than " + s.from);
    }
    return column_values(same, points.rows, scaling);
  }
};

const Field& field_to_carry(const SmoothSettings& s, const PointCloud& labelled) {
  const Field& field = require_field(labelled, s.transfer);
  if (field.count() != 1) {
    throw Error(Fault::kInput, s.from,
                "\"" + s.transfer + "\" has " + std::to_string(field.count()) +
                    " values per point, expected one");
  }
  return field;
}

/// Those that have coordinates and a value.
UsablePoints known_points(const SmoothSettings& s, const PointCloud& labelled, const Field& field) {
  UsablePoints known(labelled);
  known.keep_known(field);
  if (known.rows.empty()) {
    throw Error(Fault::kInput, s.from, "has no point with coordinates and a value to transfer");
  }
  return known;
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

/// Points that no known one is near to.
std::size_t count_lonely(const Transferred& result) {
  if (result.winner.empty()) {
    return static_cast<std::size_t>(
        std::ranges::count_if(result.values, [](double value) { return std::isnan(value); }));
  }
  return static_cast<std::size_t>(std::ranges::count(result.winner, kNoIndex));
}

/// How two clouds lie to each other.
struct Overlap {
  const UsablePoints& points;
  const UsablePoints& known;
  double reach;        // of a known point
  std::size_t lonely;  // points that no known one reaches
};

/// Refuses clouds of other places, and says how many points are without a known one nearby.
void judge_overlap(const SmoothSettings& s, const std::string& path, const Overlap& overlap,
                   Progress& progress) {
  const auto& [points, known, reach, lonely] = overlap;
  if (lonely == 0) return;
  if (lonely == points.rows.size() && !s.radius) {
    const double gap = gap_between(bounds_of(points.positions), bounds_of(known.positions));
    throw Error(Fault::kInput, path,
                "no point lies within " + short_text(reach) + " of one of " + s.from +
                    (gap > 0.0 ? ", which begins " + short_text(gap) + " away" : "") +
                    ", expected clouds of the same place");
  }
  constexpr std::size_t kFew = 1000;  // one of so many: birds and noise, which reports count
  if (lonely * kFew < points.rows.size()) return;
  progress.warn(path,
                {"unknown", std::to_string(lonely) + " of " + std::to_string(points.rows.size()) +
                                " points have no known point within " + short_text(reach) +
                                " and stay unknown"});
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

/// Adds the new fields; returns how many points are unknown.
std::size_t add_fields(const SmoothSettings& s, PointCloud& cloud, const Field& source,
                       const UsablePoints& points, const UsablePoints& known,
                       const Transferred& result) {
  const std::vector<std::byte> unknown = unknown_value(s, source);
  Field& target = cloud.add(name_of_result(s), source.type());
  for (std::size_t i = 0; i < cloud.size(); ++i) {
    std::memcpy(target.bytes().data() + i * unknown.size(), unknown.data(), unknown.size());
  }
  const std::size_t unusable = cloud.size() - points.rows.size();
  if (result.winner.empty()) return unusable + store_values(target, points, result.values);
  const std::size_t lonely = store_classes(target, source, points, known, result.winner);
  const std::span<float> confidence = cloud.add(s.confidence, FieldType::kFloat32).values<float>();
  for (std::size_t i = 0; i < points.rows.size(); ++i) {
    confidence[points.rows[i]] = result.confidence[i];
  }
  return unusable + lonely;
}

/// Everything that has to be right before the work begins.
void check_job(const SmoothSettings& s, const Job& job, const PointCloud& cloud,
               const Field& source, bool categorical) {
  const std::string path = job.input.path.string();
  refuse_taken_fields(cloud, std::array{name_of_result(s)}, "--field");
  (void)unknown_value(s, source);
  check_target(job.output, kCloudExtensions);
  check_format(job.output, cloud, Encoding::kBinary, s.clouds.las);
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

}  // namespace

/// The cloud that has the field, and what it teaches.
struct FieldTransfer::Source {
  PointCloud cloud;
  const Field& field;
  bool categorical;
  UsablePoints known;
  KnownFeatures features;
  KnownValues values;
  TransferOptions options;
  std::optional<LearntMetric> learnt{};  // by the first cloud that is fit for it
  double reach = 0.0;                    // of a known point; 0: not computed yet

  explicit Source(const SmoothSettings& s)
      : cloud(read_cloud(s.from, s.clouds.read)),
        field(field_to_carry(s, cloud)),
        categorical(s.kind == FieldKind::kByType
                        ? is_categorical(field) ||
                              find_label_meaning(cloud.metadata().comments, s.transfer)
                        : s.kind == FieldKind::kCategorical),
        known(known_points(s, cloud, field)),
        features(s, cloud, known),
        values(field, known.rows, categorical),
        options{.kernel = s.kernel,
                .neighborhood = s.neighborhood(kUsualNeighbors),
                .bandwidth = s.bandwidth,
                .vertical = s.vertical} {}

  [[nodiscard]] TransferPoints keys() const { return {known.positions, features.values}; }
};

FieldTransfer::FieldTransfer(const SmoothSettings& settings)
    : settings_(settings), source_(std::make_unique<Source>(settings)) {}

FieldTransfer::~FieldTransfer() = default;

FileReport FieldTransfer::process(const Job& job, Progress& progress) {
  const SmoothSettings& s = settings_;
  Source& source = *source_;
  const std::string path = job.input.path.string();
  progress.status("reading " + path);
  PointCloud cloud = read_cloud(job.input.path, s.clouds.read);
  tell_notes(cloud, s.clouds.las, path, progress);
  check_job(s, job, cloud, source.field, source.categorical);
  const UsablePoints points(cloud);
  const Matrix features = source.features.of(s, cloud, points);
  if (!source.learnt) {
    progress.status("learning from " + s.from);
    source.learnt = learn_metric(source.keys(), source.values.view(), source.options);
    source.reach = s.radius.value_or(transfer_reach(source.known.positions));
  }
  const LearntMetric& learnt = *source.learnt;
  TransferOptions options = source.options;
  options.neighborhood.radius = source.reach;
  const Transferred result = transfer(
      source.keys(), source.values.view(), TransferPoints{points.positions, features},
      learnt.metric, options,
      [&](std::size_t done, std::size_t total) { progress.show_parts(done, total, "points"); });
  judge_overlap(s, path, {points, source.known, source.reach, count_lonely(result)}, progress);

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
  record.unknown = add_fields(s, cloud, source.field, points, source.known, result);
  add_origin(s, cloud, source.cloud, source.categorical);
  progress.status("writing " + job.output.string());
  make_parent_folders(job.output);
  write_cloud(job.output, cloud, Encoding::kBinary, s.clouds.las);
  return report_of(s, job, cloud.size(), record);
}

}  // namespace ptattn::tools
