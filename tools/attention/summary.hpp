#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <span>
#include <string>

#include "../format.hpp"
#include "attention_model.hpp"
#include "ptattn/cloud/normalize.hpp"
#include "ptattn/tasks/inspect/attention_map.hpp"

namespace ptattn::tools {

/// What was asked for, in the words of the command line.
struct AttentionRun {
  std::string input;
  const AttentionModel& model;
  const AttentionQuery& query;
  std::optional<Position> at;  ///< --at
};

/// "pt_last.sa4, mean of 8 heads", "rollout from pt_last.sa1 to pt_last.sa4, head 0"
[[nodiscard]] std::string choice_text(const AttentionChoice& choice);

/// "chair 95.4 %", the class of the highest probability; empty where there is none.
[[nodiscard]] std::string class_text(const AttentionModel& model, const AttentionResult& result);

/// Where attention goes, a line a fact: model, input, class, layer, query, entropy, the share of
/// the heaviest tokens and which points the three heaviest are.
/// @param positions  of the cloud's points
[[nodiscard]] std::string summary_text(const AttentionRun& run, const AttentionResult& result,
                                       std::span<const Position> positions);

/// The same as keys of a record.
[[nodiscard]] nlohmann::ordered_json summary_json(const AttentionRun& run,
                                                  const AttentionResult& result);

/// Prints --list-layers: the layers of a network that have attention weights, with their heads.
/// @return  the exit code, 0
int print_layers(std::span<const AttentionLayer> layers, std::optional<Format> format);

}  // namespace ptattn::tools
