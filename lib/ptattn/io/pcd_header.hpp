#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "ptattn/cloud/point_cloud.hpp"
#include "ptattn/io/cloud_io.hpp"
#include "ptattn/io/header_lines.hpp"

namespace ptattn::io {

struct PcdField {
  std::string name;
  FieldType type = FieldType::kFloat32;
  std::uint32_t count = 1;  ///< 0: the field holds nothing and is not kept

  /// Returns PCL pads its structs with fields of this name; they hold nothing and are not kept.
  [[nodiscard]] bool is_padding() const { return name == "_" || count == 0; }
  [[nodiscard]] std::uint64_t bytes_per_point() const {
    return std::uint64_t{count} * size_of(type);
  }
};

/// Represents the header of a PCD file.
struct PcdHeader {
  Encoding encoding = Encoding::kAscii;
  std::vector<PcdField> fields{};
  std::uint64_t width = 0;
  std::uint64_t height = 1;  ///< width * height does not overflow
  CloudMetadata metadata{};  ///< viewpoint, comments, notes; "# obj_info TEXT" lines are obj_info
};

/// Reads up to the DATA line. Versions 0.5 to 0.7; what older files leave out has PCL's defaults
/// (float32, one value, HEIGHT 1). Words count in capitals or not. A line that begins with no word
/// of PCD becomes a comment, unless it looks like a slip of the pen; of two fields with one name,
/// the second is renamed; one with COUNT 0 is left out, as in PCL: a note says so.
/// @throws Error(Fault::kInput) naming the line, for words and claims that do not fit together
[[nodiscard]] PcdHeader parse_pcd_header(HeaderLines& lines);

/// @throws Error(Fault::kInput) with `subject` when PCD cannot hold what the header says
[[nodiscard]] std::string format_pcd_header(const PcdHeader& header, std::string_view subject);

}  // namespace ptattn::io
