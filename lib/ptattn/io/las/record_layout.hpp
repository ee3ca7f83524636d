#pragma once

#include <array>
#include <cstddef>
#include <span>
#include <string>
#include <vector>

#include "ptattn/cloud/field.hpp"
#include "ptattn/cloud/las_metadata.hpp"
#include "ptattn/io/las/las_header.hpp"
#include "ptattn/io/las/quantization.hpp"

namespace ptattn::io::las {

/// Says where the values of one field of a cloud stand in the records of a file.
struct LasColumn {
  std::string name;         ///< of the field
  FieldType stored;         ///< in the record
  std::size_t offset = 0;   ///< bytes into the record
  std::uint32_t count = 1;  ///< values a point
  unsigned shift = 0;       ///< of a packed value, see Dimension
  unsigned bits = 0;
  std::vector<Quantization> steps{};  ///< one a value; empty: the stored values are the field's

  [[nodiscard]] FieldType field_type() const {
    return steps.empty() ? stored : FieldType::kFloat64;
  }
  [[nodiscard]] bool is_packed() const { return bits != 0; }
  [[nodiscard]] std::size_t size() const { return size_of(stored) * count; }
};

/// Says how records and fields correspond.
struct RecordLayout {
  unsigned format = 0;
  std::size_t stride = 0;  ///< bytes of a record
  std::vector<LasColumn> columns{};
};

/// Returns x, y, z and the attributes of `format`. A scale of zero, as some writers leave it,
/// counts as 0.01.
[[nodiscard]] RecordLayout layout_of_format(unsigned format, const std::array<double, 3>& scale,
                                            const std::array<double, 3>& offset);

/// Appends the extra bytes of records of `stride` bytes: those that the VLR's `descriptors` name,
/// in order, then, as one field `extra_bytes`, the bytes that nothing describes. Names become
/// unique ("angle", "angle_2"), blanks and unprintable characters become '_'.
void append_extra_columns(RecordLayout& layout, std::size_t stride,
                          std::span<const std::byte> descriptors);

/// Returns the VLR that describes the extra bytes, or nullptr.
[[nodiscard]] const LasRecord* find_extra_bytes(std::span<const LasRecord> records);

/// Returns the layout of the records of a file.
[[nodiscard]] RecordLayout layout_of_file(const LasHeader& header,
                                          std::span<const LasRecord> records);

}  // namespace ptattn::io::las
