#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "../cloud_options.hpp"
#include "ptattn/nn/pooling/kernel_regression.hpp"
#include "ptattn/tasks/geometry/neighborhood.hpp"

namespace ptattn::tools {

inline constexpr std::string_view kSmoothName = "ptattn-smooth";

enum class ReportFormat { kText, kJson, kNone };
enum class FieldKind { kByType, kCategorical, kNumeric };

/// The command line of ptattn-smooth.
struct SmoothSettings {
  std::string input;
  std::string output;
  Kernel kernel = Kernel::kGaussian;
  std::optional<std::size_t> k;
  std::optional<double> radius;
  std::optional<double> bandwidth;  ///< nullopt: learnt
  ReportFormat report = ReportFormat::kText;
  CloudOptions clouds;

  bool coordinates = false;
  std::vector<std::string> fields;
  std::size_t iterations = 1;

  std::string transfer;
  std::string from;
  FieldKind kind = FieldKind::kByType;
  std::string as;
  std::string confidence = "confidence";
  std::optional<double> unknown;
  std::optional<double> vertical;  ///< nullopt: learnt
  std::vector<std::string> features;

  /// @param usual  k when neither k nor a radius is given
  [[nodiscard]] Neighborhood neighborhood(std::size_t usual) const {
    constexpr std::size_t kMostInRadius = 256;
    Neighborhood neighborhood{.k = k.value_or(radius ? kMostInRadius : usual)};
    if (radius) neighborhood.radius = *radius;
    return neighborhood;
  }
};

}  // namespace ptattn::tools
