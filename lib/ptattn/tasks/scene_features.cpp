#include "ptattn/tasks/scene_features.hpp"

#include <tbb/parallel_sort.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <limits>
#include <map>
#include <optional>
#include <utility>

#include "ptattn/cloud/columns.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/tasks/column_filters.hpp"
#include "ptattn/tasks/ground_planes.hpp"
#include "ptattn/tasks/normals.hpp"
#include "ptattn/tasks/orientation.hpp"
#include "ptattn/tasks/scene_fields.hpp"
#include "ptattn/tasks/surroundings.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kVoxelsPerTask = 4096;
constexpr std::size_t kBlockVoxels = 1024;  // whose channels are written one after the other
constexpr std::size_t kNormalNeighbors = 16;

/// Part of one column of the features.
struct ColumnPart {
  std::size_t begin;  ///< voxels
  std::size_t end;
  MutableMatrixView features;
  std::size_t column;
};
/// Writes a channel. Called for a block of voxels at a time, so that their values are computed
/// without further calls, and all channels of a block while it is in the cache.
using ChannelWriter = std::function<void(const ColumnPart&)>;

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

/// Least and largest z of the points of a voxel.
struct Reach {
  double low;
  double high;
};

std::vector<Reach> reaches_of(const SceneVoxels& scene) {
  std::vector<Reach> reaches(scene.size());
  parallel_each(scene.size(), kVoxelsPerTask, [&](std::size_t v) {
    const auto members = scene.members(v);
    const double first = scene.positions[members.front()][2];
    Reach reach{first, first};
    for (const std::uint32_t i : members) {
      const double z = scene.positions[i][2];
      reach = {std::min(reach.low, z), std::max(reach.high, z)};
    }
    reaches[v] = reach;
  });
  return reaches;
}

/// The vertical columns of a scene.
struct Columns {
  std::vector<Column2d> columns;
  std::vector<std::uint32_t> of_voxel;  ///< [voxels]
  std::vector<double> low;              ///< [columns] least z of the points
  std::vector<double> high;             ///< [columns] largest z
};

