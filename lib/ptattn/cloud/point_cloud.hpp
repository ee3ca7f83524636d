#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ptattn/cloud/field.hpp"
#include "ptattn/cloud/las_metadata.hpp"
#include "ptattn/core/raw_vector.hpp"

namespace ptattn {

/// Holds points as they are compressed in a LAZ file; known to its reader and writer alone.
struct CompressedPoints;

/// Represents a property of a PLY element other than the vertices; `list` properties hold a varying
/// number of values an item.
struct ElementProperty {
  std::string name;
  FieldType type = FieldType::kFloat32;
  bool is_list = false;
  FieldType size_type = FieldType::kUInt8;  ///< of a list's length in binary files
  std::vector<std::byte> values;            ///< item after item, native byte order
  std::vector<std::uint64_t> sizes;         ///< list lengths, one an item; empty for scalars

  bool operator==(const ElementProperty&) const = default;
};

/// Represents a PLY element other than the vertices (faces, edges, cameras, ...), carried along
/// untouched.
struct Element {
  std::string name;
  std::uint64_t items = 0;
  bool before_vertices = false;  ///< stood before the vertices in the file it came from
  std::vector<ElementProperty> properties{};

  bool operator==(const Element&) const = default;
};

/// Holds what a file says besides its points; carried from reader to writer.
struct CloudMetadata {
  std::vector<std::string> comments{};  ///< PLY `comment` lines, PCD leading `#` lines
  std::vector<std::string> obj_info{};  ///< PLY only
  std::array<double, 7> viewpoint{0, 0, 0, 1, 0, 0, 0};  ///< PCD: tx ty tz qw qx qy qz
  std::vector<Element> elements{};                       ///< PLY only
  /// Holds lists of the points that differ in length, PLY only; a length for every point.
  std::vector<ElementProperty> point_lists{};
  std::shared_ptr<const LasMetadata> las{};  ///< LAS and LAZ only
  /// Holds the compressed points of a LAZ file, where its reader was asked to keep them: a writer
  /// copies from here what belongs to fields that nobody changed (Field::origin).
  std::shared_ptr<const CompressedPoints> compressed{};
  /// What a user should know about the file that the cloud was read from, a line each.
  std::vector<std::string> notes{};
};

/// Holds points with named per-point fields, in file order.
///
/// Positions are the fields `x`, `y`, `z` (float32 or float64, one value a point) or what else
/// means them (see field_meaning.hpp); they live among the others so that nothing is converted on
/// the way through. Organised clouds have height > 1 and may hold invalid points (a NaN or infinite
/// coordinate).
class PointCloud {
 public:
  PointCloud() = default;
  explicit PointCloud(std::size_t points) : width_(points) {}
  /// Makes an organised cloud of `width` columns and `height` rows, row by row.
  PointCloud(std::size_t width, std::size_t height) : width_(width), height_(height) {}

  [[nodiscard]] std::size_t size() const { return width_ * height_; }
  [[nodiscard]] bool empty() const { return size() == 0; }
  [[nodiscard]] std::size_t width() const { return width_; }
  [[nodiscard]] std::size_t height() const { return height_; }

  [[nodiscard]] const std::vector<Field>& fields() const { return fields_; }
  [[nodiscard]] std::vector<Field>& fields() { return fields_; }
  /// Returns nullptr when no field has that name.
  [[nodiscard]] const Field* find(std::string_view name) const;
  [[nodiscard]] Field* find(std::string_view name);
  /// Appends a field of size() points and returns it.
  /// @throws Error(Fault::kUsage) when the name is taken
  Field& add(std::string name, FieldType type, std::uint32_t count = 1);

  /// Returns what error messages call the cloud: the path that it was read from, else "cloud".
  [[nodiscard]] const std::string& name() const { return name_; }
  void set_name(std::string name) { name_ = std::move(name); }

  [[nodiscard]] const CloudMetadata& metadata() const { return metadata_; }
  [[nodiscard]] CloudMetadata& metadata() { return metadata_; }

  /// Returns the coordinates of every point in float64, [n][3], whatever their stored type.
  /// @throws Error(Fault::kInput) when x, y or z is missing or not a number a point
  [[nodiscard]] RawVector<std::array<double, 3>> positions() const;

 private:
  std::size_t width_ = 0;
  std::size_t height_ = 1;
  std::vector<Field> fields_;
  CloudMetadata metadata_;
  std::string name_ = "cloud";
};

/// Returns true when both have equal size, organisation, fields (order, names, types, counts, bits)
/// and metadata; names and notes may differ.
[[nodiscard]] bool identical(const PointCloud& a, const PointCloud& b);

}  // namespace ptattn
