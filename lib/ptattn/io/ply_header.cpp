#include "ptattn/io/ply_header.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "ptattn/core/error.hpp"

namespace ptattn::io {
namespace {

using NamedType = std::pair<std::string_view, FieldType>;
using NamedFormat = std::pair<std::string_view, Encoding>;

// The first name of a type is the one written: every reader knows it.
constexpr std::array<NamedType, 16> kTypes{{
    {"char", FieldType::kInt8},
    {"uchar", FieldType::kUInt8},
    {"short", FieldType::kInt16},
    {"ushort", FieldType::kUInt16},
    {"int", FieldType::kInt32},
    {"uint", FieldType::kUInt32},
    {"float", FieldType::kFloat32},
    {"double", FieldType::kFloat64},
    {"int8", FieldType::kInt8},
    {"uint8", FieldType::kUInt8},
    {"int16", FieldType::kInt16},
    {"uint16", FieldType::kUInt16},
    {"int32", FieldType::kInt32},
    {"uint32", FieldType::kUInt32},
    {"float32", FieldType::kFloat32},
    {"float64", FieldType::kFloat64},
}};

constexpr std::array<NamedFormat, 3> kFormats{{
    {"ascii", Encoding::kAscii},
    {"binary_little_endian", Encoding::kBinary},
    {"binary_big_endian", Encoding::kBinaryBigEndian},
}};

bool is_float(FieldType type) {
  return type == FieldType::kFloat32 || type == FieldType::kFloat64;
}

/// Builds a PlyHeader line by line.
class Parser {
 public:
  explicit Parser(HeaderLines& lines) : lines_(lines) {}

  PlyHeader parse() {
    if (lines_.next() != "ply") lines_.fail("not a PLY file, expected 'ply'");
    for (auto line = lines_.next(); line; line = lines_.next()) {
      if (*line == "end_header") return finished();
      parse_line(*line);
    }
    lines_.fail("the header ends here, expected end_header");
  }

 private:
  void parse_line(const std::string& line) {
    const std::vector<std::string_view> parts = words(line);
    if (parts.empty()) return;
    if (parts[0] == "comment") {
      header_.comments.emplace_back(text_after(line, parts[0]));
    } else if (parts[0] == "obj_info") {
      header_.obj_info.emplace_back(text_after(line, parts[0]));
    } else if (parts[0] == "format") {
      parse_format(parts);
    } else if (parts[0] == "element") {
      parse_element(parts);
    } else if (parts[0] == "property") {
      parse_property(parts);
    } else {
      lines_.fail("unknown word '" + std::string(parts[0]) + "' in the PLY header");
    }
  }

  void parse_format(const std::vector<std::string_view>& parts) {
    if (has_format_) lines_.fail("a second format line");
    const std::string_view name = parts.size() == 3 && parts[2] == "1.0" ? parts[1] : "";
    const auto format = std::ranges::find(kFormats, name, &NamedFormat::first);
    if (format == kFormats.end()) {
      lines_.fail("unknown format, expected ascii, binary_little_endian or binary_big_endian 1.0");
    }
    header_.encoding = format->second;
    has_format_ = true;
  }

  void parse_element(const std::vector<std::string_view>& parts) {
    const auto items = parts.size() == 3 ? whole_number(parts[2]) : std::nullopt;
    if (!items) lines_.fail("expected 'element NAME COUNT'");
    Element element{.name = std::string(parts[1]), .items = *items};
    if (!names_.insert(element.name).second) {
      lines_.fail("a second element " + element.name);
    }
    if (element.name == "vertex") {
      header_.vertex = header_.elements.size();
      has_vertices_ = true;
    }
    element.before_vertices = !has_vertices_;
    header_.elements.push_back(std::move(element));
    property_names_.clear();
  }

  void parse_property(const std::vector<std::string_view>& parts) {
    if (header_.elements.empty()) lines_.fail("a property before any element");
    ElementProperty property;
    if (parts.size() == 5 && parts[1] == "list") {
      property.is_list = true;
      property.size_type = type(parts[2]);
      if (is_float(property.size_type)) lines_.fail("the length of a list must be an integer");
    } else if (parts.size() != 3) {
      lines_.fail("expected 'property TYPE NAME' or 'property list TYPE TYPE NAME'");
    }
    property.type = type(parts[parts.size() - 2]);
    property.name = parts.back();
    if (!property_names_.insert(property.name).second) {
      lines_.fail("a second property " + property.name);
    }
    header_.elements.back().properties.push_back(std::move(property));
  }

  FieldType type(std::string_view name) const {
    const auto found = std::ranges::find(kTypes, name, &NamedType::first);
    if (found == kTypes.end()) lines_.fail("unknown type '" + std::string(name) + "'");
    return found->second;
  }

  PlyHeader finished() {
    if (!has_format_) lines_.fail("the header has no format line");
    if (!has_vertices_) lines_.fail("the header has no element vertex, expected a point cloud");
    const Element& vertices = header_.elements[header_.vertex];
    if (vertices.properties.empty() && vertices.items > 0)
      lines_.fail("the element vertex has no properties");
    return std::move(header_);
  }

  HeaderLines& lines_;
  PlyHeader header_;
  bool has_format_ = false;
  bool has_vertices_ = false;
  std::unordered_set<std::string> names_;
  std::unordered_set<std::string> property_names_;
};

std::string_view type_name(FieldType type, const std::string& property, std::string_view subject) {
  const auto found = std::ranges::find(kTypes, type, &NamedType::second);
  if (found == kTypes.end()) {
    throw Error(Fault::kInput, subject,
                "field " + property + " is " + std::string(name_of(type)) +
                    ", which PLY cannot hold, expected a PCD file or a smaller type");
  }
  return found->first;
}

void append_text(std::string& out, std::string_view keyword, const std::vector<std::string>& lines,
                 std::string_view subject) {
  for (const std::string& line : lines) {
    if (line.find('\n') != std::string::npos) {
      throw Error(Fault::kInput, subject, "a comment holds a line break, expected one line");
    }
    out.append(keyword).append(line.empty() ? "" : " ").append(line) += '\n';
  }
}

void append_name(std::string& out, const std::string& name, std::string_view subject) {
  if (!is_header_word(name)) {
    throw Error(Fault::kInput, subject, "'" + name + "' cannot be a name in a PLY file");
  }
  out.append(" ").append(name);
}

}  // namespace

PlyHeader parse_ply_header(HeaderLines& lines) {
  return Parser(lines).parse();
}

std::string format_ply_header(const PlyHeader& header, std::string_view subject) {
  const auto format = std::ranges::find(kFormats, header.encoding, &NamedFormat::second);
  std::string out = "ply\nformat ";
  out.append(format->first).append(" 1.0\n");
  append_text(out, "comment", header.comments, subject);
  append_text(out, "obj_info", header.obj_info, subject);
  for (const Element& element : header.elements) {
    out += "element";
    append_name(out, element.name, subject);
    out.append(" ").append(std::to_string(element.items)) += '\n';
    for (const ElementProperty& property : element.properties) {
      out += "property ";
      if (property.is_list) {
        out.append("list ").append(type_name(property.size_type, property.name, subject)) += ' ';
      }
      out += type_name(property.type, property.name, subject);
      append_name(out, property.name, subject);
      out += '\n';
    }
  }
  out += "end_header\n";
  if (out.size() > kLargestHeader) {
    throw Error(Fault::kInput, subject, "the header would be longer than 1 MiB");
  }
  return out;
}

}  // namespace ptattn::io
