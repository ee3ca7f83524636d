#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "ptattn/cloud/types.hpp"

namespace ptattn {

/// Names what a cloud shows, which decides what is far from it.
enum class Subject : std::uint8_t {
  kObject,  ///< one object: far is a ball of twice its radius
  kScene,   ///< a piece of the earth: ten times its radius, or three times its height from 30 m on
};

// The numbers of the rules below.
inline constexpr std::size_t kFewestForStrays = 20;
inline constexpr std::size_t kStraySample = 10'000;  ///< points that quantiles are taken from
inline constexpr double kStrayInner = 0.98;    ///< share that is surely not stray, or nothing is
inline constexpr double kStraySearched = 1.5;  ///< times the distance of those: gaps are beyond it
inline constexpr double kStrayShare = 0.01;    ///< most that can be stray
inline constexpr double kStrayGapAcross = 10.0;
inline constexpr double kStrayGapInHeight = 3.0;
inline constexpr double kStrayUsualHeight = 30.0;
inline constexpr double kStrayZeroGap = 0.05;

/// Lists points that do not belong to what a cloud shows.
struct Strays {
  std::vector<std::uint32_t> rows;  ///< of the positions, ascending
  std::size_t far = 0;              ///< those beyond an empty shell around all others
  std::size_t zeros = 0;            ///< those at (0, 0, 0), where nothing else is

  [[nodiscard]] bool empty() const { return rows.empty(); }
};

/// Finds stray points: false echoes, and zeros that stand for "no measurement".
///
///   zeros  two or more points at (0, 0, 0), the nearest other one farther than 5 % of the diagonal
///   far    with d the distances from the medians of x, y, z (scenes: once horizontally, once
///          vertically) in ascending order: all points from the first i on with d_i > g d_(i-1), if
///          they are no more than 1 % of the points (or one). g is 2 for objects, 10 and 3 for
///          scenes, where vertical distances below 30 count as 30.
///
/// Of 9843 clouds of ModelNet40 none has such a point; the largest gap is 1.8.
/// @param positions  finite
/// Time O(n); parallel; the same result for any thread count. Fewer than 20 points have no strays.
[[nodiscard]] Strays find_strays(std::span<const Position> positions, Subject subject);

/// Finds a group of points far from one object: those behind a gap as `find_strays` has it for
/// objects, if they are no more than 6 % of the points. More than 1 % may be a part of the object:
/// what is found is a guess that the caller has to check.
/// @param positions  finite
/// @return           their rows, ascending
/// Time O(n); parallel; the same result for any thread count.
[[nodiscard]] std::vector<std::uint32_t> far_group(std::span<const Position> positions);

/// Drops the rows of `strays` from `items`, which keep their order.
template <class Items>
void drop_strays(Items& items, const Strays& strays) {
  std::size_t kept = 0;
  std::size_t next = 0;
  for (std::size_t i = 0; i < items.size(); ++i) {
    if (next < strays.rows.size() && strays.rows[next] == i) {
      ++next;
    } else {
      items[kept++] = items[i];
    }
  }
  items.resize(kept);
}

/// Says what was found, such as "3 of 1024 points lie far from all others and are left out"; empty
/// for none.
/// @param one, many  what becomes of a single one, and of several
[[nodiscard]] std::string stray_note(const Strays& strays, std::size_t points,
                                     const std::string& one = "is left out",
                                     const std::string& many = "are left out");

}  // namespace ptattn
