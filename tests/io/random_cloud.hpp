#pragma once

#include <cstdint>
#include <cstring>
#include <limits>
#include <ostream>
#include <span>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

#include "ptattn/cloud/point_cloud.hpp"
#include "ptattn/core/random.hpp"
#include "ptattn/io/cloud_io.hpp"

namespace ptattn::test {

struct Container {
  const char* extension;
  Encoding encoding;

  [[nodiscard]] bool is_ply() const { return std::string(extension) == ".ply"; }
  [[nodiscard]] bool is_ascii() const { return encoding == Encoding::kAscii; }
};

/// What GoogleTest and CTest call a case: "PlyBigEndian".
inline std::string name_of(const Container& container) {
  const char* const encodings[] = {"Ascii", "Binary", "BigEndian", "Compressed"};
  return std::string(container.is_ply() ? "Ply" : "Pcd")
      .append(encodings[static_cast<int>(container.encoding)]);
}
inline void PrintTo(const Container& container, std::ostream* out) {
  *out << name_of(container);
}

inline constexpr Container kContainers[] = {
    {".ply", Encoding::kAscii}, {".ply", Encoding::kBinary}, {".ply", Encoding::kBinaryBigEndian},
    {".pcd", Encoding::kAscii}, {".pcd", Encoding::kBinary}, {".pcd", Encoding::kBinaryCompressed},
};

/// Those that PCL and Open3D write: all but big-endian PLY.
inline constexpr Container kContainersOfPeers[] = {
    {".ply", Encoding::kAscii},  {".ply", Encoding::kBinary},           {".pcd", Encoding::kAscii},
    {".pcd", Encoding::kBinary}, {".pcd", Encoding::kBinaryCompressed},
};

inline FieldType random_type(Random& random, bool eight_byte_integers) {
  while (true) {
    const auto type = static_cast<FieldType>(random.below(10));
    const bool integer64 = type == FieldType::kInt64 || type == FieldType::kUInt64;
    if (eight_byte_integers || !integer64) return type;
  }
}

/// Random bits, zeros, extremes; no NaN payloads when `ascii`, which cannot hold them.
inline void fill_random(Random& random, FieldType type, std::span<std::byte> bytes, bool ascii) {
  const std::size_t size = size_of(type);
  for (std::size_t at = 0; at < bytes.size(); at += size) {
    std::uint64_t bits = random.next();
    if (random.below(4) == 0) bits = 0;
    if (random.below(8) == 0) bits = ~std::uint64_t{0};
    std::memcpy(bytes.data() + at, &bits, size);
    visit_type(type, [&]<class T>(T) {
      if constexpr (std::is_floating_point_v<T>) {
        T value;
        std::memcpy(&value, bytes.data() + at, sizeof(T));
        if (random.below(8) == 0) value = -T{0};
        if (random.below(16) == 0) value = std::numeric_limits<T>::infinity();
        if (random.below(16) == 0) value = std::numeric_limits<T>::denorm_min();
        if (ascii && value != value) value = std::numeric_limits<T>::quiet_NaN();
        std::memcpy(bytes.data() + at, &value, sizeof(T));
      }
    });
  }
}

inline Element random_element(Random& random, const std::string& name, bool before, bool ascii) {
  Element element{.name = name, .items = random.below(20), .before_vertices = before};
  const std::size_t properties = random.below(4);
  for (std::size_t p = 0; p < properties; ++p) {
    ElementProperty property{.name = std::string("p").append(std::to_string(p)),
                             .type = random_type(random, false),
                             .is_list = random.below(2) == 0,
                             .values = {},
                             .sizes = {}};
    std::uint64_t values = element.items;
    if (property.is_list) {
      constexpr FieldType kSizeTypes[] = {FieldType::kUInt8, FieldType::kInt16, FieldType::kUInt32};
      property.size_type = kSizeTypes[random.below(3)];
      values = 0;
      for (std::uint64_t i = 0; i < element.items; ++i) {
        property.sizes.push_back(random.below(6));
        values += property.sizes.back();
      }
    }
    property.values.resize(values * size_of(property.type));
    fill_random(random, property.type, property.values, ascii);
    element.properties.push_back(std::move(property));
  }
  return element;
}

/// A cloud of any shape, schema and content that `container` can hold.
inline PointCloud random_cloud(std::uint64_t seed, const Container& container) {
  Random random(seed);
  const std::uint64_t sizes[] = {0, 1, 2, 17, 1000};
  PointCloud cloud = random.below(3) == 0 ? PointCloud(1 + random.below(9), 1 + random.below(9))
                                          : PointCloud(sizes[random.below(5)]);
  const std::size_t fields = 1 + random.below(8);
  for (std::size_t f = 0; f < fields; ++f) {
    // An empty PLY cannot say how many values its points would have.
    const bool may_repeat = !container.is_ply() || !cloud.empty();
    const auto count =
        static_cast<std::uint32_t>(may_repeat && random.below(3) == 0 ? 1 + random.below(33) : 1);
    const FieldType type = random_type(random, true);
    const std::string name = std::string("field-\xc3\xa9").append(std::to_string(f));
    Field& field = cloud.add(name, type, count);
    fill_random(random, type, field.bytes(), container.is_ascii());
  }
  CloudMetadata& metadata = cloud.metadata();
  if (random.below(2) == 0) metadata.comments = {"made by a test", "", " two  spaces "};
  if (random.below(2) == 0) metadata.obj_info = {"scanner 7", ""};
  if (random.below(2) == 0) metadata.viewpoint = {1.5, -2.25, 1e9, 0.5, 0.5, 0.5, 0.5};
  if (container.is_ply()) {
    const bool ascii = container.is_ascii();
    if (random.below(2) == 0) metadata.elements.push_back(random_element(random, "a", true, ascii));
    if (random.below(2) == 0)
      metadata.elements.push_back(random_element(random, "b", false, ascii));
    if (random.below(2) == 0)
      metadata.elements.push_back(random_element(random, "c", false, ascii));
  }
  return cloud;
}

}  // namespace ptattn::test
