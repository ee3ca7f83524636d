#include "resume.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "../made_by.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/io/whole_file.hpp"
#include "record.hpp"

namespace ptattn::tools {
namespace {

constexpr std::string_view kRecordStart = "{\"path\":\"";

[[noreturn]] void not_ours(const std::string& subject, std::size_t line_number) {
  throw Error(Fault::kInput, subject,
              "line " + std::to_string(line_number) +
                  " is not a record of this command, --resume needs the output of an earlier run");
}

/// Could `text` be a record that was cut short?
bool is_cut_record(std::string_view text) {
  const std::size_t length = std::min(text.size(), kRecordStart.size());
  return text.substr(0, length) == kRecordStart.substr(0, length);
}

/// "pct-modelnet40", "pct-modelnet40 in int8"
std::string text_of(const MadeBy& made_by) {
  if (made_by.precision == Precision::kFloat32) return made_by.model;
  return made_by.model + " in " + std::string(name_of(made_by.precision));
}

void add_record(std::string_view line, const std::string& subject, std::size_t line_number,
                const MadeBy& made_by, EarlierRun& earlier) {
  const nlohmann::json record = nlohmann::json::parse(line, nullptr, false);
  const auto has_text = [&](const char* key) {
    return record.contains(key) && record[key].is_string();
  };
  if (!record.is_object() || !has_text("path") || !has_text("model")) {
    not_ours(subject, line_number);
  }
  MadeBy earlier_by{record["model"].get<std::string>()};
  if (record.contains("precision")) {
    if (!has_text("precision")) not_ours(subject, line_number);
    const auto precision = precision_named(record["precision"].get<std::string>());
    if (!precision) not_ours(subject, line_number);
    earlier_by.precision = *precision;
  }
  if (earlier_by != made_by) {
    throw Error(
        Fault::kUsage, subject,
        "was made with model " + text_of(earlier_by) + ", this run would use " + text_of(made_by));
  }
  if (record.contains("made_by") && !made_by.run.tool.empty()) {
    const auto run = run_of_json(record["made_by"]);
    if (!run) not_ours(subject, line_number);
    const std::string difference = difference_of(*run, made_by.run);
    if (!difference.empty()) throw Error(Fault::kUsage, subject, "was " + difference);
  }
  ++earlier.records[record["path"].get<std::string>()];
  if (record.contains("error")) ++earlier.failures;
}

}  // namespace

bool EarlierRun::take(const std::string& path) {
  const auto found = records.find(path);
  if (found == records.end() || found->second == 0) return false;
  --found->second;
  return true;
}

EarlierRun read_earlier_run(const std::filesystem::path& output, const MadeBy& made_by) {
  EarlierRun earlier;
  std::error_code ignored;
  if (!std::filesystem::exists(output, ignored)) return earlier;
  const std::string subject = output.string();
  if (!std::filesystem::is_regular_file(output, ignored)) {
    throw Error(Fault::kInput, subject, "cannot be read, --resume needs a file");
  }
  const std::string text = io::read_whole_file(output);
  MadeBy expected{as_json_text(made_by.model), made_by.precision, made_by.run};
  expected.run.model = as_json_text(made_by.run.model);
  for (std::string& option : expected.run.options) option = as_json_text(option);
  std::string_view rest = text;
  for (std::size_t line_number = 1; !rest.empty(); ++line_number) {
    const std::string_view line = rest.substr(0, rest.find('\n'));
    if (line.size() == rest.size()) {  // no newline at its end
      if (!is_cut_record(line)) not_ours(subject, line_number);
      break;
    }
    add_record(line, subject, line_number, expected, earlier);
    earlier.keep_bytes += line.size() + 1;
    rest.remove_prefix(line.size() + 1);
  }
  return earlier;
}

}  // namespace ptattn::tools
