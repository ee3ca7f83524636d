#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "ptattn/cloud/columns.hpp"
#include "ptattn/cloud/point_cloud.hpp"

namespace ptattn {

// One rule for what a field means, whatever program named it: PDAL (X, Red, ReturnNumber), PCL
// (rgb, normal_x), CloudCompare (scalar_Classification, Nx), MeshLab (nx, diffuse_red), Open3D,
// laspy (num_returns) and what SLAM programs write (reflectivity). Fields keep their names; the
// rule finds them.

/// Holds what the numbers of a field stand for.
enum class Meaning : std::uint8_t {
  kOther,
  kX,
  kY,
  kZ,
  kRed,
  kGreen,
  kBlue,
  kPackedColor,  ///< red, green and blue as bytes of one number of four bytes
  kNormalX,
  kNormalY,
  kNormalZ,
  kIntensity,
  kReturnNumber,
  kNumberOfReturns,
  kClassification,  ///< labels that are ASPRS codes
  kLabel,           ///< other labels: whole numbers that name something
};

/// Returns a name as people mean it: lower case, letters and digits only, without the `scalar_` of
/// CloudCompare. "scalar_Return Number" becomes "returnnumber".
[[nodiscard]] std::string plain_name(std::string_view name);

/// Returns what a field of that name means by itself. One of a triple of single letters (r, g, b)
/// counts only together with the others: see find_colors.
[[nodiscard]] Meaning meaning_of(std::string_view name);

/// Returns "coordinate", "colour", "normal", "intensity", "ASPRS codes", "label", ...; empty for
/// kOther
[[nodiscard]] std::string_view name_of(Meaning meaning);

/// Returns the field of one value a point that means `meaning`, the most usual spelling first;
/// nullptr when there is none. Coordinates, colours and normals are found as triples.
[[nodiscard]] const Field* find_field(const PointCloud& cloud, Meaning meaning);

/// Returns the field called `name`, else the only one whose plain name is the same; nullptr when
/// there is none, or more than one.
[[nodiscard]] const Field* find_alike(const PointCloud& cloud, std::string_view name);

/// Represents the fields of one value a point that are x, y and z; nullptr for what is missing.
using FieldTriple = std::array<const Field*, 3>;
[[nodiscard]] FieldTriple find_coordinates(const PointCloud& cloud);
/// Returns the same; @throws Error(Fault::kInput) when one is missing or has several values a point
[[nodiscard]] FieldTriple require_coordinates(const PointCloud& cloud);
/// Finds the coordinates to write to.
[[nodiscard]] std::array<Field*, 3> find_coordinates(PointCloud& cloud);
/// Returns all three, or none.
[[nodiscard]] std::optional<FieldTriple> find_colors(const PointCloud& cloud);
[[nodiscard]] std::optional<FieldTriple> find_normals(const PointCloud& cloud);
/// Returns colours in one number: rgb or rgba of four bytes.
[[nodiscard]] const Field* find_packed_colors(const PointCloud& cloud);
[[nodiscard]] bool is_packed_color(const Field& field);

/// Returns what full colour is in numbers of these columns (of find_columns(cloud, "colors")): 255
/// for bytes; 65535 where one is above 255; else 1 where real numbers do not exceed 1, and 255.
/// Time O(points) for other types than bytes.
[[nodiscard]] double full_color(std::span<const FieldColumn> colors, std::size_t points);

/// Returns whether numbers of that name are labels: label, new_label, scalar_Classification,
/// class_id, semantic, instance, ...
[[nodiscard]] bool names_labels(std::string_view name);
/// Returns whether a field of that name holds ASPRS codes: classification, Classification,
/// scalar_Classification, raw_classification, ...
[[nodiscard]] bool names_asprs_codes(std::string_view name);
/// Returns whether every value is a whole number, or NaN, which is no label; stored as integers or
/// not.
/// Time O(n) for real numbers.
[[nodiscard]] bool holds_whole_numbers(const Field& field);
/// Returns whether a field of one value a point holds labels by its name and values. Labels are
/// voted on, never averaged.
[[nodiscard]] bool holds_labels(const Field& field);

/// Returns whether a field whose name says nothing may hold labels: few different whole numbers (2
/// to 64, each of two points or more in the mean).
/// Time O(n).
[[nodiscard]] bool may_hold_labels(const Field& field);

/// Returns the fields that usually hold the true labels of a cloud, the first that there are.
[[nodiscard]] const Field* find_labels(const PointCloud& cloud);

}  // namespace ptattn
