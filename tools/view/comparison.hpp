#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "ptattn/cloud/point_cloud.hpp"
#include "ptattn/view/class_table.hpp"
#include "ptattn/view/coloring.hpp"

namespace ptattn::tools {

/// Which names a field of classes has.
using ClassNames = std::function<view::ClassTable(const view::ColorSource&)>;

/// A field of a cloud.
struct Compared {
  const PointCloud& cloud;
  view::ColorSource source;
};

/// How two fields differ, point by point in file order.
struct Comparison {
  std::string problem;                       ///< why points cannot be compared; else empty
  std::array<view::ColorSource, 2> sources;  ///< what was compared
  std::size_t points = 0;
  std::size_t differing = 0;
  /// Pairs of labels that differ, the most frequent first: label in A, label in B, points.
  struct Change {
    std::int64_t from = 0;
    std::int64_t to = 0;
    std::size_t points = 0;
  };
  std::vector<Change> changes{};  ///< classes only
  double largest = 0.0;           ///< difference of numbers; classes: 0
};

/// Compares what two clouds of the same points, or one twice, are coloured by.
///
/// Classes are alike when their codes mean the same: the same name, or one name that is more
/// precise ("high vegetation", "vegetation"). Numbers are alike when they are equal or both NaN.
[[nodiscard]] Comparison compare(const Compared& a, const Compared& b, const ClassNames& classes);

/// Finds the points that differ in two fields of classes.
/// @return [n]; empty when a field is none of classes or the clouds do not fit each other
[[nodiscard]] std::vector<bool> differing_points(const Compared& a, const Compared& b,
                                                 const ClassNames& classes);

}  // namespace ptattn::tools
