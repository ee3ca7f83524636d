#pragma once

#include <filesystem>
#include <span>
#include <string>

#include "jobs.hpp"
#include "ptattn/cloud/provenance.hpp"

namespace ptattn::tools {

/// True when `source` was changed after `output`; false where one of them is not there, or `source`
/// is no regular file.
[[nodiscard]] bool is_newer(const std::filesystem::path& source,
                            const std::filesystem::path& output);

/// What --resume finds where a job would write.
struct EarlierOutput {
  bool exists = false;
  std::string outdated{};   ///< why it is made anew, "is older than a.ply"; empty: it is kept
  bool says_origin = true;  ///< false: kept though it does not say what made it
};

/// Decides whether the output of an earlier run stands for what this run would make.
///
/// It does not when one of the files that it is made of is newer, when its number of points is not
/// that of its input (of files that can be read in pieces), when it says that another command,
/// model or other options made it, or when it is a cloud that cannot be read. Files that say
/// nothing (pictures, matrices, clouds of other programs) are judged by their age alone; another
/// version of ptattn is no reason.
/// @param run      what this run is; without a tool nothing is compared
/// @param sources  what the output is made of besides the job's input
/// Costs a look at the header of a cloud.
[[nodiscard]] EarlierOutput look_at_output(const Job& job, const Provenance& run,
                                           std::span<const std::filesystem::path> sources);

}  // namespace ptattn::tools
