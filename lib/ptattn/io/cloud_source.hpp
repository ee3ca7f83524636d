#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include "ptattn/io/byte_source.hpp"

namespace ptattn::io {

/// Opens a file of points, however its bytes come: a regular file is read where it lies; a pipe
/// (also /dev/stdin and what the shell's <(command) names) is read into memory first.
///
/// A pipe whose first bytes are no cloud's, and one that is longer than half of the machine's
/// memory, is refused before it is read to its end.
/// @throws Error(Fault::kInput); Stopped while it waits for a pipe
[[nodiscard]] std::unique_ptr<ByteSource> open_cloud(const std::filesystem::path& path);

/// Holds what gzip data hold.
struct Unzipped {
  std::unique_ptr<ByteSource> bytes;  ///< in memory; nullptr: it is no gzip data
  std::string note{};                 ///< about other bytes behind them; empty: nothing
};

/// Unpacks gzip data. Several members one behind the other (bgzip, pigz) are one file, and zeros
/// and blanks behind them are padding.
///
/// Data that are no cloud's, that grow to more than 300 times their size (1 MiB at least) or beyond
/// half of the machine's memory are refused at that point.
/// @throws Error(Fault::kInput) also for damaged and truncated data
[[nodiscard]] Unzipped unzipped(const ByteSource& source);

}  // namespace ptattn::io
