#include "ptattn/train/label_fields.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "ptattn/cloud/field_meaning.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/text.hpp"

namespace ptattn::train {
namespace {

const Field& find_field(const PointCloud& cloud, const std::string& name) {
  if (const Field* const field = find_alike(cloud, name); field != nullptr && field->count() == 1) {
    return *field;
  }
  const std::string known = comma_joined(cloud.fields(), &Field::name);
  throw Error(
      Fault::kInput, cloud.name(),
      "has no field \"" + name + "\" of one number per point to learn from, it has " + known);
}

/// Nothing for NaN, which is no label.
std::optional<std::int64_t> whole_number(const PointCloud& cloud, const Field& field,
                                         std::size_t i) {
  const double value = field.as_double(i);
  if (std::isnan(value)) return std::nullopt;
  if (std::floor(value) != value || std::abs(value) > 1e9) {
    throw Error(
        Fault::kInput, cloud.name(),
        "holds " + std::to_string(value) + " in \"" + field.name() + "\", expected whole numbers");
  }
  return static_cast<std::int64_t>(value);
}

}  // namespace

std::vector<Label> read_labels(const PointCloud& cloud, const Truth& truth) {
  const Field& field = find_field(cloud, truth.field);
  std::vector<Label> labels(cloud.size());
  std::optional<std::pair<std::int64_t, Label>> last;
  for (std::size_t i = 0; i < cloud.size(); ++i) {
    const std::optional<std::int64_t> read = whole_number(cloud, field, i);
    if (!read) {
      labels[i] = kUnlabelled;
      continue;
    }
    const std::int64_t value = *read;
    if (!last || last->first != value) {
      const auto found = truth.labels.find(value);
      if (found == truth.labels.end() && !truth.others) {
        throw Error(Fault::kInput, cloud.name(),
                    "holds " + std::to_string(value) + " in \"" + truth.field +
                        "\", for which no class is named, name one or \"* ignore\" in --classes");
      }
      last = {value, found == truth.labels.end() ? *truth.others : found->second};
    }
    labels[i] = last->second;
  }
  return labels;
}

std::map<std::int64_t, std::size_t> count_values(const PointCloud& cloud, const std::string& name,
                                                 std::size_t most) {
  const Field& field = find_field(cloud, name);
  std::map<std::int64_t, std::size_t> counts;
  for (std::size_t i = 0; i < cloud.size(); ++i) {
    if (const auto value = whole_number(cloud, field, i)) ++counts[*value];
    if (counts.size() > most) {
      throw Error(Fault::kInput, cloud.name(),
                  "holds more than " + std::to_string(most) + " different numbers in \"" + name +
                      "\", expected classes");
    }
  }
  return counts;
}

std::pair<LabelledCloud, LabelledCloud> cut_off(const LabelledCloud& cloud, double share,
                                                double gap, PlaceEnd end) {
  constexpr double kFar = std::numeric_limits<double>::max();
  std::array<double, 2> low{kFar, kFar};
  std::array<double, 2> high{0.0, 0.0};
  for (const auto& p : cloud.positions) {
    for (std::size_t axis = 0; axis < 2; ++axis) {
      low[axis] = std::min<double>(low[axis], p[axis]);
      high[axis] = std::max<double>(high[axis], p[axis]);
    }
  }
  const std::size_t axis = high[1] - low[1] > high[0] - low[0] ? 1 : 0;
  const double length = high[axis] - low[axis];
  const auto from_end = [&](std::size_t i) {
    const double x = cloud.positions[i][axis];
    return end == PlaceEnd::kLast ? high[axis] - x : x - low[axis];
  };
  return {select_if(cloud, [&](std::size_t i) { return from_end(i) > share * length + gap; }),
          select_if(cloud, [&](std::size_t i) { return from_end(i) <= share * length; })};
}

}  // namespace ptattn::train
