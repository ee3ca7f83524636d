#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <unordered_map>

#include "record.hpp"

namespace ptattn::tools {

/// What an earlier run left in its JSON Lines output.
struct EarlierRun {
  /// Records of each path (in the form of as_json_text); an input named twice has two.
  std::unordered_map<std::string, std::size_t> records;
  std::size_t failures = 0;       ///< records that hold an error
  std::uintmax_t keep_bytes = 0;  ///< length of the whole lines; what follows was cut by a kill

  /// True when a record of `path` is left, which is used up by the call.
  [[nodiscard]] bool take(const std::string& path);
};

/// Reads the output of an earlier run; a file that does not exist or is empty holds no records.
/// @throws Error(Fault::kInput) when the file is not the JSON Lines output of this command, so that
///         nothing foreign is ever appended to or cut;
///         Error(Fault::kUsage) when another model made it, the same in another precision, or
///         another command line; records that say nothing of that are taken as they are
[[nodiscard]] EarlierRun read_earlier_run(const std::filesystem::path& output,
                                          const MadeBy& made_by);

}  // namespace ptattn::tools
