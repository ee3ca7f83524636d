#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include "ptattn/survey/survey_plan.hpp"
#include "ptattn/tasks/features/geometry_features.hpp"
#include "ptattn/tasks/segment/plane_census.hpp"

namespace ptattn {

/// Computes the geometry features of the tiles of a survey: the bits that geometry_features gives
/// within the whole. Refers to its arguments.
///
/// A tile sees a margin around it. Points with neighbours that may lie farther away are looked at
/// again, square by square, with as much around them as they need.
class TileDescriber {
 public:
  /// @throws Error(Fault::kInput) when the points of the plan cannot be read
  TileDescriber(const SurveyPlan& plan, const SurveyFolder& folder, const GeometryOptions& options);

  /// Describes the points of one tile and writes their features into the folder, all at once.
  /// @param tile  below plan.tiles.size()
  /// @throws Error(Fault::kInput) when they cannot be written
  void describe(std::size_t tile, const ProgressCallback& progress = {}) const;
  /// Lets the system read the points of a tile ahead, while another one is described.
  void expect(std::size_t tile) const;

 private:
  /// Points of squares and around them, in the order of the cloud.
  struct Part {
    RawVector<Position> positions;
    std::vector<std::uint32_t> own;  ///< of the points of the squares, square by square
    TileBox seen;
  };
  using Blind = std::pair<std::uint32_t, double>;  ///< point of a square; how far it must see

  [[nodiscard]] Part load(const TileBox& squares, std::uint32_t margin) const;
  [[nodiscard]] PartFeatures describe(const Part& part, std::span<const std::uint32_t> queries,
                                      const ProgressCallback& progress) const;
  void look_farther(std::uint32_t square, std::vector<Blind> blind, std::size_t first,
                    Matrix& values) const;
  [[nodiscard]] std::uint32_t margin_for(const TileBox& square, double reach,
                                         std::uint32_t last) const;

  const SurveyPlan& plan_;
  const SurveyFolder& folder_;
  GeometryOptions options_;
  PointStore store_;
  PlaneCensus<std::uint64_t> census_;  ///< of points, by square
};

}  // namespace ptattn
