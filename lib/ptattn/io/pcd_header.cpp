#include "ptattn/io/pcd_header.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <utility>

#include "ptattn/core/error.hpp"

namespace ptattn::io {
namespace {

using NamedEncoding = std::pair<std::string_view, Encoding>;

constexpr std::array<NamedEncoding, 3> kEncodings{{
    {"ascii", Encoding::kAscii},
    {"binary", Encoding::kBinary},
    {"binary_compressed", Encoding::kBinaryCompressed},
}};
constexpr std::array<std::string_view, 6> kVersions{"0.5", ".5", "0.6", ".6", "0.7", ".7"};
constexpr std::array<std::string_view, 11> kKeywords{"VERSION",   "FIELDS", "COLUMNS", "SIZE",
                                                     "TYPE",      "COUNT",  "WIDTH",   "HEIGHT",
                                                     "VIEWPOINT", "POINTS", "DATA"};
constexpr std::string_view kMagic = "# .PCD v";
constexpr std::string_view kObjInfo = "obj_info";
constexpr std::size_t kLongestQuote = 40;

char letter_of(FieldType type) {
  switch (type) {
    case FieldType::kFloat32:
    case FieldType::kFloat64:
      return 'F';
    case FieldType::kInt8:
    case FieldType::kInt16:
    case FieldType::kInt32:
    case FieldType::kInt64:
      return 'I';
    default:
      return 'U';
  }
}

std::optional<FieldType> type_of(std::string_view letter, std::string_view size) {
  for (const FieldType type :
       {FieldType::kInt8, FieldType::kUInt8, FieldType::kInt16, FieldType::kUInt16,
        FieldType::kInt32, FieldType::kUInt32, FieldType::kInt64, FieldType::kUInt64,
        FieldType::kFloat32, FieldType::kFloat64}) {
    if (letter.size() == 1 && is_keyword(letter, std::string(1, letter_of(type))) &&
        size == std::to_string(size_of(type))) {
      return type;
    }
  }
  if (is_keyword(letter, "B") && size == "1") return FieldType::kUInt8;  // bool
  return std::nullopt;
}

/// Gathers the lines by keyword, then builds the header from them.
class Parser {
 public:
  explicit Parser(HeaderLines& lines) : lines_(lines) {}

  PcdHeader parse() {
    for (auto line = lines_.next(); line; line = lines_.next()) {
      const auto parts = words(*line);
      if (parts.empty()) continue;
      if (parts[0].front() == '#') {
        add_comment(*line, parts[0].substr(0, 1));
        continue;
      }
      add_entry(*line, parts);
      if (find("DATA") != nullptr) return finished();
    }
    lines_.fail("the header ends here, expected DATA");
  }

 private:
  using Words = std::vector<std::string>;

  void add_comment(const std::string& line, std::string_view hash) {
    if (lines_.count() == 1 && line.starts_with(kMagic)) return;
    const std::string_view text = text_after(line, hash);
    const auto parts = words(text);
    if (!parts.empty() && parts[0] == kObjInfo) {
      header_.metadata.obj_info.emplace_back(text_after(text, parts[0]));
    } else {
      header_.metadata.comments.emplace_back(text);
    }
  }

  void add_entry(const std::string& line, const std::vector<std::string_view>& parts) {
    const auto same = [&](std::string_view keyword) { return is_keyword(parts[0], keyword); };
    const auto found = std::ranges::find_if(kKeywords, same);
    if (found == kKeywords.end()) return keep_stray(line, parts[0]);
    std::string keyword(*found);
    if (keyword == "COLUMNS") keyword = "FIELDS";  // its name in old files
    const bool first = entries_.emplace(keyword, Words(parts.begin() + 1, parts.end())).second;
    if (!first) lines_.fail("a second line " + keyword);
  }

  /// A line that is none of PCD's.
  void keep_stray(const std::string& line, std::string_view word) {
    const auto near = [&](std::string_view keyword) { return resembles(word, keyword); };
    const auto found = std::ranges::find_if(kKeywords, near);
    const std::string quoted = std::string("'").append(word.substr(0, kLongestQuote)).append("'");
    if (found != kKeywords.end()) {
      lines_.fail("unknown word " + quoted + " in the PCD header, expected " + std::string(*found));
    }
    if (word == kObjInfo) {
      header_.metadata.obj_info.emplace_back(text_after(line, word));
    } else {
      header_.metadata.comments.push_back(line);
    }
    note("line " + std::to_string(lines_.count()) + ": " + quoted +
         " does not start a line of a PCD header, it is kept as a comment");
  }

  void note(std::string text) { header_.metadata.notes.push_back(std::move(text)); }

  /// The words after `keyword`; nullptr when there is no such line.
  const Words* find(const std::string& keyword) const {
    const auto found = entries_.find(keyword);
    return found == entries_.end() ? nullptr : &found->second;
  }

  [[noreturn]] void fail(const std::string& keyword, const std::string& problem) const {
    lines_.fail("the header's " + keyword + " " + problem);
  }

  PcdHeader finished() {
    if (const Words* version = find("VERSION")) {
      if (version->size() != 1 ||
          std::ranges::find(kVersions, version->front()) == kVersions.end()) {
        fail("VERSION", "is unknown, expected 0.5, 0.6 or 0.7");
      }
    }
    read_encoding();
    read_fields();
    read_size();
    read_viewpoint();
    return std::move(header_);
  }

  void read_encoding() {
    const Words& data = *find("DATA");
    const std::string_view name = data.size() == 1 ? std::string_view(data.front()) : "";
    const auto found = std::ranges::find_if(kEncodings, [&](const NamedEncoding& encoding) {
      return is_keyword(name, encoding.first);
    });
    if (found == kEncodings.end()) {
      fail("DATA", "is unknown, expected ascii, binary or binary_compressed");
    }
    header_.encoding = found->second;
  }

