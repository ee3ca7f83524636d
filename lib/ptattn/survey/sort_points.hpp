#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string_view>

#include "ptattn/io/cloud_stream.hpp"
#include "ptattn/survey/point_spool.hpp"
#include "ptattn/survey/survey_plan.hpp"

namespace ptattn {

/// Hears what a survey is doing, and how much of it is done.
using SurveyProgress =
    std::function<void(std::string_view what, std::size_t done, std::size_t total)>;

/// Holds what a first look at a cloud finds.
struct SurveyLook {
  PointCloud sample;   ///< of the finite points, every s-th: their coordinates, and the metadata
  double share = 1.0;  ///< of the points that are in the sample
  StraySample strays{};
};

/// Reads a cloud once and takes a sample of it.
/// @param spool  gets its points; null: none
/// @throws Error(Fault::kInput) as the stream, and when x, y or z is missing
[[nodiscard]] SurveyLook look_at(CloudStream& stream, const SurveyProgress& progress = {},
                                 PointSpool* spool = nullptr);

/// Checks that the disk of a scratch folder has room.
/// @throws Error(Fault::kInput) when it has not
void check_room(const SurveyFolder& folder, std::uint64_t bytes);

/// Reads a cloud again and finds its strays, the number of its other points and their box.
/// @param plan  has the frame; gets points, kept, far, zeros, strays and the box of the grid
/// @throws Error(Fault::kInput) for fewer than `least` points
void measure_points(CloudStream& stream, SurveyLook look, std::size_t least,
                    const SurveyProgress& progress, SurveyPlan& plan);

/// Hears of the points of each piece that are kept.
using PieceListener =
    std::function<void(const PointCloud& piece, std::span<const std::uint32_t> rows)>;

/// Reads a cloud once more and writes its points by square into the folder.
/// @param memory  that they may take while they wait
/// @param plan    has strays, grid and layout; gets its chunks
void sort_points(CloudStream& stream, const SurveyFolder& folder, std::size_t memory,
                 const PieceListener& listener, const SurveyProgress& progress, SurveyPlan& plan);

}  // namespace ptattn
