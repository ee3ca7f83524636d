#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "../batch.hpp"
#include "settings.hpp"

namespace ptattn::tools {

/// What became of the coordinates or of a field.
struct SmoothedRecord {
  std::string what;  ///< "coordinates" or the name of a field
  double bandwidth = 0.0;
  /// Mean distance (coordinates) or root mean square error (fields) of predictions of each point by
  /// the others
  double leave_one_out = 0.0;
  double moved = 0.0;       ///< coordinates: root mean square
  std::size_t labels = 0;   ///< a field of labels: points that have one
  std::size_t changed = 0;  ///< of these, the ones that got another
};

/// What was carried over.
struct TransferRecord {
  std::string field;  ///< as written
  bool categorical = false;
  std::size_t classes = 0;
  std::size_t known = 0;  ///< points that the values come from
  double bandwidth = 0.0;
  double vertical = 1.0;
  std::vector<std::pair<std::string, double>> features{};
  double leave_one_out = 0.0;  ///< categorical: share of known points named rightly; else RMS error
  std::size_t unknown = 0;     ///< points without a known one within reach
};

/// Returns what became of one cloud, for people and as JSON.
[[nodiscard]] FileReport report_of(const SmoothSettings& s, const Job& job, std::size_t points,
                                   const std::vector<SmoothedRecord>& records);
[[nodiscard]] FileReport report_of(const SmoothSettings& s, const Job& job, std::size_t points,
                                   const TransferRecord& record);

}  // namespace ptattn::tools
