#pragma once

#include <string>
#include <vector>

#include "log.hpp"
#include "plan.hpp"

namespace ptattn::tools {

/// Scores of a model on all held-out clouds, as a Markdown table: a row per cloud and one of all;
/// of objects by class, or of many classes, a row per class.
[[nodiscard]] std::string score_table(const std::vector<train::CloudScores>& clouds,
                                      const train::LabelSpace& space, TrainKind kind);

/// What a model card is made of.
struct CardFacts {
  const TrainPlan& plan;
  const TrainData& data;
  const TrainSettings& settings;
  std::string command;
  std::size_t parameters;
  std::uint64_t steps;
  double minutes;
  const std::vector<train::CloudScores>& clouds;
};

/// The model card: data, counts, command, seed, versions, scores per class, calibration.
[[nodiscard]] std::string model_card(const CardFacts& facts);

}  // namespace ptattn::tools
