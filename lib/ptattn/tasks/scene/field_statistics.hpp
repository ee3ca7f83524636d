#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "ptattn/cloud/point_cloud.hpp"
#include "ptattn/tasks/scene/ranks.hpp"

namespace ptattn {

/// Holds what the channels of a cloud's fields are made of that no part of it tells by itself.
struct FieldStatistics {
  bool has_intensity = false;                      ///< there is one, and not the same everywhere
  bool has_returns = false;                        ///< likewise
  std::shared_ptr<const Ranks> intensity_ranks{};  ///< of all points that count
  double largest_intensity = 0.0;                  ///< of these
  double full_color = 255.0;                       ///< see full_color
};

/// Gathers them piece by piece.
///
/// The ranks are exact for up to 2^20 different intensities; beyond that neighbouring ones are
/// taken as one, which moves a rank by less than a millionth.
class FieldCensus {
 public:
  /// Takes the next piece of a cloud.
  /// @param rows  points of the piece that count: finite, and no strays
  void add(const PointCloud& piece, std::span<const std::uint32_t> rows);
  [[nodiscard]] FieldStatistics finish() const;

 private:
  /// Notes whether values differ.
  struct Variation {
    std::optional<double> first{};
    bool varies = false;

    void add(const Field& field, std::size_t points);
  };

  void add_intensities(const Field& field, std::span<const std::uint32_t> rows);
  void merge_neighbors();

  Variation intensity_;
  Variation returns_;
  std::map<double, std::uint64_t> counts_;  ///< by intensity
  double largest_intensity_ = 0.0;
  double full_color_ = 1.0;
  bool has_colors_ = false;
};

}  // namespace ptattn
