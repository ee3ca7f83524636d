#include "results.hpp"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <string_view>

#include "../text.hpp"
#include "../text_file.hpp"
#include "csv.hpp"
#include "ptattn/core/error.hpp"

namespace ptattn::tools {
namespace fs = std::filesystem;
namespace {

using Rows = std::vector<std::vector<std::string>>;

/// @param place  of the record, as "line 3"
ClassifyResult result_of(const nlohmann::json& record, const std::string& subject,
                         const std::string& place) {
  const auto has_text = [&](const char* key) {
    return record.is_object() && record.contains(key) && record[key].is_string();
  };
  if (!has_text("path") || !(has_text("class") || has_text("error"))) {
    throw Error(Fault::kInput, subject, place + " is not a record of ptattn-classify");
  }
  ClassifyResult result{record["path"],
                        has_text("class") ? record["class"].get<std::string>() : ""};
  if (record.contains("confidence") && record["confidence"].is_number()) {
    result.confidence = record["confidence"].get<double>();
  }
  if (has_text("model")) result.model = record["model"];
  return result;
}

std::vector<ClassifyResult> parse_jsonl(const std::string& text, const std::string& subject) {
  std::vector<ClassifyResult> results;
  std::string_view rest = text;
  std::size_t number = 0;
  for (std::string_view line; take_line(rest, line);) {
    ++number;
    if (line.empty() || line == "\r") continue;
    results.push_back(result_of(nlohmann::json::parse(line, nullptr, false), subject,
                                "line " + std::to_string(number)));
  }
  return results;
}

/// One array of records.
std::vector<ClassifyResult> parse_document(const std::string& text, const std::string& subject) {
  const nlohmann::json document = nlohmann::json::parse(text, nullptr, false);
  if (!document.is_array()) throw Error(Fault::kInput, subject, "is not valid JSON");
  std::vector<ClassifyResult> results;
  for (const nlohmann::json& record : document) {
    results.push_back(result_of(record, subject, "record " + std::to_string(results.size() + 1)));
  }
  return results;
}

std::optional<double> as_number(const std::string& text) {
  double number = 0.0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// The rows behind the header as path, class and, where it is there, confidence.
std::vector<ClassifyResult> path_and_class(const Rows& rows, const std::string& subject) {
  const auto column = [&](const char* name) {
    const auto found = rows.empty() ? std::vector<std::string>::const_iterator{}
                                    : std::ranges::find(rows.front(), name);
    if (rows.empty() || found == rows.front().end()) {
      throw Error(Fault::kInput, subject,
                  std::string("has no column ") + name + ", expected path and class");
    }
    return static_cast<std::size_t>(found - rows.front().begin());
  };
  const std::size_t path = column("path");
  const std::size_t name = column("class");
  const auto confidence = std::ranges::find(rows.front(), "confidence");
  const auto model = std::ranges::find(rows.front(), "model");
  const auto cell = [&](std::size_t row, auto column_found) {
    return rows[row][static_cast<std::size_t>(column_found - rows.front().begin())];
  };
  std::vector<ClassifyResult> results;
  for (std::size_t i = 1; i < rows.size(); ++i) {
    if (rows[i].size() != rows.front().size()) {
      throw Error(Fault::kInput, subject,
                  "row " + std::to_string(i + 1) + " has " + std::to_string(rows[i].size()) +
                      " fields, expected " + std::to_string(rows.front().size()));
    }
    results.push_back({rows[i][path], rows[i][name]});
    if (confidence != rows.front().end()) {
      results.back().confidence = as_number(cell(i, confidence));
    }
    if (model != rows.front().end()) results.back().model = cell(i, model);
  }
  return results;
}

std::vector<ClassifyResult> parse_results(const std::string& text, const std::string& subject) {
  if (text.starts_with('[')) return parse_document(text, subject);
  if (text.starts_with('{')) return parse_jsonl(text, subject);
  return path_and_class(parse_csv(text, subject), subject);
}

}  // namespace

std::vector<ClassifyResult> read_results(const std::string& path) {
  const std::string subject = path == "-" ? "standard input" : path;
  std::vector<ClassifyResult> results = parse_results(read_text_file(path), subject);
  if (results.empty()) throw Error(Fault::kInput, subject, "holds no result");
  return results;
}

TruthTable::TruthTable(const std::string& file) : file_(file) {
  for (const auto& [path, name, confidence, model] :
       path_and_class(parse_csv(read_text_file(file), file), file)) {
    if (name.empty()) throw Error(Fault::kInput, file, "has no class for " + path);
    if (!by_path_.emplace(fs::path(path).lexically_normal(), name).second) {
      throw Error(Fault::kInput, file, "names " + path + " twice");
    }
    by_name_[fs::path(path).filename()].push_back(name);
  }
}

std::string TruthTable::class_of(const std::string& path) const {
  const auto same_path = by_path_.find(fs::path(path).lexically_normal());
  if (same_path != by_path_.end()) return same_path->second;
  const auto same_name = by_name_.find(fs::path(path).filename());
  if (same_name == by_name_.end()) throw Error(Fault::kInput, file_, "has no class for " + path);
  if (same_name->second.size() > 1) {
    throw Error(Fault::kInput, file_, "has several entries of the file name of " + path);
  }
  return same_name->second.front();
}

std::string class_of_folder(const std::string& path) {
  std::string name = fs::path(path).lexically_normal().parent_path().filename();
  if (name.empty() || name == "." || name == "..") {
    throw Error(Fault::kInput, path, "is not in a folder that could name its class");
  }
  return name;
}

std::string class_of_file(const std::string& path) {
  std::string name = fs::path(path).stem();
  name.resize(name.find_last_not_of("0123456789") + 1);
  name.resize(name.find_last_not_of("_-. ") + 1);
  if (name.empty()) throw Error(Fault::kInput, path, "has a file name without a class");
  return name;
}

}  // namespace ptattn::tools
