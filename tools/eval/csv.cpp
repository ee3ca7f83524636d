#include "csv.hpp"

#include <algorithm>

#include "ptattn/core/error.hpp"

namespace ptattn::tools {
namespace {

/// The field that starts at `at`, which moves behind it: to a comma, a line break or the end.
std::string take_field(const std::string& text, std::size_t& at, const std::string& subject) {
  if (at >= text.size() || text[at] != '"') {
    const std::size_t end = std::min(text.find_first_of(",\r\n", at), text.size());
    std::string field = text.substr(at, end - at);
    at = end;
    return field;
  }
  std::string field;
  for (++at; at < text.size(); ++at) {
    if (text[at] == '"') {
      ++at;
      if (at >= text.size() || text[at] != '"') return field;
    }
    field += text[at];
  }
  throw Error(Fault::kInput, subject, "has a quote without an end");
}

}  // namespace

std::vector<std::vector<std::string>> parse_csv(const std::string& text,
                                                const std::string& subject) {
  std::vector<std::vector<std::string>> rows;
  for (std::size_t at = 0; at < text.size();) {
    if (text[at] == '\n' || text[at] == '\r') {
      ++at;
      continue;
    }
    std::vector<std::string>& row = rows.emplace_back();
    row.push_back(take_field(text, at, subject));
    while (at < text.size() && text[at] == ',') {
      ++at;
      row.push_back(take_field(text, at, subject));
    }
    if (at < text.size() && text[at] != '\n' && text[at] != '\r') {
      throw Error(Fault::kInput, subject,
                  "has text behind a quote in row " + std::to_string(rows.size()));
    }
  }
  return rows;
}

}  // namespace ptattn::tools
