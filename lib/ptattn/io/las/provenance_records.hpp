#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ptattn/cloud/las_metadata.hpp"

namespace ptattn::io::las {

/// VLRs that say what made a file (cloud/provenance.hpp): lines of UTF-8 text, each ended by a line
/// feed; what is too long for one record goes on in the next.
inline constexpr std::string_view kProvenanceUser = "ptattn";
inline constexpr std::uint16_t kProvenanceRecord = 1;

/// Returns the lines of the records that say what made the file.
[[nodiscard]] std::vector<std::string> read_provenance_lines(std::span<const LasRecord> records);

/// Writes those of `comments` that belong to a provenance into `records`: into those that are
/// there, where they stand, else behind the others. Without such comments records stay as they are.
void store_provenance_lines(std::span<const std::string> comments, std::vector<LasRecord>& records);

}  // namespace ptattn::io::las
