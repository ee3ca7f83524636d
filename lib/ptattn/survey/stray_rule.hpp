#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "ptattn/cloud/bounds.hpp"
#include "ptattn/cloud/types.hpp"

namespace ptattn {

/// Says which points of a scene are stray, one by one, where find_strays says it of all at once.
struct StrayRule {
  bool zeros = false;  ///< points at (0, 0, 0) are
  Position middle{};
  double across = std::numeric_limits<double>::infinity();  ///< and those that far from it in plan
  double height = std::numeric_limits<double>::infinity();  ///< or in height

  [[nodiscard]] bool is_stray(const Position& p) const;
};

/// Holds some points of a cloud, spread evenly, and what a first pass finds about all of them.
struct StraySample {
  std::vector<Position> positions{};                         ///< finite ones
  std::size_t finite = 0;                                    ///< of the cloud
  std::size_t zeros = 0;                                     ///< of these, those at (0, 0, 0)
  double nearest = std::numeric_limits<double>::infinity();  ///< of the others, to (0, 0, 0)
};

/// Finds the stray points of a scene, and the bounds of all others, piece by piece.
///
/// The rule is that of find_strays. Its medians and quantiles are of the sample; distances beyond
/// the usual ones are gathered by octave, in which no gap of three times can hide.
class StrayCensus {
 public:
  /// @param sample  of all finite points, every s-th
  explicit StrayCensus(StraySample sample);

  /// Takes the next finite points. Parallel; the same result for any thread count.
  void add(std::span<const Position> positions);
  [[nodiscard]] StrayRule rule() const;
  /// Returns the bounds of the points that are not stray.
  [[nodiscard]] PositionBounds bounds() const;
  /// Returns how many are stray because they are far away, and at (0, 0, 0).
  [[nodiscard]] std::pair<std::size_t, std::size_t> strays() const;

 private:
  /// Points whose distances lie in the same octaves.
  struct Group {
    std::size_t count = 0;
    PositionBounds bounds{};
    std::array<double, 2> least{};  ///< distance across, and in height
    std::array<double, 2> largest{};

    void add(const Group& other);
  };
  using Key = std::pair<int, int>;  ///< octaves across and in height; 0: usual
  using Groups = std::map<Key, Group>;

  [[nodiscard]] Groups groups_of(std::span<const Position> positions) const;
  [[nodiscard]] double first_gap(std::size_t axis, double factor) const;

  StraySample sample_;
  StrayRule rule_;                 ///< without its distances
  std::array<double, 2> inner_{};  ///< distances within which all is usual
  Groups groups_;
  std::size_t zeros_ = 0;
};

}  // namespace ptattn