/// Voxels are in lexicographic order, so those of a column stand together, the lowest first.
Columns columns_of(const SceneVoxels& scene, std::span<const Reach> reaches) {
  Columns result;
  result.of_voxel.resize(scene.size());
  for (std::size_t v = 0; v < scene.size(); ++v) {
    const Column2d column{scene.cells[v][0], scene.cells[v][1]};
    if (v == 0 || column != result.columns.back()) {
      result.columns.push_back(column);
      result.low.push_back(reaches[v].low);
      result.high.push_back(0.0);
    }
    result.high.back() = reaches[v].high;
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

/// Mid-ranks of the numbers of a cloud: any scale and gamma give the same.
class Ranks {
 public:
  /// @param numbers  [n], n >= 1, none of them NaN
  explicit Ranks(std::vector<double> numbers)
      : numbers_(std::move(numbers)), n_(static_cast<double>(numbers_.size())) {
    tbb::parallel_sort(numbers_);
    std::size_t distinct = 0;
    for (std::size_t i = 0; i < numbers_.size(); ++i) {
      if (i > 0 && numbers_[i] == numbers_[distinct - 1]) continue;
      numbers_[distinct++] = numbers_[i];
      firsts_.push_back(static_cast<std::uint32_t>(i));
    }
    firsts_.push_back(static_cast<std::uint32_t>(numbers_.size()));
    numbers_.resize(distinct);
  }

  /// @param number  one of them
  /// @return        0 to 1
  [[nodiscard]] double operator()(double number) const {
    const auto place = std::ranges::lower_bound(numbers_, number) - numbers_.begin();
    const auto which = static_cast<std::size_t>(place);
    return static_cast<double>(std::size_t{firsts_[which]} + firsts_[which + 1]) / 2.0 / n_;
  }

 private:
  std::vector<double> numbers_;        ///< [distinct], ascending
  std::vector<std::uint32_t> firsts_;  ///< [distinct + 1] how many are smaller
  double n_;
};

/// Makes the channels of a scene one by one. What several of them need is computed once.
class ChannelMaker {
 public:
  ChannelMaker(const PointCloud& cloud, const SceneVoxels& scene, const SceneProfile& profile)
      : cloud_(cloud), scene_(scene), profile_(profile), fields_(find_scan_fields(cloud)) {}

  /// What writes a channel, as long as this lives.
  [[nodiscard]] ChannelWriter make(const Channel& channel);
  /// Gives memory back that only the writers of surroundings need, which must be gone.
  void forget_surroundings() { surroundings_.clear(); }
  std::vector<std::string> notes;

 private:
  [[nodiscard]] double squash(double height) const {
    return std::asinh(height / profile_.squash) / 2.0;
  }
  [[nodiscard]] const std::vector<Reach>& reaches();
  [[nodiscard]] const Columns& columns();
  [[nodiscard]] const std::vector<double>& opening(std::size_t window);
  [[nodiscard]] ChannelWriter position(std::size_t axis);
  [[nodiscard]] ChannelWriter height(const Channel& channel);
  [[nodiscard]] ChannelWriter plane(std::size_t level);
  [[nodiscard]] ChannelWriter surrounding(const Channel& channel);
  [[nodiscard]] ChannelWriter color(std::size_t channel);
  [[nodiscard]] ChannelWriter normal(std::size_t axis);
  [[nodiscard]] ChannelWriter intensity();
  [[nodiscard]] ChannelWriter returns(ChannelKind kind);
  void note(const std::string& text) {
    if (std::ranges::find(notes, text) == notes.end()) notes.push_back(text);
  }

  const PointCloud& cloud_;
  const SceneVoxels& scene_;
  const SceneProfile& profile_;
  ScanFields fields_;
  std::vector<Reach> reaches_;
  std::optional<Columns> columns_;
  std::optional<ColumnFilters> filters_;                          ///< of `columns_`
  std::map<std::size_t, std::vector<double>> openings_;           ///< of the lows, by window
  std::map<std::size_t, CellValues<Surroundings>> surroundings_;  ///< by level
  std::vector<Column> colors_;
  std::vector<Column> normals_;
  Matrix estimated_normals_;
  std::optional<Ranks> intensity_ranks_;
};

const std::vector<Reach>& ChannelMaker::reaches() {
  if (reaches_.empty()) reaches_ = reaches_of(scene_);
  return reaches_;
}

const Columns& ChannelMaker::columns() {
  if (!columns_) {
    columns_ = columns_of(scene_, reaches());
    filters_.emplace(columns_->columns);
  }
  return *columns_;
}

const std::vector<double>& ChannelMaker::opening(std::size_t window) {
  const Columns& all = columns();
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
      return each_voxel([&reaches = reaches(), voxel = profile_.voxel](std::size_t v) {
        return (reaches[v].high - reaches[v].low) / voxel;
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
      return each_voxel(
          [has = fields_.intensity != nullptr ? 1.0 : 0.0](std::size_t) { return has; });
    case ChannelKind::kHasReturns:
      break;
  }
  return each_voxel(
      [has = fields_.return_number != nullptr ? 1.0 : 0.0](std::size_t) { return has; });
}

ChannelWriter ChannelMaker::position(std::size_t axis) {
  double origin = 0.0;
  if (profile_.origin == Origin::kCenterBottom && axis < 2) {
    for (const Position& p : scene_.positions) origin = std::max(origin, p[axis] / 2.0);
  }
  return each_voxel(
      [&scene = scene_, axis, origin](std::size_t v) { return scene.means[v][axis] - origin; });
}

ChannelWriter ChannelMaker::height(const Channel& channel) {
  const Columns& all = columns();
  const std::size_t window = channel.parameter;
  const double sign = channel.kind == ChannelKind::kUnderTop ? -1.0 : 1.0;
  const auto above = [this, sign, &of_voxel = all.of_voxel](const std::vector<double>& level,
                                                            std::size_t v) {
    return squash(sign * (scene_.means[v][2] - level[of_voxel[v]]));
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
  const Columns& all = columns();
  std::vector<double> above = opening(kGroundOpening);
  for (std::size_t c = 0; c < above.size(); ++c) above[c] = all.low[c] - above[c];
  return each_voxel(
      [this, &of_voxel = all.of_voxel,
       planes = ground_planes(all.columns, all.low, above, profile_.voxel, level)](std::size_t v) {
        const Position& mean = scene_.means[v];
        return squash(mean[2] - planes[of_voxel[v]].at(mean[0], mean[1]));
      });
}

ChannelWriter ChannelMaker::surrounding(const Channel& channel) {
  auto found = surroundings_.find(channel.parameter);
  if (found == surroundings_.end()) {
    found = surroundings_.emplace(channel.parameter, surroundings(scene_, channel.parameter)).first;
  }
  const CellValues<Surroundings>& around = found->second;
  switch (channel.kind) {
    case ChannelKind::kThickness:
      return each_voxel([this, &around](std::size_t v) { return squash(around[v].deviation); });
    case ChannelKind::kScatter:
      return each_voxel([&around](std::size_t v) { return around[v].scatter; });
    case ChannelKind::kVertical:
      return each_voxel([&around](std::size_t v) { return around[v].vertical; });
    default:
      return each_voxel([&around](std::size_t v) { return std::log(around[v].count) / 4.0; });
  }
}

ChannelWriter ChannelMaker::color(std::size_t channel) {
  if (colors_.empty()) colors_ = find_columns(cloud_, "colors");
  const auto [low, high] = profile_.color_range;
  if (colors_.empty()) {
    note("no colours, mid-grey stands in for them");
    return each_voxel([middle = (low + high) / 2.0](std::size_t) { return middle; });
  }
  const double scale = (high - low) / largest_color(cloud_, colors_);
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
    parallel_each(all.size(), kVoxelsPerTask,
                  [&](std::size_t i) { all[i] = value(static_cast<std::uint32_t>(i)); });
    intensity_ranks_.emplace(std::move(all));
  }
  const auto mean_rank = mean_of(
      scene_, [value, &ranks = *intensity_ranks_](std::uint32_t row) { return ranks(value(row)); });
  return each_voxel([mean_rank](std::size_t v) { return 2.0 * mean_rank(v) - 1.0; });
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

/// Channels are made in three turns, so that surroundings, planes and the others are not in memory
/// together. Surroundings take most and come first, while the features have not been written yet.
constexpr std::size_t kTurns = 3;
std::size_t turn_of(ChannelKind kind) {
  switch (kind) {
    case ChannelKind::kThickness:
    case ChannelKind::kScatter:
    case ChannelKind::kVertical:
    case ChannelKind::kCrowd:
      return 0;
    case ChannelKind::kPlane:
      return 1;
    default:
      return 2;
  }
}

/// Writes the channels at these places of the profile, all of a block of voxels while it is in the
/// cache.
void write_channels(ChannelMaker& maker, std::span<const Channel> channels,
                    std::span<const std::size_t> places, MutableMatrixView features) {
  std::vector<ChannelWriter> writers;
  for (const std::size_t c : places) writers.push_back(maker.make(channels[c]));
  const std::size_t blocks = (features.rows + kBlockVoxels - 1) / kBlockVoxels;
  parallel_each(blocks, 1, [&](std::size_t block) {
    const std::size_t begin = block * kBlockVoxels;
    const std::size_t end = std::min(begin + kBlockVoxels, features.rows);
    for (std::size_t i = 0; i < writers.size(); ++i) writers[i]({begin, end, features, places[i]});
  });
}

}  // namespace

SceneFeatures scene_features(const PointCloud& cloud, const SceneVoxels& scene,
                             const SceneProfile& profile) {
  SceneFeatures features;
  features.values = Matrix(scene.size(), profile.channels.size());
  if (scene.size() == 0) return features;
  std::array<std::vector<std::size_t>, kTurns> turns;
  for (std::size_t c = 0; c < profile.channels.size(); ++c) {
    turns[turn_of(profile.channels[c].kind)].push_back(c);
  }
  ChannelMaker maker(cloud, scene, profile);
  for (const auto& places : turns) {
    write_channels(maker, profile.channels, places, features.values);
    maker.forget_surroundings();
  }
  features.notes = std::move(maker.notes);
  return features;
}

}  // namespace ptattn
