#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ptattn/cloud/las_metadata.hpp"
#include "ptattn/io/byte_source.hpp"

namespace ptattn::io::las {

inline constexpr std::size_t kRecordHeaderSize = 54;          ///< of a VLR
inline constexpr std::size_t kExtendedRecordHeaderSize = 60;  ///< of an EVLR

inline constexpr std::string_view kStandardUser = "LASF_Spec";
inline constexpr std::uint16_t kExtraBytesRecord = 4;
inline constexpr std::string_view kCopcUser = "copc";

[[nodiscard]] bool is_record(const LasRecord& record, std::string_view user_id, std::uint16_t id);
/// Returns true for the records that index a COPC file: they describe the places of its chunks.
[[nodiscard]] bool is_copc_record(const LasRecord& record);

/// Returns a record with these names; longer ones are cut.
[[nodiscard]] LasRecord make_record(std::string_view user_id, std::uint16_t id,
                                    std::string_view description);

/// Reads up to `count` VLRs from `begin` on; `begin` moves behind them. It stops before one that
/// reaches beyond `end`.
[[nodiscard]] std::vector<LasRecord> read_records(const ByteSource& source, std::uint64_t& begin,
                                                  std::uint64_t end, std::uint32_t count);

/// Reads `count` EVLRs from `begin` on.
/// @param salvage  leave out those that the file does not hold whole
/// @throws Error(Fault::kInput) when one ends beyond the file, unless `salvage`
[[nodiscard]] std::vector<LasRecord> read_extended_records(const ByteSource& source,
                                                           std::uint64_t begin, std::uint32_t count,
                                                           bool salvage);

/// Appends the bytes of a VLR, or of the header of an EVLR, whose data follow it.
void append_record(std::string& out, const LasRecord& record);
void append_extended_header(std::string& out, const LasRecord& record);

}  // namespace ptattn::io::las
