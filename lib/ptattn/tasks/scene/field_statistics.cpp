#include "ptattn/tasks/scene/field_statistics.hpp"

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <iterator>
#include <limits>
#include <unordered_map>
#include <utility>
#include <vector>

#include "ptattn/cloud/columns.hpp"
#include "ptattn/cloud/field_meaning.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kMostValues = std::size_t{1} << 20U;

}  // namespace

void FieldCensus::Variation::add(const Field& field, std::size_t points) {
  for (std::size_t i = 0; i < points && !varies; ++i) {
    const double value = field.as_double(i);
    if (!first) first = value;
    varies = value != *first && !(std::isnan(value) && std::isnan(*first));
  }
}

void FieldCensus::add(const PointCloud& piece, std::span<const std::uint32_t> rows) {
  if (const Field* const intensity = find_field(piece, Meaning::kIntensity)) {
    intensity_.add(*intensity, piece.size());
    add_intensities(*intensity, rows);
  }
  const Field* const number = find_field(piece, Meaning::kReturnNumber);
  const Field* const total = find_field(piece, Meaning::kNumberOfReturns);
  if (number != nullptr && total != nullptr) returns_.add(*total, piece.size());
  const std::vector<FieldColumn> colors = find_columns(piece, "colors");
  if (colors.empty()) return;
  has_colors_ = true;
  full_color_ = std::max(full_color_, ptattn::full_color(colors, piece.size()));
}

void FieldCensus::add_intensities(const Field& field, std::span<const std::uint32_t> rows) {
  std::unordered_map<double, std::uint64_t> counts;
  for (const std::uint32_t row : rows) {
    const double value = field.as_double(row);
    ++counts[std::isnan(value) ? -std::numeric_limits<double>::infinity() : value];
    if (std::isfinite(value)) largest_intensity_ = std::max(largest_intensity_, value);
  }
  for (const auto& [value, count] : counts) counts_[value] += count;
  while (counts_.size() > kMostValues) merge_neighbors();
}

/// Takes every second value as the one above it.
void FieldCensus::merge_neighbors() {
  for (auto at = counts_.begin(); at != counts_.end();) {
    const auto above = std::next(at);
    if (above == counts_.end()) break;
    above->second += at->second;
    counts_.erase(at);
    at = std::next(above);
  }
}

FieldStatistics FieldCensus::finish() const {
  FieldStatistics statistics{.has_intensity = intensity_.varies, .has_returns = returns_.varies};
  statistics.largest_intensity = largest_intensity_;
  if (has_colors_) statistics.full_color = full_color_;
  if (!counts_.empty()) {
    std::vector<double> numbers;
    std::vector<std::uint64_t> counts;
    for (const auto& [value, count] : counts_) {
      numbers.push_back(value);
      counts.push_back(count);
    }
    statistics.intensity_ranks = std::make_shared<const Ranks>(std::move(numbers), counts);
  }
  return statistics;
}

}  // namespace ptattn
