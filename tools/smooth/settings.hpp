#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "../cloud_options.hpp"
#include "../options.hpp"
#include "ptattn/nn/pooling/kernel_regression.hpp"
#include "ptattn/tasks/geometry/neighborhood.hpp"

namespace ptattn::tools {

inline constexpr std::string_view kSmoothName = "ptattn-smooth";

enum class FieldKind { kByType, kCategorical, kNumeric };

/// The command line of ptattn-smooth.
struct SmoothSettings {
  FileOptions files;
  Kernel kernel = Kernel::kGaussian;
  std::optional<std::size_t> neighbors;
  std::optional<double> radius;
  std::optional<double> bandwidth;  ///< nullopt: learnt
  CloudOptions clouds;

  bool coordinates = false;
  std::vector<std::string> fields;
  std::size_t iterations = 1;

  std::string transfer;
  std::string from;
  FieldKind kind = FieldKind::kByType;
  std::string field;  ///< of the result; empty: called as in the other cloud
  std::string confidence = "confidence";
  std::optional<double> unknown;
  std::optional<double> vertical;     ///< nullopt: learnt
  std::optional<Axis> up = Axis::kZ;  ///< nullopt: the one that the labelled cloud lies flat along
  std::vector<std::string> features;
  std::optional<std::size_t> memory;  ///< bytes; set before the work begins

  /// @param usual  neighbours when neither they nor a radius are given
  [[nodiscard]] Neighborhood neighborhood(std::size_t usual) const {
    constexpr std::size_t kMostInRadius = 256;
    Neighborhood neighborhood{.k = neighbors.value_or(radius ? kMostInRadius : usual)};
    if (radius) neighborhood.radius = *radius;
    return neighborhood;
  }
};

}  // namespace ptattn::tools
