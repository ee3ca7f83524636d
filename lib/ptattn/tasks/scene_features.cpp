#include "ptattn/tasks/scene_features.hpp"

#include <tbb/parallel_sort.h>

#include <algorithm>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <optional>

#include "ptattn/cloud/columns.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/tasks/column_filters.hpp"
#include "ptattn/tasks/ground_planes.hpp"
#include "ptattn/tasks/normals.hpp"
#include "ptattn/tasks/scene_fields.hpp"
#include "ptattn/tasks/surroundings.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kVoxelsPerTask = 4096;
constexpr std::size_t kNormalNeighbors = 16;

/// One number of a point, by its row in SceneVoxels::positions.
using PointValue = std::function<double(std::uint32_t row)>;
/// One number of a voxel.
using VoxelValue = std::function<double(std::size_t voxel)>;

double mean_over(const SceneVoxels& scene, std::size_t voxel, const PointValue& value) {
  const auto members = scene.members(voxel);
  double sum = 0.0;
  for (const std::uint32_t i : members) sum += value(i);
  return sum / static_cast<double>(members.size());
}

/// The vertical columns of a scene.
struct Columns {
  std::vector<Column2d> columns;
  std::vector<std::uint32_t> of_voxel;  ///< [voxels]
  std::vector<double> low;              ///< [columns] least z of the points
  std::vector<double> high;             ///< [columns] largest z
};

double least_z(const SceneVoxels& scene, std::size_t voxel) {
  double least = scene.positions[scene.members(voxel).front()][2];
  for (const std::uint32_t i : scene.members(voxel)) least = std::min(least, scene.positions[i][2]);
  return least;
}

double largest_z(const SceneVoxels& scene, std::size_t voxel) {
  double largest = scene.positions[scene.members(voxel).front()][2];
  for (const std::uint32_t i : scene.members(voxel)) {
    largest = std::max(largest, scene.positions[i][2]);
  }
  return largest;
}

/// Voxels are in lexicographic order, so those of a column stand together, the lowest first.
Columns columns_of(const SceneVoxels& scene) {
  Columns result;
  result.of_voxel.resize(scene.size());
  for (std::size_t v = 0; v < scene.size(); ++v) {
    const Column2d column{scene.cells[v][0], scene.cells[v][1]};
    if (v == 0 || column != result.columns.back()) {
      result.columns.push_back(column);
      result.low.push_back(least_z(scene, v));
      result.high.push_back(0.0);
    }
    result.high.back() = largest_z(scene, v);
    result.of_voxel[v] = static_cast<std::uint32_t>(result.columns.size() - 1);
  }
  return result;
}

/// Colours come as bytes, as 16-bit numbers or as numbers from 0 to 1.
double largest_color(const PointCloud& cloud, std::span<const Column> colors) {
  const Field* const red = cloud.find("red");
  if (red == nullptr || red->type() == FieldType::kUInt8) return 255.0;
  if (red->type() == FieldType::kUInt16) return 65535.0;
  double largest = 0.0;
  for (std::size_t i = 0; i < cloud.size(); ++i) largest = std::max(largest, colors[0](i));
  return largest <= 1.0 ? 1.0 : 255.0;
}

/// Makes the channels of a scene one by one. What several of them need is computed once.
class ChannelMaker {
 public:
  ChannelMaker(const PointCloud& cloud, const SceneVoxels& scene, const SceneProfile& profile)
      : cloud_(cloud), scene_(scene), profile_(profile), fields_(find_scan_fields(cloud)) {}

  [[nodiscard]] VoxelValue make(const Channel& channel);
  std::vector<std::string> notes;

 private:
  [[nodiscard]] double squash(double height) const {
    return std::asinh(height / profile_.squash) / 2.0;
  }
  [[nodiscard]] VoxelValue position(std::size_t axis);
  [[nodiscard]] VoxelValue height(const Channel& channel);
  [[nodiscard]] VoxelValue plane(std::size_t level);
  [[nodiscard]] VoxelValue surrounding(const Channel& channel);
  [[nodiscard]] VoxelValue color(std::size_t channel);
  [[nodiscard]] VoxelValue normal(std::size_t axis);
  [[nodiscard]] VoxelValue intensity();
  [[nodiscard]] VoxelValue returns(ChannelKind kind);
  [[nodiscard]] VoxelValue mean_of(PointValue value) const {
    return [&scene = scene_, value = std::move(value)](std::size_t v) {
      return mean_over(scene, v, value);
    };
  }
  void note(const std::string& text) {
    if (std::ranges::find(notes, text) == notes.end()) notes.push_back(text);
  }

