#include "ptattn/cloud/field_meaning.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <set>
#include <type_traits>
#include <utility>

#include "ptattn/core/error.hpp"

namespace ptattn {
namespace {

struct Spelling {
  std::string_view plain;
  Meaning meaning;
};

/// The most usual first.
constexpr std::array kSpellings{
    Spelling{"rgb", Meaning::kPackedColor},
    Spelling{"rgba", Meaning::kPackedColor},
    Spelling{"intensity", Meaning::kIntensity},
    Spelling{"reflectance", Meaning::kIntensity},
    Spelling{"reflectivity", Meaning::kIntensity},
    Spelling{"remission", Meaning::kIntensity},
    Spelling{"intensities", Meaning::kIntensity},
    Spelling{"amplitude", Meaning::kIntensity},
    Spelling{"returnnumber", Meaning::kReturnNumber},
    Spelling{"returnnum", Meaning::kReturnNumber},
    Spelling{"echonumber", Meaning::kReturnNumber},
    Spelling{"numberofreturns", Meaning::kNumberOfReturns},
    Spelling{"numreturns", Meaning::kNumberOfReturns},
    Spelling{"numofreturns", Meaning::kNumberOfReturns},
    Spelling{"returncount", Meaning::kNumberOfReturns},
    Spelling{"numberofechoes", Meaning::kNumberOfReturns},
    Spelling{"numberofechos", Meaning::kNumberOfReturns},
};

using Names = std::array<std::string_view, 3>;

constexpr std::array<Names, 6> kCoordinates{{{"x", "y", "z"},
                                             {"posx", "posy", "posz"},
                                             {"positionx", "positiony", "positionz"},
                                             {"coordx", "coordy", "coordz"},
                                             {"xcoord", "ycoord", "zcoord"},
                                             {"px", "py", "pz"}}};
constexpr std::array<Names, 5> kColors{{{"red", "green", "blue"},
                                        {"r", "g", "b"},
                                        {"diffusered", "diffusegreen", "diffuseblue"},
                                        {"colorr", "colorg", "colorb"},
                                        {"colorred", "colorgreen", "colorblue"}}};
constexpr std::array<Names, 2> kNormals{{{"normalx", "normaly", "normalz"}, {"nx", "ny", "nz"}}};

constexpr std::array kLabelEndings{
    "label",        "labels",      "classification", "class",       "segment",
    "segmentation", "instance",    "cluster",        "classid",     "labelid",
    "segmentid",    "instanceid",  "clusterid",      "semantic",    "semantics",
    "category",     "groundtruth", "truth",          "prediction",  "predictions",
    "predicted",    "classes",     "classindex",     "classnumber", "partid"};
/// Too short to be looked for at the ends of other words.
constexpr std::array kLabelNames{"gt", "pred", "preds", "semseg"};

/// In the order in which true labels are looked for.
constexpr std::array kTruths{"classification", "label", "labels",      "class",
                             "semantic",       "truth", "groundtruth", "category"};

std::string letters_of(std::string_view name) {
  std::string letters;
  for (const char c : name) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0) letters.push_back(static_cast<char>(std::tolower(byte)));
  }
  return letters;
}

const Field* find_single(const PointCloud& cloud, std::string_view plain, bool scalar) {
  for (const Field& field : cloud.fields()) {
    if (field.count() != 1) continue;
    if ((scalar ? plain_name(field.name()) : letters_of(field.name())) == plain) return &field;
  }
  return nullptr;
}

/// Fields of exactly these names.
FieldTriple find_exact(const PointCloud& cloud, const Names& names) {
  FieldTriple fields{};
  for (std::size_t i = 0; i < names.size(); ++i) fields[i] = cloud.find(names[i]);
  return fields;
}

bool is_complete(const FieldTriple& fields) {
  return std::ranges::all_of(
      fields, [](const Field* field) { return field != nullptr && field->count() == 1; });
}

template <std::size_t kCount>
std::optional<FieldTriple> find_triple(const PointCloud& cloud,
                                       const std::array<Names, kCount>& spellings, bool scalar) {
  for (const Names& names : spellings) {
    FieldTriple fields{};
    for (std::size_t i = 0; i < names.size(); ++i) {
      fields[i] = find_single(cloud, names[i], scalar);
    }
    if (is_complete(fields)) return fields;
  }
  return std::nullopt;
}

template <std::size_t kCount>
std::optional<std::size_t> place_in(const std::array<Names, kCount>& spellings,
                                    std::string_view plain, std::size_t shortest) {
  for (const Names& names : spellings) {
    const auto found = std::ranges::find(names, plain);
    if (found == names.end() || plain.size() < shortest) continue;
    return static_cast<std::size_t>(found - names.begin());
  }
  return std::nullopt;
}

