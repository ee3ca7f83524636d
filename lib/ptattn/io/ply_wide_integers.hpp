#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "ptattn/cloud/point_cloud.hpp"
#include "ptattn/io/byte_source.hpp"

namespace ptattn::io {

// PLY has no integers of 64 bits. A field of them is written as two properties,
//
//   value = NAME + REST
//
// NAME the nearest double, which other programs show, and REST (-1024 to 1024, a short) what the
// rounding left out: zero for all values of up to 53 bits. A comment `uint64 NAME = NAME + REST`
// makes them one field again on reading.

/// Names the two properties of such a field.
struct WideInteger {
  FieldType type = FieldType::kUInt64;  ///< kInt64 or kUInt64
  std::string name;
  std::string rest;

  bool operator==(const WideInteger&) const = default;
};

/// Returns which of the fields are 64-bit integers, with names for what rounding leaves out that
/// neither fields nor lists have.
[[nodiscard]] std::vector<WideInteger> find_wide_integers(std::span<const Field> fields,
                                                          std::span<const ElementProperty> lists);

/// Returns the comment that says what the two properties are.
[[nodiscard]] std::string comment_of(const WideInteger& wide);

/// Holds the fields of a cloud as PLY has types for them.
class NarrowFields {
 public:
  /// @param fields  outlive this
  /// @param wide    those that find_wide_integers found among them
  NarrowFields(std::span<const Field> fields, std::span<const WideInteger> wide);

  [[nodiscard]] std::span<const Field* const> fields() const { return fields_; }

 private:
  std::vector<Field> halves_;  // of wide integers
  std::vector<const Field*> fields_;
};

/// Takes out the comments that speak of two properties among `fields`; others stay.
[[nodiscard]] std::vector<WideInteger> take_wide_integers(std::vector<std::string>& comments,
                                                          std::span<const Field> fields);

/// Makes one field, in the place of the first, of each two.
/// @param first  the number of the first point, for messages
/// @throws Error(Fault::kInput) where a comment does not hold: the sum is no integer of its type, or
///         the first not its nearest double
void join_wide_integers(std::span<const WideInteger> wide, std::vector<Field>& fields,
                        const ByteSource& source, std::uint64_t first = 0);

}  // namespace ptattn::io