  const PointCloud& cloud_;
  const SceneVoxels& scene_;
  const SceneProfile& profile_;
  ScanFields fields_;
  std::optional<Columns> columns_;
  std::vector<double> above_opening_;  ///< of the columns' lows, for the first weights of planes
  std::map<std::size_t, std::vector<Surroundings>> surroundings_;  ///< by level
  std::vector<Column> colors_;
  std::vector<Column> normals_;
  Matrix estimated_normals_;
  std::vector<double> sorted_intensities_;
};

VoxelValue ChannelMaker::make(const Channel& channel) {
  const SceneVoxels& scene = scene_;
  const std::size_t p = channel.parameter;
  switch (channel.kind) {
    case ChannelKind::kPosition:
      return position(p);
    case ChannelKind::kOffset:
      return [&scene, p, voxel = profile_.voxel](std::size_t v) {
        return scene.means[v][p] / voxel - scene.cells[v][p] - 0.5;
      };
    case ChannelKind::kCount:
      return [&scene](std::size_t v) {
        return std::log(static_cast<double>(scene.members(v).size())) / 3.0;
      };
    case ChannelKind::kSpread:
      return [&scene, voxel = profile_.voxel](std::size_t v) {
        return (largest_z(scene, v) - least_z(scene, v)) / voxel;
      };
    case ChannelKind::kAbove:
    case ChannelKind::kBelow:
    case ChannelKind::kUnderTop:
      return height(channel);
    case ChannelKind::kPlane:
      return plane(p);
    case ChannelKind::kThickness:
    case ChannelKind::kScatter:
    case ChannelKind::kVertical:
    case ChannelKind::kCrowd:
      return surrounding(channel);
    case ChannelKind::kColor:
      return color(p);
    case ChannelKind::kNormal:
      return normal(p);
    case ChannelKind::kIntensity:
      return intensity();
    case ChannelKind::kLast:
    case ChannelKind::kMultiple:
      return returns(channel.kind);
    case ChannelKind::kHasIntensity:
      return [has = fields_.intensity != nullptr ? 1.0 : 0.0](std::size_t) { return has; };
    case ChannelKind::kHasReturns:
      break;
  }
  return [has = fields_.return_number != nullptr ? 1.0 : 0.0](std::size_t) { return has; };
}

VoxelValue ChannelMaker::position(std::size_t axis) {
  double origin = 0.0;
  if (profile_.origin == Origin::kCenterBottom && axis < 2) {
    for (const Position& p : scene_.positions) origin = std::max(origin, p[axis] / 2.0);
  }
  return [&scene = scene_, axis, origin](std::size_t v) { return scene.means[v][axis] - origin; };
}

VoxelValue ChannelMaker::height(const Channel& channel) {
  if (!columns_) columns_ = columns_of(scene_);
  const ColumnFilters filters(columns_->columns);
  const double sign = channel.kind == ChannelKind::kUnderTop ? -1.0 : 1.0;
  std::vector<double> level =
      channel.kind == ChannelKind::kAbove   ? filters.opening(columns_->low, channel.parameter)
      : channel.kind == ChannelKind::kBelow ? filters.closing(columns_->low, channel.parameter)
                                            : filters.maximum(columns_->high, channel.parameter);
  return [this, sign, level = std::move(level)](std::size_t v) {
    return squash(sign * (scene_.means[v][2] - level[columns_->of_voxel[v]]));
  };
}

VoxelValue ChannelMaker::plane(std::size_t level) {
  if (!columns_) columns_ = columns_of(scene_);
  if (above_opening_.empty()) {
    above_opening_ = ColumnFilters(columns_->columns).opening(columns_->low, kGroundOpening);
    for (std::size_t c = 0; c < above_opening_.size(); ++c) {
      above_opening_[c] = columns_->low[c] - above_opening_[c];
    }
  }
  auto planes =
      ground_planes(columns_->columns, columns_->low, above_opening_, profile_.voxel, level);
  return [this, planes = std::move(planes)](std::size_t v) {
    const Position& mean = scene_.means[v];
    return squash(mean[2] - planes[columns_->of_voxel[v]].at(mean[0], mean[1]));
  };
}

