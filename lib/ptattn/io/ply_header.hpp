#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "ptattn/cloud/point_cloud.hpp"
#include "ptattn/io/cloud_io.hpp"
#include "ptattn/io/header_lines.hpp"

namespace ptattn::io {

/// Represents the header of a PLY file. The elements, vertices among them, hold no values here.
struct PlyHeader {
  Encoding encoding = Encoding::kAscii;
  std::vector<std::string> comments{};
  std::vector<std::string> obj_info{};
  std::vector<Element> elements{};   ///< in file order
  std::vector<std::string> notes{};  ///< what a user should know
  std::size_t vertex = 0;            ///< which of them are the points
};

/// Reads from the magic word to end_header. Types go by their old names and their sized ones
/// (uchar, uint8); bool is read as uchar. A line that begins with no word of PLY becomes a comment,
/// unless it looks like a slip of the pen; of two properties of the vertices with one name, the
/// second is renamed: a note says so.
/// @throws Error(Fault::kInput) naming the line: misspelt words, elements that repeat, no vertices
[[nodiscard]] PlyHeader parse_ply_header(HeaderLines& lines);

/// @throws Error(Fault::kInput) with `subject` when PLY cannot hold what the header says
[[nodiscard]] std::string format_ply_header(const PlyHeader& header, std::string_view subject);

}  // namespace ptattn::io
