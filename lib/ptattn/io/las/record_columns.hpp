#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "ptattn/cloud/field.hpp"
#include "ptattn/io/las/record_layout.hpp"

namespace ptattn::io::las {

/// Distributes `records`, which belong to the points from `first` on, over the fields.
/// @param fields  one a column of the layout, of its field_type and count; they hold zeros still
/// @param exact   one a column: the field of stored integers to fill beside the doubles, or nullptr
/// Safe from many threads on disjoint points.
void unpack_columns(const RecordLayout& layout, std::span<const std::byte> records,
                    std::size_t first, std::span<Field> fields, std::span<Field* const> exact);

/// Says where the values of a column come from.
struct ColumnSource {
  const Field* field = nullptr;  ///< nullptr: zeros
  const Field* exact =
      nullptr;          ///< stored integers, used where the field still holds their doubles
  unsigned factor = 1;  ///< 256 for colours of 8 bits, which LAS holds in 16
};

/// The inverse: fills `records` from the fields.
/// @param sources  one a column
/// @param subject  names the file in errors
/// @throws Error(Fault::kInput) for a value that the record has no room for
void pack_columns(const RecordLayout& layout, std::span<const ColumnSource> sources,
                  std::size_t first, std::span<std::byte> records, std::string_view subject);

/// Returns true when every value of `source` can be stored in `column` as it is: whole numbers of
/// its range. Time O(n); parallel.
[[nodiscard]] bool fits_column(const ColumnSource& source, const LasColumn& column);

}  // namespace ptattn::io::las