VoxelValue ChannelMaker::surrounding(const Channel& channel) {
  auto found = surroundings_.find(channel.parameter);
  if (found == surroundings_.end()) {
    found = surroundings_.emplace(channel.parameter, surroundings(scene_, channel.parameter)).first;
  }
  return [this, kind = channel.kind, &around = found->second](std::size_t v) {
    switch (kind) {
      case ChannelKind::kThickness:
        return squash(around[v].deviation);
      case ChannelKind::kScatter:
        return around[v].scatter;
      case ChannelKind::kVertical:
        return around[v].vertical;
      default:
        return std::log(around[v].count) / 4.0;
    }
  };
}

VoxelValue ChannelMaker::color(std::size_t channel) {
  if (colors_.empty()) colors_ = find_columns(cloud_, "colors");
  const auto [low, high] = profile_.color_range;
  if (colors_.empty()) {
    note("no colours, mid-grey stands in for them");
    return [middle = (low + high) / 2.0](std::size_t) { return middle; };
  }
  const double scale = (high - low) / largest_color(cloud_, colors_);
  return mean_of([this, channel, low = low, scale](std::uint32_t row) {
    return low + colors_[channel](scene_.points[row]) * scale;
  });
}

VoxelValue ChannelMaker::normal(std::size_t axis) {
  if (normals_.empty() && estimated_normals_.size() == 0) {
    normals_ = find_columns(cloud_, "normals");
    if (normals_.empty()) {
      note("no normals, estimated from the " + std::to_string(kNormalNeighbors) +
           " nearest points, pointing up");
      estimated_normals_ = estimate_normals(scene_.positions, kNormalNeighbors);
    }
  }
  if (normals_.empty()) {
    return mean_of([this, axis](std::uint32_t row) { return estimated_normals_(row, axis); });
  }
  return mean_of([this, axis](std::uint32_t row) { return normals_[axis](scene_.points[row]); });
}

VoxelValue ChannelMaker::intensity() {
  if (fields_.intensity == nullptr) {
    note("no intensities that vary, the model does without");
    return [](std::size_t) { return 0.0; };
  }
  // A number that is none ranks lowest.
  const auto value = [this](std::uint32_t row) {
    const double x = fields_.intensity->as_double(scene_.points[row]);
    return std::isnan(x) ? -std::numeric_limits<double>::infinity() : x;
  };
  const std::size_t n = scene_.points.size();
  sorted_intensities_.resize(n);
  parallel_each(n, kVoxelsPerTask, [&](std::size_t i) {
    sorted_intensities_[i] = value(static_cast<std::uint32_t>(i));
  });
  tbb::parallel_sort(sorted_intensities_);
  const auto mean_rank = mean_of([this, value, n](std::uint32_t row) {
    const auto [first, last] = std::ranges::equal_range(sorted_intensities_, value(row));
    const auto twice = (first - sorted_intensities_.begin()) + (last - sorted_intensities_.begin());
    return static_cast<double>(twice) / 2.0 / static_cast<double>(n);
  });
  return [mean_rank](std::size_t v) { return 2.0 * mean_rank(v) - 1.0; };
}

VoxelValue ChannelMaker::returns(ChannelKind kind) {
  if (fields_.return_number == nullptr) {
    note("no return numbers that vary, the model does without");
    return [](std::size_t) { return 0.0; };
  }
  return mean_of([this, kind](std::uint32_t row) {
    const std::size_t point = scene_.points[row];
    const double total = std::max(fields_.number_of_returns->as_double(point), 1.0);
    if (kind == ChannelKind::kMultiple) return total >= 2.0 ? 1.0 : 0.0;
    return fields_.return_number->as_double(point) >= total ? 1.0 : 0.0;
  });
}

}  // namespace

SceneFeatures scene_features(const PointCloud& cloud, const SceneVoxels& scene,
                             const SceneProfile& profile) {
  SceneFeatures features{Matrix(scene.size(), profile.channels.size()), {}};
  if (scene.size() == 0) return features;
  ChannelMaker maker(cloud, scene, profile);
  for (std::size_t c = 0; c < profile.channels.size(); ++c) {
    const VoxelValue value = maker.make(profile.channels[c]);
    parallel_each(scene.size(), kVoxelsPerTask,
                  [&](std::size_t v) { features.values(v, c) = static_cast<float>(value(v)); });
  }
  features.notes = std::move(maker.notes);
  return features;
}

}  // namespace ptattn
