#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "output.hpp"

namespace ptattn::tools {

/// How results are written: aligned text for people, one JSON document, one JSON object per line,
/// or comma-separated values (RFC 4180).
enum class Format : std::uint8_t { kTable, kJson, kJsonl, kCsv };

/// The names of the formats, in the order of the enumeration.
[[nodiscard]] const std::vector<std::string>& format_names();
[[nodiscard]] Format format_named(std::string_view name);

/// Chooses the format: the one given, else that of the output's extension (.json, .jsonl, .ndjson,
/// .csv), else a table.
/// @param output  empty: standard output
/// @throws Error(Fault::kUsage) when the extension contradicts the format given
[[nodiscard]] Format choose_format(std::optional<Format> given, const std::string& output);

/// Refuses the names of other kinds of files (.ply, .gz, .xlsx, ...) for results. Comes behind the
/// check that no input is overwritten, which says more.
/// @throws Error(Fault::kUsage)
void require_result_name(const std::string& output);

/// Returns `text` in quotes where RFC 4180 asks for them.
[[nodiscard]] std::string csv_field(std::string_view text);

/// Returns JSON on one line; bytes that are not UTF-8 become U+FFFD.
[[nodiscard]] std::string json_line(const nlohmann::ordered_json& value);

/// Writes one record per file in the format of a run.
///
/// JSON is one array, CSV has a header line: the keys of the first record without an error, nested
/// ones joined by dots, and `error`. Records with an error that come before it wait for it.
class RecordWriter {
 public:
  RecordWriter(Format format, Output& output);

  /// @param table  what stands for the record in a table; may be empty
  void write(const nlohmann::ordered_json& record, const std::string& table);
  /// Ends the document. @param wrote_all  false: nothing is written if nothing was
  void finish(bool wrote_all = true);

 private:
  using Cells = std::vector<std::pair<std::string, std::string>>;  // name and text, in order

  static void flatten(const nlohmann::ordered_json& value, const std::string& prefix, Cells& flat);
  void write_csv(const nlohmann::ordered_json& record);
  void write_row(const Cells& cells);

  Format format_;
  Output& output_;
  std::size_t records_ = 0;
  std::vector<std::string> columns_;  // CSV: empty until they are known
  std::vector<Cells> early_;          // CSV: records before that
};

}  // namespace ptattn::tools
