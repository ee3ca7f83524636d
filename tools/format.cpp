#include "format.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <utility>

#include "ptattn/core/error.hpp"
#include "target.hpp"

namespace ptattn::tools {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::array<std::pair<const char*, Format>, 4> kExtensions{{{".json", Format::kJson},
                                                                     {".jsonl", Format::kJsonl},
                                                                     {".ndjson", Format::kJsonl},
                                                                     {".csv", Format::kCsv}}};

/// Names that promise a file of another kind than text.
constexpr std::array<std::string_view, 21> kOtherKinds{
    ".ply", ".pcd", ".las", ".laz", ".bin", ".npy", ".safetensors", ".gz",  ".zip", ".xz",  ".bz2",
    ".zst", ".png", ".svg", ".pdf", ".tsv", ".xls", ".xlsx",        ".ods", ".xml", ".html"};

std::string cell(const Json& value) {
  if (value.is_null()) return "";
  return csv_field(value.is_string() ? value.get<std::string>() : json_line(value));
}

}  // namespace

const std::vector<std::string>& format_names() {
  static const std::vector<std::string> names{"table", "json", "jsonl", "csv"};
  return names;
}

Format format_named(std::string_view name) {
  const auto found = std::ranges::find(format_names(), name);
  return static_cast<Format>(found - format_names().begin());
}

Format choose_format(std::optional<Format> given, const std::string& output) {
  for (const auto& [extension, format] : kExtensions) {
    if (!has_extension(output, extension)) continue;
    if (given && *given != format) {
      throw Error(
          Fault::kUsage, "--format",
          format_names()[static_cast<std::size_t>(*given)] + " contradicts the name " + output);
    }
    return format;
  }
  return given.value_or(Format::kTable);
}

void require_result_name(const std::string& output) {
  if (std::ranges::any_of(kOtherKinds, [&](auto kind) { return has_extension(output, kind); })) {
    throw Error(Fault::kUsage, output,
                "is no name for results, expected one ending in .csv, .json, .jsonl or .txt");
  }
}

std::string csv_field(std::string_view text) {
  if (text.find_first_of(",\"\r\n") == std::string_view::npos) return std::string(text);
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '"') quoted += '"';
    quoted += c;
  }
  return quoted + '"';
}

std::string json_line(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

RecordWriter::RecordWriter(Format format, Output& output) : format_(format), output_(output) {}

void RecordWriter::write(const Json& record, const std::string& table) {
  if (format_ == Format::kTable) output_.write(table);
  if (format_ == Format::kJsonl) output_.write(json_line(record) + "\n");
  if (format_ == Format::kJson) {
    output_.write(records_ == 0 ? "[\n" : ",\n");
    output_.write(json_line(record));
  }
  if (format_ == Format::kCsv) write_csv(record);
  ++records_;
}

/// One level of keys: {"a": {"b": 1}} becomes {"a.b": 1}.
void RecordWriter::flatten(const Json& value, const std::string& prefix, Cells& flat) {
  for (const auto& item : value.items()) {
    const std::string key = prefix.empty() ? item.key() : prefix + "." + item.key();
    if (item.value().is_object()) {
      flatten(item.value(), key, flat);
    } else {
      flat.emplace_back(key, cell(item.value()));
    }
  }
}

void RecordWriter::write_csv(const Json& record) {
  Cells flat;
  flatten(record, "", flat);
  if (columns_.empty() && record.contains("error")) {
    early_.push_back(std::move(flat));
    return;
  }
  if (columns_.empty()) {
    for (const auto& [name, text] : flat) columns_.push_back(name);
    columns_.emplace_back("error");
    std::string header;
    for (const std::string& name : columns_) {
      header.append(header.empty() ? "" : ",").append(csv_field(name));
    }
    output_.write(header + "\n");
    for (const Cells& waiting : early_) write_row(waiting);
    early_.clear();
  }
  write_row(flat);
}

void RecordWriter::write_row(const Cells& cells) {
  const std::map<std::string_view, std::string_view> texts(cells.begin(), cells.end());
  std::string row;
  for (const std::string& name : columns_) {
    if (&name != &columns_.front()) row += ',';
    const auto found = texts.find(name);
    if (found != texts.end()) row += found->second;
  }
  output_.write(row + "\n");
}

void RecordWriter::finish(bool wrote_all) {
  if (format_ == Format::kJson && (records_ > 0 || wrote_all)) {
    output_.write(records_ == 0 ? "[]\n" : "\n]\n");
  }
  if (early_.empty()) return;
  columns_ = {"path", "error"};
  output_.write("path,error\n");
  for (const Cells& waiting : early_) write_row(waiting);
  early_.clear();
}

}  // namespace ptattn::tools
