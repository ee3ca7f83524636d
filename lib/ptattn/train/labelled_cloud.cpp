#include "ptattn/train/labelled_cloud.hpp"

#include <algorithm>
#include <cmath>
#include <optional>
#include <utility>

#include "ptattn/cloud/bounds.hpp"
#include "ptattn/cloud/columns.hpp"
#include "ptattn/cloud/nearest_value.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/tasks/geometry/plan_components.hpp"
#include "ptattn/tasks/scene/scan_fields.hpp"

namespace ptattn::train {
namespace {

constexpr std::size_t kPointsPerTask = 16384;
constexpr std::string_view kNot = "not_";

std::optional<std::uint32_t> find_class(const std::vector<std::string>& classes,
                                        std::string_view name) {
  const auto found = std::ranges::find(classes, name);
  if (found == classes.end()) return std::nullopt;
  return static_cast<std::uint32_t>(found - classes.begin());
}

/// The classes of "not_A_not_B"; empty when the text is something else.
std::vector<std::uint32_t> parse_exclusion(const std::vector<std::string>& classes,
                                           std::string_view text) {
  std::vector<std::uint32_t> set;
  if (!text.starts_with(kNot)) return set;
  text.remove_prefix(kNot.size());
  for (;;) {
    constexpr std::string_view kNext = "_not_";
    const auto end = text.find(kNext);
    const auto index = find_class(classes, text.substr(0, end));
    if (!index) return {};
    set.push_back(*index);
    if (end == std::string_view::npos) break;
    text.remove_prefix(end + kNext.size());
  }
  std::ranges::sort(set);
  set.erase(std::unique(set.begin(), set.end()), set.end());
  return set;
}

struct Source {
  AttributeKind kind;
  std::string name;
  FieldType type;
  FieldColumn column;
};

void add_scan_field(std::vector<Source>& sources, AttributeKind kind, const char* name,
                    const Field* field) {
  if (field == nullptr) return;
  sources.push_back({kind, name, FieldType::kFloat32, FieldColumn(name, *field, 0, 0)});
}

void add_triple(std::vector<Source>& sources, AttributeKind kind, const PointCloud& cloud,
                const char* group, const std::array<const char*, 3>& names) {
  const std::vector<FieldColumn> columns = find_columns(cloud, group);
  if (columns.size() != names.size()) return;
  for (std::size_t i = 0; i < names.size(); ++i) {
    sources.push_back({kind, names[i], columns[i].type(), columns[i]});
  }
}

std::vector<Source> find_sources(const PointCloud& cloud, const SceneProfile& profile) {
  std::vector<Source> sources;
  const ScanFields scan = find_scan_fields(cloud);
  if (profile.uses(ChannelKind::kIntensity) || profile.uses(ChannelKind::kStrength)) {
    add_scan_field(sources, AttributeKind::kIntensity, "intensity", scan.intensity);
  }
  if (profile.uses(ChannelKind::kLast) || profile.uses(ChannelKind::kMultiple)) {
    add_scan_field(sources, AttributeKind::kReturns, "return_number", scan.return_number);
    add_scan_field(sources, AttributeKind::kReturns, "number_of_returns", scan.number_of_returns);
  }
  if (profile.uses(ChannelKind::kColor)) {
    add_triple(sources, AttributeKind::kColor, cloud, "colors", {"red", "green", "blue"});
  }
  if (profile.uses(ChannelKind::kNormal)) {
    add_triple(sources, AttributeKind::kNormal, cloud, "normals",
               {"normal_x", "normal_y", "normal_z"});
  }
  return sources;
}

void put(Field& field, std::span<const float> values) {
  visit_type(field.type(), [&](auto zero) {
    using T = decltype(zero);
    const std::span<T> out = field.values<T>();
    parallel_each(values.size(), kPointsPerTask,
                  [&](std::size_t i) { out[i] = nearest_value<T>(values[i]); });
  });
}

PlanCell plan_cell(const std::array<float, 3>& p, double cell) {
  return {static_cast<std::int64_t>(std::floor(p[0] / cell)),
          static_cast<std::int64_t>(std::floor(p[1] / cell))};
}

}  // namespace

std::string LabelSpace::name(std::size_t label) const {
  if (label < classes.size()) return classes[label];
  if (label >= size()) return "unlabelled";
  constexpr std::size_t kListed = 3;
  const std::vector<std::uint32_t>& excluded = exclusions[label - classes.size()];
  std::string text;
  if (excluded.size() <= kListed) {
    for (const std::uint32_t c : excluded) text += (text.empty() ? "not " : ", not ") + classes[c];
    return text;
  }
  std::size_t left = 0;
  for (std::uint32_t c = 0; c < classes.size(); ++c) {
    if (std::ranges::find(excluded, c) != excluded.end() || ++left > kListed) continue;
    text += (text.empty() ? "" : " or ") + classes[c];
  }
  return left > kListed ? text + " or " + std::to_string(left - kListed) + " more" : text;
}

Label LabelSpace::find_or_add(std::string_view text, std::string_view subject) {
  if (text == "ignore") return kUnlabelled;
  if (const auto index = find_class(classes, text)) return static_cast<Label>(*index);
  std::vector<std::uint32_t> set = parse_exclusion(classes, text);
  if (set.empty()) {
    throw Error(Fault::kUsage, subject,
                "names \"" + std::string(text) +
                    "\", expected a class, ignore, not_CLASS or not_CLASS_not_CLASS");
  }
  if (set.size() == classes.size()) {
    throw Error(Fault::kUsage, subject, "\"" + std::string(text) + "\" leaves no class");
  }
  const auto found = std::ranges::find(exclusions, set);
  const auto index = static_cast<std::size_t>(found - exclusions.begin());
  if (found == exclusions.end()) {
    if (exclusions.size() == kMost) {
      throw Error(Fault::kUsage, subject,
                  "excludes classes in more than " + std::to_string(kMost) + " ways");
    }
    exclusions.push_back(std::move(set));
  }
  return static_cast<Label>(classes.size() + index);
}

bool LabelledCloud::has(AttributeKind kind) const {
  return std::ranges::any_of(attributes, [kind](const Attribute& a) { return a.kind == kind; });
}

void LabelledCloud::drop(AttributeKind kind) {
  std::erase_if(attributes, [kind](const Attribute& a) { return a.kind == kind; });
}

LabelledCloud take_labelled(const PointCloud& cloud, std::span<const Label> labels,
                            const SceneProfile& profile) {
  RawVector<Position> positions = cloud.positions();
  const std::vector<std::size_t> rows = keep_finite(positions);
  constexpr std::size_t kFewest = 3;
  if (rows.size() < kFewest) {
    throw Error(Fault::kInput, cloud.name(), "has fewer than three points with finite coordinates");
  }
  const Position low = bounds_of(positions).low;
  LabelledCloud result{.name = cloud.name(), .positions = {}, .labels = {}};
  result.positions.resize(rows.size());
  result.labels.resize(rows.size());
  parallel_each(rows.size(), kPointsPerTask, [&](std::size_t i) {
    for (std::size_t axis = 0; axis < 3; ++axis) {
      result.positions[i][axis] = static_cast<float>(positions[i][axis] - low[axis]);
    }
    result.labels[i] = labels[rows[i]];
  });
  for (const Source& source : find_sources(cloud, profile)) {
    Attribute attribute{source.kind, source.name, source.type, std::vector<float>(rows.size())};
    parallel_each(rows.size(), kPointsPerTask, [&](std::size_t i) {
      attribute.values[i] = static_cast<float>(source.column(rows[i]));
    });
    result.attributes.push_back(std::move(attribute));
  }
  return result;
}

LabelledCloud select(const LabelledCloud& cloud, std::span<const std::uint32_t> rows) {
  const auto gather = [&](const auto& from, auto& to) {
    if (from.empty()) return;
    to.resize(rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) to[i] = from[rows[i]];
  };
  LabelledCloud result{.name = cloud.name, .positions = {}, .labels = {}};
  gather(cloud.positions, result.positions);
  gather(cloud.labels, result.labels);
  gather(cloud.objects, result.objects);
  for (const Attribute& attribute : cloud.attributes) {
    result.attributes.push_back({attribute.kind, attribute.name, attribute.type, {}});
    gather(attribute.values, result.attributes.back().values);
  }
  return result;
}

void append(LabelledCloud& cloud, const LabelledCloud& other) {
  const auto join = [](auto& to, const auto& from) {
    to.insert(to.end(), from.begin(), from.end());
  };
  std::vector<Attribute> common;
  for (Attribute& attribute : cloud.attributes) {
    const auto found = std::ranges::find(other.attributes, attribute.name, &Attribute::name);
    if (found == other.attributes.end()) continue;
    join(attribute.values, found->values);
    common.push_back(std::move(attribute));
  }
  cloud.attributes = std::move(common);
  if (!cloud.objects.empty() || !other.objects.empty()) {
    const std::int32_t numbered = cloud.objects.empty() ? 0 : std::ranges::max(cloud.objects) + 1;
    cloud.objects.resize(cloud.size(), -1);
    for (const std::int32_t object : other.objects) {
      cloud.objects.push_back(object < 0 ? object : object + numbered);
    }
    cloud.objects.resize(cloud.size() + other.size(), -1);
  }
  join(cloud.positions, other.positions);
  join(cloud.labels, other.labels);
}

PointCloud to_point_cloud(const LabelledCloud& cloud) {
  PointCloud result(cloud.size());
  result.set_name(cloud.name);
  for (std::size_t axis = 0; axis < 3; ++axis) {
    Field& field = result.add(std::string(1, "xyz"[axis]), FieldType::kFloat32);
    const std::span<float> out = field.values<float>();
    parallel_each(cloud.size(), kPointsPerTask,
                  [&](std::size_t i) { out[i] = cloud.positions[i][axis]; });
  }
  for (const Attribute& attribute : cloud.attributes) {
    put(result.add(attribute.name, attribute.type), attribute.values);
  }
  return result;
}

double plan_density(const LabelledCloud& cloud, double cell) {
  std::vector<PlanCell> cells(cloud.size());
  parallel_each(cloud.size(), kPointsPerTask,
                [&](std::size_t i) { cells[i] = plan_cell(cloud.positions[i], cell); });
  std::ranges::sort(cells);
  const auto occupied = std::unique(cells.begin(), cells.end()) - cells.begin();
  return static_cast<double>(cloud.size()) /
         (cell * cell * static_cast<double>(std::max<std::ptrdiff_t>(occupied, 1)));
}

std::vector<std::int32_t> number_objects(const LabelledCloud& cloud, Label rigid, double cell) {
  std::vector<std::size_t> points;
  std::vector<PlanCell> cells;
  for (std::size_t i = 0; i < cloud.size(); ++i) {
    if (cloud.labels[i] != rigid) continue;
    points.push_back(i);
    cells.push_back(plan_cell(cloud.positions[i], cell));
  }
  const std::vector<std::int32_t> components = plan_components(cells);
  std::vector<std::int32_t> numbers(cloud.size(), -1);
  for (std::size_t p = 0; p < points.size(); ++p) numbers[points[p]] = components[p];
  return numbers;
}

}  // namespace ptattn::train
