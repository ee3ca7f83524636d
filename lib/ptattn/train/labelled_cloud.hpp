#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ptattn/cloud/normalize.hpp"
#include "ptattn/cloud/point_cloud.hpp"
#include "ptattn/models/scene_profile.hpp"

namespace ptattn::train {

/// Holds what is known about a point: class `label`, or, from the number of classes on, an
/// exclusion of the LabelSpace, or nothing (kUnlabelled).
using Label = std::uint16_t;
inline constexpr Label kUnlabelled = 0xffff;

/// Represents the meaning of labels.
struct LabelSpace {
  /// Of classes as well as of exclusions: scores take the square of it, and a Label has 16 bits.
  static constexpr std::size_t kMost = 2000;

  std::vector<std::string> classes;
  /// Label classes.size() + i means: none of the classes exclusions[i].
  std::vector<std::vector<std::uint32_t>> exclusions{};

  [[nodiscard]] std::size_t size() const { return classes.size() + exclusions.size(); }
  /// Returns "ground", or "not ground, not building"; where more than three classes are excluded,
  /// what is left: "leg or seat", "leg or seat or arm or 2 more".
  [[nodiscard]] std::string name(std::size_t label) const;
  /// Returns the label that a text names: a class, "ignore", "not_A" or "not_A_not_B" (whose
  /// exclusion is added where it is new).
  /// @throws Error(Fault::kUsage) with `subject` for anything else, or for more than kMost
  [[nodiscard]] Label find_or_add(std::string_view text, std::string_view subject);
};

/// Holds what a field beside the coordinates tells a network.
enum class AttributeKind : std::uint8_t { kIntensity, kReturns, kColor, kNormal };

/// Represents a number per point under the name that channels are made from.
struct Attribute {
  AttributeKind kind;
  std::string name;  ///< "intensity", "return_number", "red", "normal_x", ...
  FieldType type;    ///< that channels are to see: colours tell their range by it
  std::vector<float> values;
};

/// Holds points with labels, in as little memory as a stream of crops needs.
struct LabelledCloud {
  std::string name;
  std::vector<std::array<float, 3>> positions;  ///< [n] from the least coordinates
  std::vector<Label> labels;                    ///< [n]
  /// [n] number of the thing that relief moves as one, -1: none. Empty: there are none.
  std::vector<std::int32_t> objects{};
  std::vector<Attribute> attributes{};

  [[nodiscard]] std::size_t size() const { return positions.size(); }
  [[nodiscard]] bool has(AttributeKind kind) const;
  void drop(AttributeKind kind);
};

/// Takes the finite points of a cloud with the attributes that the channels of `profile` use, and
/// its name.
/// @param labels  [points of the cloud]
/// @throws Error(Fault::kInput) without coordinates, or with fewer than three finite points
[[nodiscard]] LabelledCloud take_labelled(const PointCloud& cloud, std::span<const Label> labels,
                                          const SceneProfile& profile);

/// Returns the points `rows` of a cloud, in that order.
[[nodiscard]] LabelledCloud select(const LabelledCloud& cloud, std::span<const std::uint32_t> rows);
/// Returns the points for which `keep(row)` is true.
template <class Keep>
[[nodiscard]] LabelledCloud select_if(const LabelledCloud& cloud, const Keep& keep) {
  std::vector<std::uint32_t> rows;
  rows.reserve(cloud.size());
  for (std::size_t i = 0; i < cloud.size(); ++i) {
    if (keep(i)) rows.push_back(static_cast<std::uint32_t>(i));
  }
  return rows.size() == cloud.size() ? cloud : select(cloud, rows);
}

/// Appends the points of `other`; attributes that one of them lacks are dropped.
void append(LabelledCloud& cloud, const LabelledCloud& other);

/// Returns the cloud as readers give it, for the code that prepares clouds for inference.
[[nodiscard]] PointCloud to_point_cloud(const LabelledCloud& cloud);

/// Returns points per square metre (unit) of the occupied cells of `cell` units in plan.
[[nodiscard]] double plan_density(const LabelledCloud& cloud, double cell);

/// Numbers the things of the class `rigid`: points in touching cells of `cell` units in plan are of
/// one thing.
[[nodiscard]] std::vector<std::int32_t> number_objects(const LabelledCloud& cloud, Label rigid,
                                                       double cell);

}  // namespace ptattn::train
