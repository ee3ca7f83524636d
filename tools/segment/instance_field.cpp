#include "instance_field.hpp"

#include <algorithm>
#include <array>
#include <string_view>

#include "../suggest.hpp"
#include "ptattn/cloud/normalize.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/tasks/segment/instances.hpp"

namespace ptattn::tools {
namespace {

constexpr std::array<std::string_view, 5> kCrowned{"vegetation", "high vegetation",
                                                   "high_vegetation", "tree", "trees"};

bool has_crowns(const std::string& class_name) {
  return std::ranges::find(kCrowned, class_name) != kCrowned.end();
}

}  // namespace

std::vector<std::size_t> find_instance_classes(const std::vector<std::string>& names,
                                               const SegmenterDescription& model) {
  std::vector<std::size_t> classes;
  for (const std::string& name : names) {
    const auto found = std::ranges::find(model.classes, name);
    if (found == model.classes.end()) {
      throw Error(Fault::kUsage, "--instances",
                  "\"" + name + "\" is none of the classes of " + model.name +
                      did_you_mean(name, model.classes));
    }
    classes.push_back(static_cast<std::size_t>(found - model.classes.begin()));
  }
  return classes;
}

std::vector<InstanceCount> add_instances(PointCloud& cloud, const Segmentation& result,
                                         const LabelFields& fields,
                                         const SegmenterDescription& model) {
  const RawVector<Position> all = cloud.positions();
  std::vector<std::uint32_t> numbers(cloud.size(), 0);
  std::vector<InstanceCount> counts;
  std::uint32_t before = 0;
  for (const std::size_t c : fields.instances) {
    std::vector<std::size_t> points;
    std::vector<Position> positions;
    for (std::size_t i = 0; i < cloud.size(); ++i) {
      if (!result.valid[i] || result.labels[i] != c) continue;
      if (result.confidence[i] < fields.unsure_below) continue;
      points.push_back(i);
      positions.push_back(all[i]);
    }
    const std::vector<std::uint32_t> own =
        has_crowns(model.classes[c]) ? crown_instances(positions) : connected_instances(positions);
    const std::uint32_t things = own.empty() ? 0 : std::ranges::max(own);
    for (std::size_t p = 0; p < points.size(); ++p) {
      if (own[p] > 0) numbers[points[p]] = before + own[p];
    }
    counts.push_back({c, things});
    before += things;
  }
  const std::string name = fields.prefix + "instance";
  Field* const old = cloud.find(name);
  if (old != nullptr) *old = Field(name, FieldType::kUInt32, cloud.size());
  Field& field = old != nullptr ? *old : cloud.add(name, FieldType::kUInt32);
  std::ranges::copy(numbers, field.values<std::uint32_t>().begin());
  return counts;
}

}  // namespace ptattn::tools
