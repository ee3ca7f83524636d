#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "ptattn/cloud/frame_change.hpp"
#include "ptattn/survey/point_store.hpp"
#include "ptattn/survey/stray_rule.hpp"
#include "ptattn/survey/survey_folder.hpp"
#include "ptattn/survey/survey_grid.hpp"
#include "ptattn/tasks/scene/prepared_scene.hpp"

namespace ptattn {

/// Represents a part of a survey that is labelled by itself.
struct SurveyTile {
  TileBox squares{};
  std::uint64_t points = 0;
};

/// Holds what has been found out about a cloud that is labelled tile by tile, and how it is cut.
struct SurveyPlan {
  std::string key;        ///< hash of the input, the model and the options; other runs are refused
  std::string made_by{};  ///< the same for people
  CloudFrame frame{};
  std::uint64_t memory = 0;  ///< that the work on a tile may take; 0: any
  std::uint64_t points = 0;  ///< of the input
  std::uint64_t kept = 0;    ///< of these, finite and not stray
  std::uint64_t far = 0;     ///< stray: far from all others
  std::uint64_t zeros = 0;   ///< stray: at (0, 0, 0)
  std::uint64_t voxels = 0;
  StrayRule strays{};
  SurveyGrid grid{};
  Cell largest{};  ///< cell of each axis
  FieldStatistics fields{};
  PointLayout layout{};
  std::uint32_t margin = 0;         ///< voxels around a tile whose points it sees
  std::uint32_t column_margin = 0;  ///< voxels around it of whose columns it sees the lowest point
  std::vector<PointChunk> chunks{};
  std::vector<PointChunk> lowest{};  ///< of the lowest points; empty: they are not kept apart
  std::vector<SurveyTile> tiles{};
  std::uint64_t tile_bytes = 0;  ///< that the largest tile is expected to take, beside the network

  [[nodiscard]] WholeScene whole() const { return {grid.box, fields}; }
};

/// Writes a plan into a folder: ranks and chunks, and last plan.json, whose presence says that all
/// else is there.
/// @throws Error(Fault::kInput)
void write_plan(const SurveyPlan& plan, const SurveyFolder& folder);

/// Reads a plan.
/// @throws Error(Fault::kInput) when it cannot be read, or is none
[[nodiscard]] SurveyPlan read_plan(const SurveyFolder& folder);

/// Returns the key of the plan in a folder; empty where there is none, or none that can be read.
[[nodiscard]] std::string read_plan_key(const SurveyFolder& folder);

}  // namespace ptattn
