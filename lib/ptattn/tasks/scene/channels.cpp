#include "ptattn/tasks/scene/channels.hpp"

#include <limits>
#include <span>
#include <utility>

#include "ptattn/cloud/field_meaning.hpp"
#include "ptattn/cloud/orientation.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/tasks/geometry/normals.hpp"
#include "ptattn/tasks/scene/ground_planes.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kPointsPerTask = 4096;
constexpr std::size_t kNormalNeighbors = 16;

/// @param value  double(std::size_t voxel)
template <class Value>
ChannelWriter each_voxel(Value value) {
  return [value = std::move(value)](const ColumnPart& part) {
    for (std::size_t v = part.begin; v < part.end; ++v) {
      part.features(v, part.column) = static_cast<float>(value(v));
    }
  };
}

/// The mean over the points of each voxel.
/// @param value  double(std::uint32_t row of SceneVoxels::positions)
template <class Value>
auto mean_of(const SceneVoxels& scene, Value value) {
  return [&scene, value = std::move(value)](std::size_t v) {
    const auto members = scene.members(v);
    double sum = 0.0;
    for (const std::uint32_t i : members) sum += value(i);
    return sum / static_cast<double>(members.size());
  };
}

/// Intensities come as bytes, as 16-bit numbers, as numbers from 0 to 1 or from 0 to 255.
double full_range(const Field& field, double largest) {
  if (field.type() == FieldType::kUInt8) return 255.0;
  if (largest <= 1.0) return 1.0;
  return largest <= 255.0 ? 255.0 : 65535.0;
}

}  // namespace

const RawVector<HeightRange>& ChannelMaker::height_ranges() {
  if (height_ranges_.empty()) height_ranges_ = height_ranges_of(scene_);
  return height_ranges_;
}

const SceneColumns& ChannelMaker::columns() {
  if (!columns_) {
    columns_ = columns_of(scene_, height_ranges());
    filters_.emplace(columns_->columns);
  }
  return *columns_;
}

const std::vector<double>& ChannelMaker::opening(std::size_t window) {
  const SceneColumns& all = columns();
  std::vector<double>& opened = openings_[window];
  if (opened.empty()) opened = filters_->opening(all.low, window);
  return opened;
}

ChannelWriter ChannelMaker::make(const Channel& channel) {
  const SceneVoxels& scene = scene_;
  const std::size_t p = channel.parameter;
  switch (channel.kind) {
    case ChannelKind::kPosition:
      return position(p);
    case ChannelKind::kOffset:
      return each_voxel([&scene, p, voxel = profile_.voxel](std::size_t v) {
        return scene.means[v][p] / voxel - scene.cells[v][p] - 0.5;
      });
    case ChannelKind::kCount:
      return each_voxel([&scene](std::size_t v) {
        return std::log(static_cast<double>(scene.members(v).size())) / 3.0;
      });
    case ChannelKind::kSpread:
      return each_voxel([&height_ranges = height_ranges(), voxel = profile_.voxel](std::size_t v) {
        return (height_ranges[v].high - height_ranges[v].low) / voxel;
      });
    case ChannelKind::kAbove:
    case ChannelKind::kBelow:
    case ChannelKind::kUnderTop:
      return height(channel);
    case ChannelKind::kPlane:
      return plane(p);
    case ChannelKind::kThickness:
    case ChannelKind::kScatter:
    case ChannelKind::kVertical:
    case ChannelKind::kVoxelCount:
      return shape(channel);
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
      return each_voxel(
          [has = fields_.intensity != nullptr ? 1.0 : 0.0](std::size_t) { return has; });
    case ChannelKind::kStrength:
      return strength(p == 1);
    case ChannelKind::kHasReturns:
      break;
  }
  return each_voxel(
      [has = fields_.return_number != nullptr ? 1.0 : 0.0](std::size_t) { return has; });
}

ChannelWriter ChannelMaker::position(std::size_t axis) {
  const bool centred = profile_.origin == Origin::kCenterBottom && axis < 2;
  const double origin = centred                              ? scene_.extent[axis] / 2.0
                        : profile_.origin == Origin::kSensor ? -scene_.origin[axis]
                                                             : 0.0;
  return each_voxel(
      [&scene = scene_, axis, origin](std::size_t v) { return scene.means[v][axis] - origin; });
}

ChannelWriter ChannelMaker::height(const Channel& channel) {
  const SceneColumns& all = columns();
  const std::size_t window = channel.parameter;
  const double sign = channel.kind == ChannelKind::kUnderTop ? -1.0 : 1.0;
  const auto above = [this, sign, &of_voxel = all.of_voxel](const std::vector<double>& level,
                                                            std::size_t v) {
    return compress_height(sign * (scene_.means[v][2] - level[of_voxel[v]]));
  };
  if (channel.kind == ChannelKind::kAbove) {
    return each_voxel([above, &level = opening(window)](std::size_t v) { return above(level, v); });
  }
  return each_voxel([above, level = channel.kind == ChannelKind::kBelow
                                        ? filters_->closing(all.low, window)
                                        : filters_->maximum(all.high, window)](std::size_t v) {
    return above(level, v);
  });
}

