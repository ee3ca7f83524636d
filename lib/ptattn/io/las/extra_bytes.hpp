#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ptattn/cloud/field.hpp"
#include "ptattn/io/las/quantization.hpp"

namespace ptattn::io::las {

/// Represents one descriptor of the extra bytes VLR (LAS 1.4 R15, table 24).
struct ExtraDescriptor {
  std::string name;
  FieldType type = FieldType::kUInt8;
  std::uint32_t count = 1;            ///< 2 and 3 for the vectors that older writers made
  std::vector<Quantization> steps{};  ///< one a value when it has a scale or an offset
};

inline constexpr std::size_t kExtraDescriptorSize = 192;

/// Reads the whole descriptors in `bytes`. A type that the standard reserves counts as one byte.
[[nodiscard]] std::vector<ExtraDescriptor> parse_extra_bytes(std::span<const std::byte> bytes);

/// Returns the name of the descriptor as fields are named: '_' in place of blanks and of what is
/// not printable, "extra" when there is none.
[[nodiscard]] std::string field_name_of(const ExtraDescriptor& extra);

/// Appends a descriptor to a VLR's data.
/// @param extra        `count` up to 3, or any number of bytes; one scale for all values, no offset
/// @param description  cut after 32 bytes, as the name is
void append_extra_bytes(std::vector<std::byte>& data, const ExtraDescriptor& extra,
                        std::string_view description);

/// Gives descriptor `index` the type and the scale of `extra` and forgets its own, its offset,
/// limits and no-data value, which belonged to the old type.
void retype_extra_bytes(std::vector<std::byte>& data, std::size_t index,
                        const ExtraDescriptor& extra);

/// Returns how many values a descriptor can hold of `type`: vectors up to 3, bytes up to 255.
[[nodiscard]] bool fits_extra_bytes(FieldType type, std::uint32_t count);

}  // namespace ptattn::io::las
