#pragma once

#include <string>
#include <vector>

#include "log.hpp"
#include "plan.hpp"
#include "task.hpp"

namespace ptattn::tools {

/// Scores of a model on all held-out clouds, as a Markdown table: a row per cloud and one of all;
/// of objects by class, or of many classes, a row per class.
[[nodiscard]] std::string score_table(const std::vector<train::CloudScores>& clouds,
                                      const train::LabelSpace& space, TrainKind kind);

/// What a model is for, in a few words: "labels points: ground, building, tree".
[[nodiscard]] std::string purpose_text(const std::vector<std::string>& classes, TrainKind kind);

/// Terms of use: those given, else those of the data as far as they are known.
[[nodiscard]] std::string terms_text(const TrainPlan& plan, const TrainSettings& settings);

/// What was measured on the held-out part: "mIoU 81.2 % on held-out parts of 3 clouds".
[[nodiscard]] std::string accuracy_text(const Headline& head, const TrainData& data);

/// What a model card is made of.
struct CardFacts {
  const TrainPlan& plan;
  const TrainData& data;
  const TrainSettings& settings;
  std::string command;
  std::size_t parameters;
  std::uint64_t steps;
  std::uint64_t best_step;   ///< of the weights that were kept
  std::string weights_note;  ///< what float16 costs, as measured; may be empty
  std::string head_note;     ///< how the head was fitted; empty: everything was trained in steps
  std::string jumps;         ///< TrainLog::jumps
  double minutes;
  const std::vector<train::CloudScores>& clouds;
  std::string reliability;  ///< see reliability_text
};

/// The model card: data, counts, command, seed, versions, scores per class, calibration.
[[nodiscard]] std::string model_card(const CardFacts& facts);

}  // namespace ptattn::tools
