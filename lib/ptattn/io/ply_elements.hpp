#pragma once

#include <cstdint>
#include <optional>

#include "ptattn/cloud/point_cloud.hpp"
#include "ptattn/io/atomic_file.hpp"
#include "ptattn/io/byte_source.hpp"
#include "ptattn/io/value_reader.hpp"

namespace ptattn::io {

/// Reads the items of `element`, as the header describes it, from where `values` stands.
/// @throws Error(Fault::kInput) when the file ends before
[[nodiscard]] Element read_element(ValueReader& values, const ByteSource& source, Element element);

/// Returns the length that a list property starts with; nothing at the end of the values.
/// @throws Error(Fault::kInput) when it is negative, or more than the file can hold
[[nodiscard]] std::optional<std::uint64_t> read_list_length(ValueReader& values,
                                                            const ByteSource& source,
                                                            const ElementProperty& property);

/// Throws when the rest of the file cannot hold as many items as the header claims, `item_bytes`
/// at least each.
void check_claim(const ValueReader& values, const ByteSource& source, const Element& element,
                 std::uint64_t item_bytes);

/// @throws Error(Fault::kInput): "ends after `done` of n points, the file is truncated"
[[noreturn]] void fail_truncated(const ByteSource& source, const Element& element,
                                 std::uint64_t done);

/// Writes the items of `element` into the body of a PLY file.
/// @param swap  reverse the byte order (binary only)
/// @throws Error(Fault::kUsage) when its values do not add up to its items
void write_element(AtomicFile& file, const Element& element, bool ascii, bool swap);

}  // namespace ptattn::io
