#include "ptattn/io/las/provenance_records.hpp"

#include <algorithm>
#include <cstdint>

#include "ptattn/cloud/provenance.hpp"
#include "ptattn/io/las/las_records.hpp"

namespace ptattn::io::las {
namespace {

constexpr std::size_t kMostBytes = UINT16_MAX;  // of a VLR

bool is_provenance(const LasRecord& record) {
  return is_record(record, kProvenanceUser, kProvenanceRecord);
}

/// The lines as records, each of whole lines.
std::vector<LasRecord> records_of(std::span<const std::string> comments) {
  std::vector<LasRecord> records;
  for (const std::string& comment : comments) {
    if (!is_provenance_line(comment) || comment.size() >= kMostBytes) continue;
    if (records.empty() || records.back().data.size() + comment.size() >= kMostBytes) {
      records.push_back(make_record(kProvenanceUser, kProvenanceRecord, "what made this file"));
    }
    std::vector<std::byte>& data = records.back().data;
    const auto bytes = std::as_bytes(std::span(comment));
    data.insert(data.end(), bytes.begin(), bytes.end());
    data.push_back(std::byte{'\n'});
  }
  return records;
}

}  // namespace

std::vector<std::string> read_provenance_lines(std::span<const LasRecord> records) {
  std::vector<std::string> lines;
  for (const LasRecord& record : records) {
    if (!is_provenance(record)) continue;
    std::string line;
    for (const std::byte byte : record.data) {
      if (byte != std::byte{'\n'}) {
        line.push_back(static_cast<char>(byte));
        continue;
      }
      if (is_provenance_line(line)) lines.push_back(line);
      line.clear();
    }
  }
  return lines;
}

void store_provenance_lines(std::span<const std::string> comments,
                            std::vector<LasRecord>& records) {
  const std::vector<LasRecord> wanted = records_of(comments);
  if (wanted.empty()) return;
  const auto first = std::ranges::find_if(records, is_provenance) - records.begin();
  std::erase_if(records, is_provenance);
  records.insert(records.begin() + first, wanted.begin(), wanted.end());
}

}  // namespace ptattn::io::las