ChannelWriter ChannelMaker::plane(std::size_t level) {
  const SceneColumns& all = columns();
  std::vector<double> above = opening(kGroundOpening);
  for (std::size_t c = 0; c < above.size(); ++c) above[c] = all.low[c] - above[c];
  return each_voxel(
      [this, &of_voxel = all.of_voxel,
       planes = ground_planes(all.columns, all.low, above, profile_.voxel, level)](std::size_t v) {
        const Position& mean = scene_.means[v];
        return compress_height(mean[2] - planes[of_voxel[v]].at(mean[0], mean[1]));
      });
}

ChannelWriter ChannelMaker::shape(const Channel& channel) {
  std::weak_ptr<const Shapes>& known = shapes_[channel.parameter];
  std::shared_ptr<const Shapes> around = known.lock();
  if (!around) {
    around = std::make_shared<const Shapes>(neighborhood_shapes(scene_, channel.parameter));
    known = around;
  }
  switch (channel.kind) {
    case ChannelKind::kThickness:
      return each_voxel(
          [this, around](std::size_t v) { return compress_height((*around)[v].deviation); });
    case ChannelKind::kScatter:
      return each_voxel([around](std::size_t v) { return (*around)[v].scatter; });
    case ChannelKind::kVertical:
      return each_voxel([around](std::size_t v) { return (*around)[v].vertical; });
    default:
      return each_voxel(
          [around](std::size_t v) { return std::log((*around)[v].voxel_count) / 4.0; });
  }
}

ChannelWriter ChannelMaker::color(std::size_t channel) {
  if (colors_.empty()) colors_ = find_columns(cloud_, "colors");
  const auto [low, high] = profile_.color_range;
  if (colors_.empty()) {
    note("no colours, mid-grey stands in for them");
    return each_voxel([middle = (low + high) / 2.0](std::size_t) { return middle; });
  }
  const double scale = (high - low) / full_color(colors_, cloud_.size());
  return each_voxel(mean_of(scene_, [this, channel, low = low, scale](std::uint32_t row) {
    return low + colors_[channel](scene_.points[row]) * scale;
  }));
}

ChannelWriter ChannelMaker::normal(std::size_t axis) {
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
    if (scene_.degrees == 0.0) return normals_[axis](point);
    const Position normal{normals_[0](point), normals_[1](point), normals_[2](point)};
    return turned_about_z(normal, scene_.degrees)[axis];
  }));
}

ChannelWriter ChannelMaker::intensity() {
  if (fields_.intensity == nullptr) {
    note("no intensities that vary, the model does without");
    return each_voxel([](std::size_t) { return 0.0; });
  }
  // A number that is none ranks lowest.
  const auto value = [this](std::uint32_t row) {
    const double x = fields_.intensity->as_double(scene_.points[row]);
    return std::isnan(x) ? -std::numeric_limits<double>::infinity() : x;
  };
  if (!intensity_ranks_) {
    std::vector<double> all(scene_.points.size());
    parallel_each(all.size(), kPointsPerTask,
                  [&](std::size_t i) { all[i] = value(static_cast<std::uint32_t>(i)); });
    intensity_ranks_.emplace(std::move(all));
  }
  const auto mean_rank = mean_of(
      scene_, [value, &ranks = *intensity_ranks_](std::uint32_t row) { return ranks(value(row)); });
  return each_voxel([mean_rank](std::size_t v) { return 2.0 * mean_rank(v) - 1.0; });
}

ChannelWriter ChannelMaker::strength(bool bounded) {
  if (fields_.intensity == nullptr) {
    note("no intensities that vary, zeros stand in for them");
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
  const double range = full_range(field, largest_of(scene_.points.size(), 0.0, [&](std::size_t i) {
                                    return value(static_cast<std::uint32_t>(i));
                                  }));
  if (range > 1.0) {
    note("intensities are taken as shares of " + std::to_string(static_cast<int>(range)));
  }
  return each_voxel(
      mean_of(scene_, [value, range](std::uint32_t row) { return value(row) / range; }));
}

ChannelWriter ChannelMaker::returns(ChannelKind kind) {
  if (fields_.return_number == nullptr) {
    note("no return numbers that vary, the model does without");
    return each_voxel([](std::size_t) { return 0.0; });
  }
  return each_voxel(mean_of(scene_, [this, kind](std::uint32_t row) {
    const std::size_t point = scene_.points[row];
    const double total = std::max(fields_.number_of_returns->as_double(point), 1.0);
    if (kind == ChannelKind::kMultiple) return total >= 2.0 ? 1.0 : 0.0;
    return fields_.return_number->as_double(point) >= total ? 1.0 : 0.0;
  }));
}

}  // namespace ptattn
