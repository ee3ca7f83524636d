#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "ptattn/cloud/normalize.hpp"
#include "ptattn/models/model_folder.hpp"
#include "ptattn/tasks/attention_map.hpp"

namespace ptattn::tools {

/// What was asked for, in the words of the command line.
struct AttentionRun {
  std::string input;
  const ModelDescription& model;
  const AttentionChoice& choice;
  std::optional<std::size_t> query_point;  ///< --query; absent for --at and for no query
  std::optional<Position> at;              ///< where the query is
};

/// "pt_last.sa4, mean of 8 heads", "rollout from pt_last.sa1 to pt_last.sa4, head 0"
[[nodiscard]] std::string choice_text(const AttentionChoice& choice);

/// "chair 95.4 %"
[[nodiscard]] std::string class_text(const ModelDescription& model, const Classification& result);

/// Where attention goes, a line a fact: model, input, class, layer, query, entropy, the share of
/// the heaviest tokens and which points the three heaviest are.
/// @param positions  of the cloud's points
[[nodiscard]] std::string summary_text(const AttentionRun& run, const AttentionAnswer& answer,
                                       std::span<const Position> positions);

/// The layers of a network that have attention weights, with their heads.
[[nodiscard]] std::string layers_text(std::span<const AttentionLayer> layers);

}  // namespace ptattn::tools
