#include "resume.hpp"

#include <algorithm>
#include <fstream>
#include <nlohmann/json.hpp>

#include "ptattn/core/error.hpp"
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

void add_record(const std::string& line, const std::string& subject, std::size_t line_number,
                std::string_view model, EarlierRun& earlier) {
  const nlohmann::json record = nlohmann::json::parse(line, nullptr, false);
  const auto has_text = [&](const char* key) {
    return record.contains(key) && record[key].is_string();
  };
  if (!record.is_object() || !has_text("path") || !has_text("model")) {
    not_ours(subject, line_number);
  }
  const auto made_by = record["model"].get<std::string>();
  if (made_by != model) {
    throw Error(Fault::kUsage, subject,
                "was made with model " + made_by + ", this run would use " + std::string(model));
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

EarlierRun read_earlier_run(const std::filesystem::path& output, std::string_view model) {
  EarlierRun earlier;
  std::error_code ignored;
  if (!std::filesystem::exists(output, ignored)) return earlier;
  const std::string subject = output.string();
  std::ifstream file(output, std::ios::binary);
  if (!file || !std::filesystem::is_regular_file(output, ignored)) {
    throw Error(Fault::kInput, subject, "cannot be read, --resume needs a file");
  }
  const std::string model_text = as_json_text(model);
  std::size_t line_number = 0;
  for (std::string line; std::getline(file, line);) {
    ++line_number;
    if (file.eof()) {  // no newline at its end
      if (!is_cut_record(line)) not_ours(subject, line_number);
      break;
    }
    add_record(line, subject, line_number, model_text, earlier);
    earlier.keep_bytes += line.size() + 1;
  }
  if (file.bad()) throw Error(Fault::kInput, subject, "cannot be read");
  return earlier;
}

}  // namespace ptattn::tools
