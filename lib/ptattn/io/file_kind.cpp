#include "ptattn/io/file_kind.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <string_view>
#include <vector>

#include "ptattn/io/ascii_numbers.hpp"
#include "ptattn/io/header_lines.hpp"
#include "ptattn/io/las/las_header.hpp"

namespace ptattn::io {
namespace {

using namespace std::string_view_literals;

constexpr std::size_t kLook = 4096;

struct Magic {
  std::size_t offset;
  std::string_view bytes;
  std::string_view kind;
};

constexpr std::string_view kUnpack = ", unpack it first";
constexpr std::string_view kConvert =
    ", which is not supported, convert it to PLY, PCD or LAS first";

constexpr std::array kArchives{
    Magic{0, "PK\3\4", "a zip archive"},
    Magic{0, "\x1f\x8b", "gzip data within gzip data"},
    Magic{0, "BZh", "bzip2 data"},
    Magic{0,
          "\xfd"
          "7zXZ\0"sv,
          "xz data"},
    Magic{0, "\x28\xb5\x2f\xfd", "zstd data"},
    Magic{0, "7z\xbc\xaf\x27\x1c", "a 7z archive"},
    Magic{0, "Rar!\x1a\7", "a rar archive"},
    Magic{257, "ustar", "a tar archive"},
};

constexpr std::array kFormats{
    Magic{0, "ASTM-E57", "an E57 file"},
    Magic{0, "%PDF-", "a PDF document"},
    Magic{0, "\x89PNG", "a PNG picture"},
    Magic{0, "\xff\xd8\xff", "a JPEG picture"},
    Magic{0, "II*\0"sv, "a TIFF picture"},
    Magic{0, "MM\0*"sv, "a TIFF picture"},
    Magic{0, "\x93NUMPY", "a NumPy array"},
    Magic{0, "\x89HDF\r\n\x1a\n", "an HDF5 file"},
    Magic{0, "glTF", "a glTF model"},
    Magic{0, "#ROSBAG", "a ROS bag"},
    Magic{0, "\x89MCAP", "an MCAP log"},
    Magic{0, "SQLite format 3", "an SQLite database"},
    Magic{0, "PAR1", "a Parquet table"},
    Magic{0, "LASF_ERROR", "a LASzip error file"},
    Magic{0, "NGSP", "a packed Gaussian splat (SPZ)"},
    Magic{0, "Kaydara FBX", "an FBX model"},
    Magic{0, "# vtk DataFile", "a VTK file"},
    Magic{0, "solid ", "an STL model"},
    Magic{0, "OFF\n", "an OFF mesh"},
    Magic{0, "OFF\r", "an OFF mesh"},
    Magic{0, "COFF\n", "an OFF mesh"},
    Magic{0,
          "\x7f"
          "ELF",
          "a program"},
};

bool begins(std::string_view text, std::string_view with) {
  return std::ranges::equal(text.substr(0, with.size()), with, [](unsigned char a, char b) {
    return static_cast<char>(std::tolower(a)) == b;
  });
}

template <std::size_t kCount>
std::string_view find_magic(const std::array<Magic, kCount>& magics, std::string_view start) {
  for (const Magic& magic : magics) {
    if (start.size() < magic.offset) continue;
    if (start.substr(magic.offset).starts_with(magic.bytes)) return magic.kind;
  }
  return {};
}

/// "ply" in two bytes a letter, with or without a byte-order mark.
bool is_utf16(std::string_view start) {
  return start.starts_with("\xff\xfe") || start.starts_with("\xfe\xff") ||
         start.starts_with("p\0l\0y\0"sv) || start.starts_with("\0p\0l\0y"sv) ||
         start.starts_with("#\0 \0.\0"sv);
}

/// The lines of a text that say something, without comments; none for bytes that are no text.
std::vector<std::string_view> telling_lines(std::string_view text) {
  const auto is_text = [](unsigned char c) { return c >= 0x20 || is_space(static_cast<char>(c)); };
  std::vector<std::string_view> lines;
  if (!std::ranges::all_of(text, is_text)) return lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find_first_of("\r\n"), text.size());
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(std::min(end + 1, text.size()));
    const std::size_t first = line.find_first_not_of(" \t");
    if (first == std::string_view::npos || line[first] == '#') continue;
    lines.push_back(line.substr(first));
  }
  return lines;
}

