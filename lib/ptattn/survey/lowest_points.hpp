#pragma once

#include <filesystem>
#include <vector>

#include "ptattn/survey/point_store.hpp"
#include "ptattn/survey/survey_grid.hpp"

namespace ptattn {

/// Writes the lowest point of every column of voxels into a file that a PointStore of the same
/// layout reads, its fields zero. Far from a tile, channels see no more of a column than that, and
/// dense surveys have a tenth as many columns as points.
/// @return  the chunks, one a square; empty, and no file, where there are more than half as many
///          columns as points: then the points themselves can be read
/// Parallel; memory: the points of two squares a thread; the same bytes for any thread count.
[[nodiscard]] std::vector<PointChunk> write_lowest_points(const PointStore& store,
                                                          const SurveyGrid& grid,
                                                          const std::filesystem::path& path);

}  // namespace ptattn
