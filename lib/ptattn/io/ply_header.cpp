#include "ptattn/io/ply_header.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <span>
#include <string_view>
#include <unordered_set>
#include <utility>

#include "ptattn/core/error.hpp"

namespace ptattn::io {
namespace {

using NamedType = std::pair<std::string_view, FieldType>;
using NamedFormat = std::pair<std::string_view, Encoding>;

// The first name of a type is the one written, if it is among the first eight: these every reader
// knows.
constexpr std::size_t kWrittenTypes = 8;
constexpr std::array<NamedType, 20> kTypes{{
    {"char", FieldType::kInt8},       {"uchar", FieldType::kUInt8},
    {"short", FieldType::kInt16},     {"ushort", FieldType::kUInt16},
    {"int", FieldType::kInt32},       {"uint", FieldType::kUInt32},
    {"float", FieldType::kFloat32},   {"double", FieldType::kFloat64},
    {"int8", FieldType::kInt8},       {"uint8", FieldType::kUInt8},
    {"int16", FieldType::kInt16},     {"uint16", FieldType::kUInt16},
    {"int32", FieldType::kInt32},     {"uint32", FieldType::kUInt32},
    {"float32", FieldType::kFloat32}, {"float64", FieldType::kFloat64},
    {"int64", FieldType::kInt64},     {"uint64", FieldType::kUInt64},
    {"bool", FieldType::kUInt8},      {"boolean", FieldType::kUInt8},
}};

constexpr std::array kKeywords{"ply",     "format",   "comment",   "obj_info",
                               "element", "property", "end_header"};

constexpr std::array<NamedFormat, 3> kFormats{{
    {"ascii", Encoding::kAscii},
    {"binary_little_endian", Encoding::kBinary},
    {"binary_big_endian", Encoding::kBinaryBigEndian},
}};

constexpr std::size_t kLongestQuote = 40;

bool is_float(FieldType type) {
  return type == FieldType::kFloat32 || type == FieldType::kFloat64;
}

/// Builds a PlyHeader line by line.
class Parser {
 public:
  explicit Parser(HeaderLines& lines) : lines_(lines) {}

  PlyHeader parse() {
    skip_magic();
    for (auto line = lines_.next(); line; line = lines_.next()) {
      const std::vector<std::string_view> parts = words(*line);
      if (parts.empty()) continue;
      if (parts.size() == 1 && is_keyword(parts[0], "end_header")) return finished();
      parse_line(*line, parts);
    }
    lines_.fail("the header ends here, expected end_header");
  }

 private:
  void skip_magic() {
    auto line = lines_.next();
    while (line && words(*line).empty()) line = lines_.next();
    const auto parts = line ? words(*line) : std::vector<std::string_view>();
    if (parts.size() != 1 || !is_keyword(parts[0], "ply")) {
      lines_.fail("not a PLY file, expected 'ply'");
    }
  }

  void parse_line(const std::string& line, const std::vector<std::string_view>& parts) {
    if (is_keyword(parts[0], "comment")) {
      header_.comments.emplace_back(text_after(line, parts[0]));
    } else if (is_keyword(parts[0], "obj_info")) {
      header_.obj_info.emplace_back(text_after(line, parts[0]));
    } else if (is_keyword(parts[0], "format")) {
      parse_format(parts);
    } else if (is_keyword(parts[0], "element")) {
      parse_element(parts);
    } else if (is_keyword(parts[0], "property")) {
      parse_property(parts);
    } else {
      keep_stray(line, parts[0]);
    }
  }

  /// A line that is none of PLY's, as old exporters write them.
  void keep_stray(const std::string& line, std::string_view word) {
    const auto near = [&](std::string_view keyword) { return resembles(word, keyword); };
    const auto found = std::ranges::find_if(kKeywords, near);
    const std::string quoted = std::string("'").append(word.substr(0, kLongestQuote)).append("'");
    if (found != kKeywords.end()) {
      lines_.fail("unknown word " + quoted + " in the PLY header, expected " + *found);
    }
    header_.comments.push_back(line);
    header_.notes.push_back("line " + std::to_string(lines_.count()) + ": " + quoted +
                            " does not start a line of a PLY header, it is kept as a comment");
  }

  void parse_format(const std::vector<std::string_view>& parts) {
    if (has_format_) lines_.fail("a second format line");
    const bool known = parts.size() == 2 || (parts.size() == 3 && parts[2] == "1.0") ||
                       (parts.size() == 3 && parts[2] == "1");
    const auto format = std::ranges::find_if(kFormats, [&](const NamedFormat& candidate) {
      return known && is_keyword(parts[1], candidate.first);
    });
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
  }

  void parse_property(std::vector<std::string_view> parts) {
    const bool unsigned_type = parts.size() == 4 && parts[1] == "unsigned";  // as C spells it
    const std::string joined = unsigned_type ? std::string("u").append(parts[2]) : "";
    if (unsigned_type) parts = {parts[0], joined, parts[3]};
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
    // Those of other elements are carried along as they are.
    if (header_.elements.back().name == "vertex") make_unique(property);
    header_.elements.back().properties.push_back(std::move(property));
  }

  void make_unique(ElementProperty& property) {
    const std::string name = property_names_.add(property.name);
    if (name == property.name) return;
    header_.notes.push_back("line " + std::to_string(lines_.count()) + ": a second property " +
                            property.name + " is read as " + name);
    property.name = name;
  }

  FieldType type(std::string_view name) const {
    const auto found = std::ranges::find_if(
        kTypes, [&](const NamedType& known) { return is_keyword(name, known.first); });
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
  UniqueNames property_names_;  // of the vertices
};

std::string_view type_name(FieldType type, const std::string& property, std::string_view subject) {
  const auto known = std::span(kTypes).first(kWrittenTypes);
  const auto found = std::ranges::find(known, type, &NamedType::second);
  if (found == known.end()) {
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
