#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "ptattn/cloud/field.hpp"

namespace ptattn::io::las {

inline constexpr unsigned kLastLegacyFormat = 5;
inline constexpr unsigned kLastFormat = 10;

/// Represents one attribute of a point data record of LAS (1.4 R15, tables 7 to 17) other than X, Y
/// and Z.
struct Dimension {
  std::string_view name;   ///< of the field in a cloud
  FieldType type;          ///< of the field; of the record too when `bits` is 0
  std::size_t offset = 0;  ///< bytes into the record
  unsigned shift = 0;      ///< of a packed value: its lowest bit in the byte at `offset`
  unsigned bits = 0;       ///< of a packed value; 0: the value fills its type
};

/// Holds what the records of a format hold besides the common attributes.
struct FormatParts {
  bool extended = false;  ///< formats 6 to 10: 15 returns, 256 classes, scanner channels
  bool gps_time = false;
  bool rgb = false;
  bool nir = false;
  bool waveform = false;
};

[[nodiscard]] FormatParts parts_of_format(unsigned format);
/// Returns the smallest format that holds `parts`.
[[nodiscard]] unsigned format_with(const FormatParts& parts);

/// Returns the bytes of a record without extra bytes.
[[nodiscard]] std::size_t size_of_format(unsigned format);
/// Returns the offset of the colours, of the near infrared, of the waveform packet in a record that
/// has them.
[[nodiscard]] std::size_t rgb_offset(const FormatParts& parts);
[[nodiscard]] std::size_t nir_offset(const FormatParts& parts);
[[nodiscard]] std::size_t waveform_offset(const FormatParts& parts);

/// Returns the attributes of a format in the order of the standard.
[[nodiscard]] std::vector<Dimension> dimensions_of_format(unsigned format);

}  // namespace ptattn::io::las
