#include "ptattn/io/las/las_records.hpp"

#include <algorithm>
#include <cstring>

#include "ptattn/io/las/little_endian.hpp"

namespace ptattn::io::las {
namespace {

// Offsets in both headers; the length has 2 bytes in a VLR and 8 in an EVLR.
constexpr std::size_t kReserved = 0;
constexpr std::size_t kUserId = 2;
constexpr std::size_t kRecordId = 18;
constexpr std::size_t kLength = 20;

template <std::size_t kSize>
std::string_view text_of(const std::array<char, kSize>& text) {
  return {text.begin(), std::find(text.begin(), text.end(), '\0')};
}

LasRecord parse_names(const std::byte* header, std::size_t description) {
  LasRecord record;
  record.reserved = load<std::uint16_t>(header + kReserved);
  std::memcpy(record.user_id.data(), header + kUserId, record.user_id.size());
  record.record_id = load<std::uint16_t>(header + kRecordId);
  std::memcpy(record.description.data(), header + description, record.description.size());
  return record;
}

void append_names(std::byte* header, const LasRecord& record, std::size_t description) {
  store<std::uint16_t>(header + kReserved, record.reserved);
  std::memcpy(header + kUserId, record.user_id.data(), record.user_id.size());
  store<std::uint16_t>(header + kRecordId, record.record_id);
  std::memcpy(header + description, record.description.data(), record.description.size());
}

std::string_view as_text(std::span<const std::byte> bytes) {
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

}  // namespace

bool is_record(const LasRecord& record, std::string_view user_id, std::uint16_t id) {
  return record.record_id == id && text_of(record.user_id) == user_id;
}

bool is_copc_record(const LasRecord& record) {
  return text_of(record.user_id) == kCopcUser;
}

LasRecord make_record(std::string_view user_id, std::uint16_t id, std::string_view description) {
  LasRecord record{.record_id = id};
  user_id.copy(record.user_id.data(), record.user_id.size());
  description.copy(record.description.data(), record.description.size());
  return record;
}

std::vector<LasRecord> read_records(const ByteSource& source, std::uint64_t& begin,
                                    std::uint64_t end, std::uint32_t count) {
  std::vector<LasRecord> records;
  Scratch scratch;
  while (records.size() < count && end - begin >= kRecordHeaderSize) {
    const std::byte* const header = source.view(begin, kRecordHeaderSize, scratch).data();
    const auto length = load<std::uint16_t>(header + kLength);
    if (length > end - begin - kRecordHeaderSize) break;
    LasRecord record = parse_names(header, kLength + 2);
    const auto data = source.view(begin + kRecordHeaderSize, length, scratch);
    record.data.assign(data.begin(), data.end());
    records.push_back(std::move(record));
    begin += kRecordHeaderSize + length;
  }
  return records;
}

std::vector<LasRecord> read_extended_records(const ByteSource& source, std::uint64_t begin,
                                             std::uint32_t count, bool salvage) {
  std::vector<LasRecord> records;
  Scratch scratch;
  while (records.size() < count) {
    const std::uint64_t left = source.size() - std::min(begin, source.size());
    std::uint64_t length = UINT64_MAX;
    LasRecord record;
    if (left >= kExtendedRecordHeaderSize) {
      const auto* const header = source.view(begin, kExtendedRecordHeaderSize, scratch).data();
      length = load<std::uint64_t>(header + kLength);
      record = parse_names(header, kLength + 8);
    }
    if (left < kExtendedRecordHeaderSize || length > left - kExtendedRecordHeaderSize) {
      if (salvage) return records;
      source.fail("ends before its extended records (" + std::to_string(records.size()) + " of " +
                  std::to_string(count) + " are intact), the file is truncated");
    }
    const auto data = source.view(begin + kExtendedRecordHeaderSize, length, scratch);
    record.data.assign(data.begin(), data.end());
    records.push_back(std::move(record));
    begin += kExtendedRecordHeaderSize + length;
  }
  return records;
}

void append_record(std::string& out, const LasRecord& record) {
  std::array<std::byte, kRecordHeaderSize> header{};
  append_names(header.data(), record, kLength + 2);
  store<std::uint16_t>(header.data() + kLength, static_cast<std::uint16_t>(record.data.size()));
  out.append(as_text(header)).append(as_text(record.data));
}

void append_extended_header(std::string& out, const LasRecord& record) {
  std::array<std::byte, kExtendedRecordHeaderSize> header{};
  append_names(header.data(), record, kLength + 8);
  store<std::uint64_t>(header.data() + kLength, record.data.size());
  out.append(as_text(header));
}

}  // namespace ptattn::io::las