Meaning part(Meaning first, std::size_t place) {
  return static_cast<Meaning>(static_cast<std::size_t>(first) + place);
}

}  // namespace

std::string plain_name(std::string_view name) {
  constexpr std::string_view kCloudCompare = "scalar";
  std::string letters = letters_of(name);
  const bool marked = letters.starts_with(kCloudCompare) && name.size() > kCloudCompare.size() &&
                      std::isalnum(static_cast<unsigned char>(name[kCloudCompare.size()])) == 0;
  if (marked) letters.erase(0, kCloudCompare.size());
  return letters;
}

Meaning meaning_of(std::string_view name) {
  constexpr std::size_t kMoreThanALetter = 2;
  if (const auto axis = place_in(kCoordinates, letters_of(name), 1))
    return part(Meaning::kX, *axis);
  const std::string plain = plain_name(name);
  if (const auto channel = place_in(kColors, plain, kMoreThanALetter)) {
    return part(Meaning::kRed, *channel);
  }
  if (const auto axis = place_in(kNormals, plain, 1)) return part(Meaning::kNormalX, *axis);
  const auto found = std::ranges::find(kSpellings, plain, &Spelling::plain);
  if (found != kSpellings.end()) return found->meaning;
  if (names_asprs_codes(name)) return Meaning::kClassification;
  return names_labels(name) ? Meaning::kLabel : Meaning::kOther;
}

std::string_view name_of(Meaning meaning) {
  switch (meaning) {
    case Meaning::kX:
    case Meaning::kY:
    case Meaning::kZ:
      return "coordinate";
    case Meaning::kRed:
    case Meaning::kGreen:
    case Meaning::kBlue:
    case Meaning::kPackedColor:
      return "colour";
    case Meaning::kNormalX:
    case Meaning::kNormalY:
    case Meaning::kNormalZ:
      return "normal";
    case Meaning::kIntensity:
      return "intensity";
    case Meaning::kReturnNumber:
      return "return number";
    case Meaning::kNumberOfReturns:
      return "number of returns";
    case Meaning::kClassification:
      return "ASPRS codes";
    case Meaning::kLabel:
      return "label";
    case Meaning::kOther:
      break;
  }
  return "";
}

const Field* find_field(const PointCloud& cloud, Meaning meaning) {
  const auto of = [&](Meaning first, const std::optional<FieldTriple>& triple) -> const Field* {
    if (!triple) return nullptr;
    return (*triple)[static_cast<std::size_t>(meaning) - static_cast<std::size_t>(first)];
  };
  if (meaning >= Meaning::kX && meaning <= Meaning::kZ) {
    return of(Meaning::kX, find_coordinates(cloud));
  }
  if (meaning >= Meaning::kRed && meaning <= Meaning::kBlue) {
    return of(Meaning::kRed, find_colors(cloud));
  }
  if (meaning == Meaning::kPackedColor) return find_packed_colors(cloud);
  if (meaning >= Meaning::kNormalX && meaning <= Meaning::kNormalZ) {
    return of(Meaning::kNormalX, find_normals(cloud));
  }
  for (const Spelling& spelling : kSpellings) {
    if (spelling.meaning != meaning) continue;
    if (const Field* const field = find_single(cloud, spelling.plain, true)) return field;
  }
  for (const Field& field : cloud.fields()) {
    const bool labels = meaning == Meaning::kClassification || meaning == Meaning::kLabel;
    if (labels && field.count() == 1 && meaning_of(field.name()) == meaning) return &field;
  }
  return nullptr;
}

const Field* find_alike(const PointCloud& cloud, std::string_view name) {
  if (const Field* const field = cloud.find(name)) return field;
  const std::string plain = plain_name(name);
  const Field* found = nullptr;
  for (const Field& field : cloud.fields()) {
    if (plain.empty() || plain_name(field.name()) != plain) continue;
    if (found != nullptr) return nullptr;
    found = &field;
  }
  return found;
}

FieldTriple find_coordinates(const PointCloud& cloud) {
  const FieldTriple exact = find_exact(cloud, kCoordinates[0]);
  if (is_complete(exact)) return exact;
  return find_triple(cloud, kCoordinates, false).value_or(exact);
}

std::array<Field*, 3> find_coordinates(PointCloud& cloud) {
  std::array<Field*, 3> fields{};
  const FieldTriple found = find_coordinates(std::as_const(cloud));
  for (std::size_t axis = 0; axis < 3; ++axis) fields[axis] = const_cast<Field*>(found[axis]);
  return fields;
}

