#pragma once

#include <cstddef>
#include <string>
#include <vector>

namespace CLI {
class App;
}

namespace ptattn::tools {

/// The part of the work on a cloud that a command does: all of it, or a step of a survey on many
/// machines.
enum class SurveyStep { kAll, kPlan, kTiles, kMerge };

/// How clouds that do not fit into memory are worked on.
struct ScratchOptions {
  bool out_of_core = false;  ///< also those that would fit
  std::string scratch{};     ///< folder that scratch folders are made in; empty: beside the output
  bool resume = false;       ///< go on where an earlier run stopped
};

/// The same with steps for many machines.
struct SurveyOptions : ScratchOptions {
  bool plan = false;    ///< the first step alone
  std::string tiles{};  ///< the second step alone: the tiles to label
  bool merge = false;   ///< the last step alone

  [[nodiscard]] SurveyStep step() const;
  /// Returns whether every cloud is labelled piece by piece.
  [[nodiscard]] bool is_wanted() const { return out_of_core || step() != SurveyStep::kAll; }
};

/// --out-of-core and --scratch. `options` must outlive the parsing.
/// @param words  what is done to every cloud
/// @param bytes  that a point takes in the folder, as in "50 to 100"
void add_scratch_options(CLI::App& app, ScratchOptions& options, const std::string& words,
                         const std::string& bytes);

/// --out-of-core, --scratch, --plan, --tile and --merge. `options` must outlive the parsing.
void add_survey_options(CLI::App& app, SurveyOptions& options);

/// Checks that steps are asked for one at a time, and of one cloud.
/// @throws Error(Fault::kUsage)
void check_survey_options(const SurveyOptions& options, std::size_t inputs);

/// Returns which of `tiles` tiles a list names, from 0 on: "2,5-7" the second and the fifth to the
/// seventh, "2/8" every eighth from the second on.
/// @throws Error(Fault::kUsage) for tiles that there are not
[[nodiscard]] std::vector<std::size_t> listed_tiles(const std::string& list, std::size_t tiles);

}  // namespace ptattn::tools