bool is_obj(const std::vector<std::string_view>& lines) {
  constexpr std::array kWords{"v ", "vn ", "vt ", "mtllib ", "o ", "g ", "usemtl "};
  return !lines.empty() && std::ranges::any_of(kWords, [&](std::string_view word) {
    return lines.front().starts_with(word);
  });
}

/// At least three numbers a line, parted by blanks, commas or semicolons.
bool is_table(const std::vector<std::string_view>& lines) {
  constexpr std::size_t kLines = 3;
  if (lines.size() < kLines) return false;
  for (const std::string_view line : std::span(lines).subspan(1, kLines - 1)) {
    std::string blanks(line);
    std::ranges::replace_if(
        blanks, [](char c) { return c == ',' || c == ';'; }, ' ');
    const auto parts = words(blanks);
    if (parts.size() < 3) return false;
    for (const std::string_view part : parts) {
      double value = 0.0;
      auto* const out = reinterpret_cast<std::byte*>(&value);
      if (parse_number(part, FieldType::kFloat64, out) != NumberFault::kNone) return false;
    }
  }
  return true;
}

std::string kind_of_text(std::string_view start) {
  const auto lines = telling_lines(start);
  const std::string_view first = lines.empty() ? std::string_view() : lines.front();
  if (begins(first, "<!doctype html") || begins(first, "<html")) {
    return "is an HTML page, not the file that it links to";
  }
  if (begins(first, "<?xml") || first.starts_with('<')) return "is an XML file";
  if (first.starts_with('{') || first.starts_with('[')) return "is a JSON file";
  if (is_obj(lines)) return "is an OBJ model" + std::string(kConvert);
  if (is_table(lines)) {
    return "is a table of numbers (XYZ, PTS, TXT or CSV)" + std::string(kConvert);
  }
  return "";
}

}  // namespace

std::optional<FileFormat> format_of(const ByteSource& source) {
  if (las::is_las(source)) return FileFormat::kLas;
  constexpr std::array<std::string_view, 3> kPcdStarts{"VERSION", "FIELDS", "COLUMNS"};
  HeaderLines lines(source);
  bool commented = false;
  for (auto line = lines.next(); line; line = lines.next()) {
    const auto parts = words(*line);
    if (parts.empty()) continue;
    if (!commented && parts.size() == 1 && is_keyword(parts[0], "ply")) return FileFormat::kPly;
    if (parts[0].front() == '#') {
      commented = true;
      continue;
    }
    const bool is_pcd = std::ranges::any_of(
        kPcdStarts, [&](std::string_view start) { return is_keyword(parts[0], start); });
    return is_pcd ? std::optional(FileFormat::kPcd) : std::nullopt;
  }
  return std::nullopt;
}

std::string other_kind(const ByteSource& source) {
  Scratch scratch;
  const auto count = static_cast<std::size_t>(std::min<std::uint64_t>(kLook, source.size()));
  const auto bytes = source.view(0, count, scratch);
  std::string_view start(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  if (start.empty()) return "";
  if (start.starts_with("version https://git-lfs")) {
    return "is a Git LFS pointer, not the file itself, fetch the file with git lfs pull";
  }
  if (start.starts_with("\0\5\x16\7"sv)) {
    return "is an AppleDouble file, which macOS writes beside another file, not that file itself";
  }
  if (is_utf16(start)) return "is text in UTF-16, expected ASCII or UTF-8";
  if (const auto kind = find_magic(kArchives, start); !kind.empty()) {
    return std::string("is ").append(kind).append(kUnpack);
  }
  if (const auto kind = find_magic(kFormats, start); !kind.empty()) {
    return std::string("is ").append(kind).append(kConvert);
  }
  if (std::ranges::all_of(start, [](char c) { return c == '\0'; })) {
    return "holds nothing but zeros where its header should be, the copy may be incomplete";
  }
  if (start.starts_with(kByteOrderMark)) start.remove_prefix(kByteOrderMark.size());
  return kind_of_text(start);
}

void refuse_other_kinds(const ByteSource& source) {
  // What is known not to be a cloud is not searched for a header.
  const std::string kind = las::is_las(source) ? "" : other_kind(source);
  if (!kind.empty()) source.fail(kind);
  if (!format_of(source)) source.fail("is not a PLY, PCD or LAS file");
}

}  // namespace ptattn::io