  /// The words after `keyword`, one a field; `missing` for each when there is no such line.
  Words a_word_a_field(const std::string& keyword, std::size_t fields, const char* missing) const {
    const Words* const found = find(keyword);
    if (found == nullptr) return Words(fields, missing);
    if (found->size() != fields) {
      fail(keyword, "has " + std::to_string(found->size()) + " entries for " +
                        std::to_string(fields) + " FIELDS");
    }
    return *found;
  }

  void read_fields() {
    const Words* const names = find("FIELDS");
    if (names == nullptr) lines_.fail("the header has no FIELDS, expected a PCD file");
    const Words sizes = a_word_a_field("SIZE", names->size(), "4");
    const Words types = a_word_a_field("TYPE", names->size(), "F");
    const Words counts = a_word_a_field("COUNT", names->size(), "1");
    UniqueNames unique;
    for (std::size_t f = 0; f < names->size(); ++f) {
      PcdField field{.name = (*names)[f]};
      const auto type = type_of(types[f], sizes[f]);
      if (!type) {
        fail("SIZE and TYPE", "of " + field.name + " are " + sizes[f] + " and " + types[f] +
                                  ", expected I or U of 1, 2, 4, 8 bytes or F of 4, 8");
      }
      field.type = *type;
      const auto count = whole_number(counts[f]);
      if (!count || *count > UINT32_MAX) {
        fail("COUNT", "of " + field.name + " is '" + counts[f] + "', expected 1 or more");
      }
      field.count = static_cast<std::uint32_t>(*count);
      if (field.count == 0) {
        note("the field " + field.name + " has COUNT 0 and is left out");
      } else if (!field.is_padding()) {
        field.name = unique.add(field.name);
        if (field.name != (*names)[f]) {
          note("a second field " + (*names)[f] + " is read as " + field.name);
        }
      }
      header_.fields.push_back(std::move(field));
    }
  }

  std::optional<std::uint64_t> number(const std::string& keyword) const {
    const Words* const found = find(keyword);
    if (found == nullptr) return std::nullopt;
    const auto value = found->size() == 1 ? whole_number(found->front()) : std::nullopt;
    if (!value) fail(keyword, "is no number");
    return value;
  }

  void read_size() {
    const auto width = number("WIDTH");
    const auto height = number("HEIGHT");
    const auto points = number("POINTS");
    if (!width && !points) lines_.fail("the header has neither WIDTH nor POINTS");
    if (!width && height.value_or(1) != 1) lines_.fail("the header has HEIGHT but no WIDTH");
    header_.width = width.value_or(points.value_or(0));
    header_.height = height.value_or(1);
    const std::uint64_t product = saturated_product(header_.width, header_.height);
    if (product == UINT64_MAX) lines_.fail("the header's WIDTH times HEIGHT overflows");
    if (product != points.value_or(product)) {
      lines_.fail("the header's WIDTH times HEIGHT is " + std::to_string(product) +
                  ", but its POINTS " + std::to_string(*points));
    }
  }

  void read_viewpoint() {
    const Words* const found = find("VIEWPOINT");
    if (found == nullptr) return;
    const auto viewpoint = parse_viewpoint({found->begin(), found->end()});
    if (!viewpoint) fail("VIEWPOINT", "is not seven numbers (tx ty tz qw qx qy qz)");
    header_.metadata.viewpoint = *viewpoint;
  }

  HeaderLines& lines_;
  PcdHeader header_;
  std::map<std::string, Words> entries_;
};

void append_comments(std::string& out, const PcdHeader& header, std::string_view subject) {
  const auto append = [&](std::string_view prefix, const std::string& line) {
    if (line.find('\n') != std::string::npos) {
      throw Error(Fault::kInput, subject, "a comment holds a line break, expected one line");
    }
    out.append(prefix).append(line.empty() ? "" : " ").append(line) += '\n';
  };
  for (const std::string& line : header.metadata.comments) append("#", line);
  for (const std::string& line : header.metadata.obj_info) append("# obj_info", line);
}

}  // namespace

PcdHeader parse_pcd_header(HeaderLines& lines) {
  return Parser(lines).parse();
}

std::string format_pcd_header(const PcdHeader& header, std::string_view subject) {
  std::string names, sizes, types, counts;
  for (const PcdField& field : header.fields) {
    if (!is_header_word(field.name) || field.is_padding()) {
      throw Error(Fault::kInput, subject, "'" + field.name + "' cannot be a name in a PCD file");
    }
    names.append(" ").append(field.name);
    sizes.append(" ").append(std::to_string(size_of(field.type)));
    types.append(" ") += letter_of(field.type);
    counts.append(" ").append(std::to_string(field.count));
  }
  const auto encoding = std::ranges::find(kEncodings, header.encoding, &NamedEncoding::second);
  std::string out(kMagic);
  out += "0.7 - Point Cloud Data file format\n";
  append_comments(out, header, subject);
  out.append("VERSION 0.7\nFIELDS").append(names);
  out.append("\nSIZE").append(sizes);
  out.append("\nTYPE").append(types);
  out.append("\nCOUNT").append(counts);
  out.append("\nWIDTH ").append(std::to_string(header.width));
  out.append("\nHEIGHT ").append(std::to_string(header.height));
  out.append("\nVIEWPOINT ").append(format_viewpoint(header.metadata.viewpoint));
  out.append("\nPOINTS ").append(std::to_string(header.width * header.height));
  out.append("\nDATA ").append(encoding->first) += '\n';
  if (out.size() > kLargestHeader) {
    throw Error(Fault::kInput, subject, "the header would be longer than 1 MiB");
  }
  return out;
}

}  // namespace ptattn::io
