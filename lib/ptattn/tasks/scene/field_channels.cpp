#include "ptattn/tasks/scene/field_channels.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>
#include <utility>

#include "ptattn/cloud/field_meaning.hpp"
#include "ptattn/cloud/orientation.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/tasks/geometry/normals.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kPointsPerTask = 4096;
constexpr std::size_t kNormalNeighbors = 16;

/// Intensities come as bytes, as 16-bit numbers, as numbers from 0 to 1 or from 0 to 255.
double full_range(const Field& field, double largest) {
  if (field.type() == FieldType::kUInt8) return 255.0;
  if (largest <= 1.0) return 1.0;
  return largest <= 255.0 ? 255.0 : 65535.0;
}

/// A number that is none ranks lowest.
double rankable(double x) {
  return std::isnan(x) ? -std::numeric_limits<double>::infinity() : x;
}

}  // namespace

ChannelWriter FieldChannels::color(std::size_t channel) {
  if (colors_.empty()) colors_ = find_columns(cloud_, "colors");
  const auto [low, high] = profile_.color_range;
  if (colors_.empty()) {
    note("no colours, mid-grey is used instead");
    return each_voxel([middle = (low + high) / 2.0](std::size_t) { return middle; });
  }
  const double full = whole_ != nullptr ? whole_->full_color : full_color(colors_, cloud_.size());
  const double scale = (high - low) / full;
  return each_voxel(mean_of(scene_, [this, channel, low = low, scale](std::uint32_t row) {
    return low + colors_[channel](scene_.points[row]) * scale;
  }));
}

ChannelWriter FieldChannels::normal(std::size_t axis) {
  if (normals_.empty() && estimated_normals_.size() == 0) {
    normals_ = find_columns(cloud_, "normals");
    if (normals_.empty()) {
      note("no normals, estimated from the " + std::to_string(kNormalNeighbors) +
           " nearest points, pointing up");
      estimated_normals_ = estimate_normals(scene_.positions, kNormalNeighbors);
    }
  }
  if (normals_.empty()) {
    return each_voxel(
        mean_of(scene_, [this, axis](std::uint32_t row) { return estimated_normals_(row, axis); }));
  }
  return each_voxel(mean_of(scene_, [this, axis](std::uint32_t row) {
    const std::uint32_t point = scene_.points[row];
    if (scene_.turn.turns_nothing()) return normals_[axis](point);
    const Position normal{normals_[0](point), normals_[1](point), normals_[2](point)};
    return scene_.turn(normal)[axis];
  }));
}

/// The ranks of the intensities of all points.
const Ranks& FieldChannels::intensity_ranks() {
  if (intensity_ranks_) return *intensity_ranks_;
  if (whole_ != nullptr) {
    intensity_ranks_ = whole_->intensity_ranks;
    return *intensity_ranks_;
  }
  std::vector<double> all(scene_.points.size());
  parallel_each(all.size(), kPointsPerTask, [&](std::size_t i) {
    all[i] = rankable(fields_.intensity->as_double(scene_.points[i]));
  });
  intensity_ranks_ = std::make_shared<const Ranks>(std::move(all));
  return *intensity_ranks_;
}

ChannelWriter FieldChannels::intensity() {
  if (fields_.intensity == nullptr) {
    note("no varying intensities, the model does without them");
    return each_voxel([](std::size_t) { return 0.0; });
  }
  const auto rank = [this, &ranks = intensity_ranks()](std::uint32_t row) {
    return ranks(rankable(fields_.intensity->as_double(scene_.points[row])));
  };
  return each_voxel(
      [mean_rank = mean_of(scene_, rank)](std::size_t v) { return 2.0 * mean_rank(v) - 1.0; });
}

ChannelWriter FieldChannels::strength(bool bounded) {
  if (fields_.intensity == nullptr) {
    note("no varying intensities, zeros are used instead");
    return each_voxel([](std::size_t) { return 0.0; });
  }
  const Field& field = *fields_.intensity;
  // A number that is none counts as no return at all.
  const auto value = [&field, this](std::uint32_t row) {
    const double x = field.as_double(scene_.points[row]);
    return std::isfinite(x) ? x : 0.0;
  };
  if (bounded) {
    return each_voxel(
        mean_of(scene_, [value](std::uint32_t row) { return std::tanh(value(row)); }));
  }
  const auto largest = [&] {
    return largest_of(scene_.points.size(), 0.0,
                      [&](std::size_t i) { return value(static_cast<std::uint32_t>(i)); });
  };
  const double range = full_range(field, whole_ != nullptr ? whole_->largest_intensity : largest());
  if (range > 1.0) {
    note("intensities are taken as shares of " + std::to_string(static_cast<int>(range)));
  }
  return each_voxel(
      mean_of(scene_, [value, range](std::uint32_t row) { return value(row) / range; }));
}

ChannelWriter FieldChannels::returns(ChannelKind kind) {
  if (fields_.return_number == nullptr) {
    note("no varying return numbers, the model does without them");
    return each_voxel([](std::size_t) { return 0.0; });
  }
  return each_voxel(mean_of(scene_, [this, kind](std::uint32_t row) {
    const std::size_t point = scene_.points[row];
    const double total = std::max(fields_.number_of_returns->as_double(point), 1.0);
    if (kind == ChannelKind::kMultiple) return total >= 2.0 ? 1.0 : 0.0;
    return fields_.return_number->as_double(point) >= total ? 1.0 : 0.0;
  }));
}

ChannelWriter FieldChannels::has_intensity() const {
  return each_voxel([has = fields_.intensity != nullptr ? 1.0 : 0.0](std::size_t) { return has; });
}

ChannelWriter FieldChannels::has_returns() const {
  return each_voxel(
      [has = fields_.return_number != nullptr ? 1.0 : 0.0](std::size_t) { return has; });
}

}  // namespace ptattn