FieldTriple require_coordinates(const PointCloud& cloud) {
  const FieldTriple axes = find_coordinates(cloud);
  constexpr std::array<std::string_view, 3> kAxes{"x", "y", "z"};
  for (std::size_t axis = 0; axis < kAxes.size(); ++axis) {
    const std::string name(kAxes[axis]);
    if (axes[axis] == nullptr && cloud.find("packed_position") != nullptr) {
      throw Error(Fault::kInput, cloud.name(),
                  "is a compressed Gaussian splat (packed_position), which is not supported, "
                  "expected an uncompressed one with x, y and z");
    }
    if (axes[axis] == nullptr) {
      throw Error(Fault::kInput, cloud.name(), "has no field " + name + ", expected x, y and z");
    }
    if (axes[axis]->count() == 1) continue;
    throw Error(Fault::kInput, cloud.name(),
                "field " + name + " holds " + std::to_string(axes[axis]->count()) +
                    " values per point, expected one");
  }
  return axes;
}

std::optional<FieldTriple> find_colors(const PointCloud& cloud) {
  const FieldTriple exact = find_exact(cloud, kColors[0]);
  return is_complete(exact) ? exact : find_triple(cloud, kColors, true);
}

std::optional<FieldTriple> find_normals(const PointCloud& cloud) {
  for (const Names& names : {Names{"normal_x", "normal_y", "normal_z"}, kNormals[1]}) {
    const FieldTriple exact = find_exact(cloud, names);
    if (is_complete(exact)) return exact;
  }
  return find_triple(cloud, kNormals, true);
}

bool is_packed_color(const Field& field) {
  return field.bytes_per_point() == sizeof(std::uint32_t) && field.count() == 1 &&
         meaning_of(field.name()) == Meaning::kPackedColor;
}

const Field* find_packed_colors(const PointCloud& cloud) {
  for (const Spelling& spelling : kSpellings) {
    if (spelling.meaning != Meaning::kPackedColor) continue;
    const Field* const field = find_single(cloud, spelling.plain, false);
    if (field != nullptr && is_packed_color(*field)) return field;
  }
  return nullptr;
}

double full_color(std::span<const FieldColumn> colors, std::size_t points) {
  constexpr double kByte = 255.0;
  constexpr double kWord = 65535.0;
  double largest = 0.0;
  bool real = false;
  for (const FieldColumn& color : colors) {
    if (color.is_byte()) continue;
    real = real || color.is_real();
    for (std::size_t i = 0; i < points; ++i) largest = std::fmax(largest, color(i));
  }
  if (real && largest <= 1.0) return 1.0;
  return largest > kByte ? kWord : kByte;
}

bool names_labels(std::string_view name) {
  const std::string plain = plain_name(name);
  return std::ranges::find(kLabelNames, plain) != kLabelNames.end() ||
         std::ranges::any_of(kLabelEndings,
                             [&](std::string_view ending) { return plain.ends_with(ending); });
}

bool names_asprs_codes(std::string_view name) {
  return plain_name(name).ends_with("classification");
}

bool holds_whole_numbers(const Field& field) {
  return visit_type(field.type(), [&]<class T>(T) {
    if constexpr (std::is_integral_v<T>) {
      return true;
    } else {
      return std::ranges::all_of(field.values<T>(), [](T value) {
        return std::isnan(value) || (std::isfinite(value) && value == std::trunc(value));
      });
    }
  });
}

bool may_hold_labels(const Field& field) {
  constexpr std::size_t kMost = 64;
  const bool unknown = field.count() == 1 && meaning_of(field.name()) == Meaning::kOther;
  if (!unknown || !holds_whole_numbers(field)) return false;
  const std::size_t points = field.bytes().size() / field.bytes_per_point();
  std::set<double> numbers;
  for (std::size_t i = 0; i < points && numbers.size() <= kMost; ++i) {
    if (const double value = field.as_double(i); !std::isnan(value)) numbers.insert(value);
  }
  return numbers.size() > 1 && numbers.size() <= kMost && 2 * numbers.size() < points;
}

bool holds_labels(const Field& field) {
  return field.count() == 1 && names_labels(field.name()) && holds_whole_numbers(field);
}

const Field* find_labels(const PointCloud& cloud) {
  for (const std::string_view plain : kTruths) {
    if (const Field* const exact = cloud.find(plain)) return exact;
    if (const Field* const field = find_single(cloud, plain, true)) return field;
  }
  return nullptr;
}

}  // namespace ptattn
