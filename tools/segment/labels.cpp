#include "labels.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <type_traits>

#include "../target.hpp"
#include "ptattn/cloud/field_meaning.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/io/cloud_io.hpp"

namespace ptattn::tools {
namespace {

constexpr std::size_t kPointsPerTask = 16384;
constexpr Rgb kGrey{128, 128, 128};
constexpr std::uint8_t kLowNoise = 7;  // codes of ASPRS
constexpr std::uint8_t kHighNoise = 18;

constexpr std::uint8_t kUnsureCode = 1;  // ASPRS: unclassified
constexpr std::int64_t kUnsureLabel = -1;

/// True when fields of `type` hold the numbers 0 to `largest`, or, for a largest of 0, fractions.
bool holds(FieldType type, std::uint32_t largest) {
  return visit_type(type, [&](auto zero) {
    using T = decltype(zero);
    if constexpr (std::is_floating_point_v<T>) {
      return largest <= 1U << 24U;
    } else {
      return largest > 0 && largest <= static_cast<std::uint64_t>(std::numeric_limits<T>::max());
    }
  });
}

/// The field that a new one of this name takes the place of: that of the name or, of ASPRS codes,
/// the one that another program calls so (Classification), which keeps its name.
const Field* old_field(const PointCloud& cloud, const std::string& name) {
  return names_asprs_codes(name) ? find_alike(cloud, name) : cloud.find(name);
}

bool is_signed(FieldType type) {
  return visit_type(type, [](auto zero) { return std::is_signed_v<decltype(zero)>; });
}

/// The field `name` of numbers from 0 to `largest`, or of fractions: a new one of `type`, or the
/// old one's successor, which is signed where a signed type is asked for.
Field& target_field(PointCloud& cloud, const std::string& name, FieldType type,
                    std::uint32_t largest) {
  Field* const old = const_cast<Field*>(old_field(cloud, name));
  if (old == nullptr) return cloud.add(name, type);
  const bool keeps = old->count() == 1 && holds(old->type(), largest) &&
                     (type != FieldType::kInt32 || is_signed(old->type()));
  *old = Field(old->name(), keeps ? old->type() : type, cloud.size());
  return *old;
}

template <class Value>
void fill(Field& field, const Value& value) {
  visit_type(field.type(), [&](auto zero) {
    using T = decltype(zero);
    const auto values = field.values<T>();
    parallel_each(values.size(), kPointsPerTask,
                  [&](std::size_t i) { values[i] = static_cast<T>(value(i)); });
  });
}

/// Adds numbers from 0 to `largest`, which are good to four digits behind the point, or three.
template <class Value>
void add_fractions(PointCloud& cloud, const std::string& name, double largest, const Value& value) {
  constexpr double kFourDigits = 6.5;  // below it they fit into the 16 bits of LAS
  Field& field = target_field(cloud, name, FieldType::kFloat32, 0);
  field.set_step(largest < kFourDigits ? 1e-4 : 1e-3);
  fill(field, value);
}

bool is_unsure(const Segmentation& result, const LabelFields& fields, std::size_t i) {
  return result.valid[i] && result.confidence[i] < fields.unsure_below;
}

void add_labels(PointCloud& cloud, const std::string& name, const Segmentation& result,
                const LabelFields& fields, const SegmenterDescription& model) {
  if (fields.asprs_codes) {
    std::uint32_t largest = std::max<std::uint32_t>(1, std::ranges::max(model.asprs_codes));
    if (!result.strays.empty()) largest = std::max<std::uint32_t>(largest, kHighNoise);
    const auto is_among = [](const std::vector<std::uint32_t>& points, std::size_t i) {
      return std::ranges::binary_search(points, i);
    };
    fill(target_field(cloud, name, FieldType::kUInt8, largest), [&](std::size_t i) {
      if (is_unsure(result, fields, i)) return kUnsureCode;
      if (result.valid[i]) return model.asprs_codes[result.labels[i]];
      if (!is_among(result.strays, i)) return std::uint8_t{0};
      return is_among(result.high_strays, i) ? kHighNoise : kLowNoise;
    });
  } else {
    const auto largest = std::max<std::uint32_t>(
        1, static_cast<std::uint32_t>(std::max<std::size_t>(model.classes.size(), 1) - 1));
    const FieldType type = fields.unsure_below > 0.0 ? FieldType::kInt32 : FieldType::kUInt32;
    fill(target_field(cloud, name, type, largest), [&](std::size_t i) {
      return is_unsure(result, fields, i) ? kUnsureLabel : std::int64_t{result.labels[i]};
    });
  }
}

void add_colors(PointCloud& cloud, const Segmentation& result, const LabelFields& fields,
                const SegmenterDescription& model, const std::filesystem::path& output) {
  const ColorLayout layout = color_layout_of(output);
  if (fields.replace) drop_painted(cloud, layout);
  std::vector<Rgb> colors(cloud.size(), kGrey);
  parallel_each(colors.size(), kPointsPerTask, [&](std::size_t i) {
    if (result.valid[i] && !is_unsure(result, fields, i)) {
      colors[i] = model.palette[result.labels[i]];
    }
  });
  paint(cloud, colors, layout);
}

/// What the numbers of the labels stand for.
LabelMeaning label_meaning(const std::string& field, const LabelFields& fields,
                           const SegmenterDescription& model) {
  LabelMeaning labels{.field = field,
                      .codes = fields.asprs_codes ? LabelCodes::kAsprs : LabelCodes::kClass};
  for (std::size_t c = 0; c < model.classes.size(); ++c) {
    ClassMeaning one{.code = static_cast<std::int64_t>(c), .name = model.classes[c]};
    if (!model.asprs_codes.empty()) one.asprs = model.asprs_codes[c];
    if (fields.asprs_codes) one.code = model.asprs_codes[c];
    labels.classes.push_back(std::move(one));
  }
  return labels;
}

}  // namespace

std::vector<std::string> new_fields(const LabelFields& fields, const SegmenterDescription& model) {
  std::vector<std::string> names{fields.field, "confidence", "entropy", "margin"};
  if (fields.probabilities) {
    for (const std::string& name : model.classes) names.push_back("p_" + name);
  }
  if (!fields.instances.empty()) names.emplace_back("instance");
  for (std::string& name : names) {
    name.insert(0, fields.prefix);
    std::ranges::replace(name, ' ', '_');  // no field of a PLY file can have blanks
  }
  for (const std::string& name : names) {
    const Meaning meaning = meaning_of(name);
    const bool is_coordinate = meaning >= Meaning::kX && meaning <= Meaning::kZ;
    if (std::ranges::count(names, name) > 1 || (fields.colorize && is_painted(name)) ||
        is_coordinate) {
      throw Error(Fault::kUsage, "--field",
                  name + " is the name of another field, expected one of its own");
    }
  }
  return names;
}

LabelFields LabelFields::for_output(const std::filesystem::path& output,
                                    const SegmenterDescription& model) const {
  LabelFields settled = *this;
  const bool las = has_extension(output, ".las") || has_extension(output, ".laz");
  if (!las || !label_by_format || !prefix.empty() || model.asprs_codes.empty()) return settled;
  settled.field = "classification";
  settled.asprs_codes = true;
  settled.replace_label = true;
  return settled;
}

void check_new_fields(const PointCloud& cloud, const LabelFields& fields,
                      const SegmenterDescription& model) {
  std::vector<std::string> names = new_fields(fields, model);
  if (fields.replace_label) names.erase(names.begin());
  if (fields.replace) return;
  for (std::string& name : names) {
    if (const Field* const old = old_field(cloud, name)) name = old->name();
  }
  refuse_taken_fields(cloud, names, "--prefix, or use --replace");
}

void add_labels(PointCloud& cloud, const Segmentation& result, const LabelFields& fields,
                const SegmenterDescription& model, const std::filesystem::path& output) {
  const std::vector<std::string> names = new_fields(fields, model);
  const std::size_t classes = model.classes.size();
  add_labels(cloud, names[0], result, fields, model);
  const auto each = [](const std::vector<float>& values) {
    return [&values](std::size_t i) { return values[i]; };
  };
  const double most_entropy = std::log(static_cast<double>(std::max<std::size_t>(1, classes)));
  add_fractions(cloud, names[1], 1.0, each(result.confidence));
  add_fractions(cloud, names[2], most_entropy, each(result.entropy));
  add_fractions(cloud, names[3], 1.0, each(result.margin));
  for (std::size_t c = 0; fields.probabilities && c < classes; ++c) {
    add_fractions(cloud, names[c + 4], 1.0,
                  [&](std::size_t i) { return result.probabilities(i, c); });
  }
  if (fields.colorize) add_colors(cloud, result, fields, model, output);
}

void add_origin(PointCloud& cloud, const Provenance& run, const LabelFields& fields,
                const SegmenterDescription& model) {
  const std::vector<std::string> names = new_fields(fields, model);
  Provenance made_by = run;
  made_by.labels = label_meaning(names[0], fields, model);
  made_by.fields = {{names[1], "probability of the label"},
                    {names[2], "of all classes, in nats"},
                    {names[3], "to the second class"}};
  if (fields.probabilities) {
    for (std::size_t c = 0; c < model.classes.size(); ++c) {
      made_by.fields.push_back({names[c + 4], "probability of " + model.classes[c]});
    }
  }
  if (!fields.instances.empty()) {
    made_by.fields.push_back({names.back(), "number of the thing, 0 for none"});
  }
  add_provenance(cloud.metadata(), made_by);
}

}  // namespace ptattn::tools
