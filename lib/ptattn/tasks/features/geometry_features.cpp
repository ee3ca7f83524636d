#include "ptattn/tasks/features/geometry_features.hpp"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <numbers>
#include <numeric>

#include "ptattn/cloud/bounds.hpp"
#include "ptattn/cloud/orientation.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/neighbors/kd_tree.hpp"
#include "ptattn/tasks/geometry/covariance.hpp"

namespace ptattn {
namespace {

constexpr std::array<const char*, 13> kNames{
    "linearity",        "planarity", "sphericity", "omnivariance", "anisotropy",
    "eigenentropy",     "eigen_sum", "curvature",  "verticality",  "height_range",
    "height_deviation", "radius",    "density"};
using Features = std::array<double, kNames.size()>;

constexpr std::size_t kBlock = 65536;  // queries whose neighbours are known at a time
constexpr std::size_t kGrain = 256;    // points a task
constexpr double kRounding = 1e-10;    // of l1: what an eigenvalue must exceed to mean something

std::string shortest_text(double value) {
  std::array<char, 32> text;
  auto* const end = std::to_chars(text.data(), text.data() + text.size(), value).ptr;
  return {text.data(), end};
}

void check_options(const GeometryOptions& options) {
  if (options.neighbors.empty() && options.radii.empty()) {
    throw Error(Fault::kUsage, "geometry_features", "no scale, expected neighbors or radii");
  }
  const auto bad_radius = [](double r) { return !(r > 0.0 && std::isfinite(r)); };
  if (std::ranges::count(options.neighbors, std::size_t{0}) > 0 || options.radius_limit == 0 ||
      std::ranges::any_of(options.radii, bad_radius)) {
    throw Error(Fault::kUsage, "geometry_features",
                "a scale is not positive and finite, expected sizes and radii above 0");
  }
}

/// The largest number of neighbours that any scale looks at.
std::size_t largest_size(const GeometryOptions& options, std::size_t points) {
  std::size_t largest = options.radii.empty() ? 1 : options.radius_limit;
  for (const std::size_t k : options.neighbors) largest = std::max(largest, k);
  return std::min(largest, points);
}

/// Tells how far around a point all points must be known, so that its neighbourhoods are those that
/// it has in the whole.
class Reach {
 public:
  /// @param points  of the whole
  /// @param radius  what distances were divided by before they became float32
  Reach(const GeometryOptions& options, std::size_t points, double radius)
      : largest_radius_(options.radii.empty() ? 0.0 : std::ranges::max(options.radii)),
        rounding_(kStep * radius) {
    if (!options.neighbors.empty()) sizes_ = std::min(std::ranges::max(options.neighbors), points);
    if (!options.radii.empty()) limit_ = std::min(options.radius_limit, points);
  }

  /// @param neighbors  of the point in the part, nearest first
  [[nodiscard]] double of(std::size_t point, std::span<const std::uint32_t> neighbors,
                          std::span<const Position> positions) const {
    const auto distance = [&](std::size_t k) {
      if (k == 0) return 0.0;
      if (k > neighbors.size()) return std::numeric_limits<double>::infinity();
      const Position& a = positions[point];
      const Position& b = positions[neighbors[k - 1]];
      return std::hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
    };
    const double farthest = std::max(distance(sizes_), std::min(distance(limit_), largest_radius_));
    return farthest * (1.0 + kShare) + rounding_;
  }

 private:
  static constexpr double kStep = 1e-6;   // of coordinates in float32, many times over
  static constexpr double kShare = 1e-5;  // what distances are rounded by

  double largest_radius_;
  double rounding_;
  std::size_t sizes_ = 0;  // of the largest neighbourhood
  std::size_t limit_ = 0;  // of those within radii
};

/// What the features need of the first points of a neighbourhood, relative to the point whose
/// neighbours they are.
class NeighborhoodSums {
 public:
  explicit NeighborhoodSums(Axis up) : up_(static_cast<Eigen::Index>(coordinate_of(up))) {}

  void add(const Eigen::Vector3d& offset) {
    moments_.add(offset[0], offset[1], offset[2]);
    low_ = std::min(low_, offset[up_]);
    high_ = std::max(high_, offset[up_]);
    radius_ = std::max(radius_, offset.norm());
  }
  [[nodiscard]] const Moments& moments() const { return moments_; }
  [[nodiscard]] double radius() const { return radius_; }
  [[nodiscard]] double height_range() const { return high_ - low_; }
  [[nodiscard]] Eigen::Index up() const { return up_; }

 private:
  Eigen::Index up_;
  Moments moments_;
  double low_ = 0.0;  // the point itself is at 0
  double high_ = 0.0;
  double radius_ = 0.0;
};

double entropy(const Eigen::Vector3d& shares) {
  double sum = 0.0;
  for (const double e : shares) sum -= e > 0.0 ? e * std::log(e) : 0.0;
  return sum;
}

Features describe(const NeighborhoodSums& sums) {
  const double r = sums.radius();
  if (!(r > 0.0)) return {};
  const Eigen::Matrix3d covariance = covariance_of(sums.moments());
  const Eigen::SelfAdjointEigenSolver<Eigen::Matrix3d> solver(covariance);
  const Eigen::Vector3d values = solver.eigenvalues().cwiseMax(0.0);  // ascending
  const double l1 = values[2];
  const double l2 = values[1];
  const double l3 = values[0];
  const double sum = values.sum();
  if (!(l1 > 0.0) || !std::isfinite(sum)) return {};
  const Eigen::Vector3d shares = values / sum;
  const bool has_normal = l2 > kRounding * l1;
  const double normal_up = std::abs(solver.eigenvectors()(sums.up(), 0));
  const double variance_up = std::max(covariance(sums.up(), sums.up()), 0.0);
  return {(l1 - l2) / l1,
          (l2 - l3) / l1,
          l3 / l1,
          std::cbrt(shares.prod()),
          (l1 - l3) / l1,
          entropy(shares),
          sum,
          shares[0],
          has_normal ? std::max(1.0 - normal_up, 0.0) : 0.0,
          sums.height_range(),
          std::sqrt(variance_up),
          r,
          sums.moments().count() / (4.0 / 3.0 * std::numbers::pi * r * r * r)};
}

float as_float(double value) {
  return static_cast<float>(std::min(value, double{std::numeric_limits<float>::max()}));
}

/// What is asked of each point, in an order in which neighbourhoods only grow.
class Describer {
 public:
  Describer(std::span<const Position> positions, const GeometryOptions& options)
      : positions_(positions),
        options_(options),
        by_size_(ascending(options.neighbors)),
        by_radius_(ascending(options.radii)) {}

  /// @param neighbors  [k], nearest first
  void operator()(std::size_t point, std::span<const std::uint32_t> neighbors, float* out) const {
    NeighborhoodSums sums(options_.up);
    std::size_t seen = 0;
    for (const std::size_t scale : by_size_) {
      const std::size_t k = std::min(options_.neighbors[scale], neighbors.size());
      for (; seen < k; ++seen) sums.add(offset(point, neighbors[seen]));
      write(describe(sums), scale, out);
    }
    const auto limited = neighbors.first(std::min(options_.radius_limit, neighbors.size()));
    sums = NeighborhoodSums(options_.up);
    seen = 0;
    for (const std::size_t scale : by_radius_) {
      for (; seen < limited.size(); ++seen) {
        const Eigen::Vector3d next = offset(point, limited[seen]);
        if (next.norm() > options_.radii[scale]) break;
        sums.add(next);
      }
      write(describe(sums), options_.neighbors.size() + scale, out);
    }
  }

 private:
  template <class T>
  static std::vector<std::size_t> ascending(const std::vector<T>& scales) {
    std::vector<std::size_t> order(scales.size());
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
    std::ranges::stable_sort(order, {}, [&](std::size_t i) { return scales[i]; });
    return order;
  }

  [[nodiscard]] Eigen::Vector3d offset(std::size_t from, std::size_t to) const {
    return Eigen::Vector3d(positions_[to].data()) - Eigen::Vector3d(positions_[from].data());
  }

  static void write(const Features& features, std::size_t scale, float* out) {
    std::ranges::transform(features, out + scale * kNames.size(), as_float);
  }

  std::span<const Position> positions_;
  const GeometryOptions& options_;
  std::vector<std::size_t> by_size_;
  std::vector<std::size_t> by_radius_;
};

}  // namespace

std::vector<std::string> geometry_feature_names(const GeometryOptions& options) {
  std::vector<std::string> scales;
  for (const std::size_t k : options.neighbors) scales.push_back("_k" + std::to_string(k));
  for (const double r : options.radii) scales.push_back("_r" + shortest_text(r));
  std::vector<std::string> names;
  for (const std::string& scale : scales) {
    for (const char* const name : kNames) names.push_back(name + scale);
  }
  return names;
}

UnitSphere geometry_frame(const Position& low, const Position& extent) {
  UnitSphere frame;
  for (std::size_t axis = 0; axis < 3; ++axis) frame.center[axis] = low[axis] + extent[axis] / 2.0;
  const double radius = std::hypot(extent[0], extent[1], extent[2]) / 2.0;
  if (radius > 0.0) frame.radius = radius;
  return frame;
}

Matrix geometry_features(std::span<const Position> positions, const GeometryOptions& options,
                         const ProgressCallback& progress) {
  std::vector<std::uint32_t> all(positions.size());
  std::iota(all.begin(), all.end(), 0U);
  const std::vector<double> sight(positions.size(), std::numeric_limits<double>::infinity());
  const PositionBounds bounds = bounds_of(positions);
  const GeometryPart whole{geometry_frame(bounds.low, bounds.extent()), positions.size(), all,
                           sight};
  return geometry_features_of(positions, options, whole, progress).values;
}

PartFeatures geometry_features_of(std::span<const Position> positions,
                                  const GeometryOptions& options, const GeometryPart& part,
                                  const ProgressCallback& progress) {
  check_options(options);
  const std::span<const std::uint32_t> queries = part.queries;
  if (part.sight.size() != queries.size() || part.points < positions.size()) {
    throw Error(Fault::kUsage, "geometry_features",
                "expected the sight of each query, and no more points than the whole has");
  }
  const std::size_t scales = options.neighbors.size() + options.radii.size();
  PartFeatures found{.values = Matrix(queries.size(), scales * kNames.size()), .blind = {}};
  if (queries.empty()) return found;
  const Matrix points = normalized(positions, part.frame);
  const KdTree tree(points);
  const std::size_t k = largest_size(options, positions.size());
  const Describer describer(positions, options);
  const Reach reach(options, part.points, part.frame.radius);
  std::vector<double> needed(std::min(kBlock, queries.size()));
  for (std::size_t begin = 0; begin < queries.size(); begin += kBlock) {
    const std::size_t count = std::min(kBlock, queries.size() - begin);
    Matrix rows(count, 3);
    parallel_each(count, kGrain, [&](std::size_t i) {
      std::copy_n(points.row(queries[begin + i]), 3, rows.row(i));
    });
    const IndexTable neighbors = tree.k_nearest(rows, k);
    parallel_each(count, kGrain, [&](std::size_t i) {
      const std::span<const std::uint32_t> list(neighbors.row(i), k);
      describer(queries[begin + i], list, found.values.row(begin + i));
      needed[i] = reach.of(queries[begin + i], list, positions);
    });
    for (std::size_t i = 0; i < count; ++i) {
      if (needed[i] <= part.sight[begin + i]) continue;
      found.blind.emplace_back(static_cast<std::uint32_t>(begin + i), needed[i]);
    }
    if (progress) progress(begin + count, queries.size());
  }
  return found;
}

std::size_t count_lonely(const Matrix& values) {
  std::size_t lonely = 0;
  for (std::size_t i = 0; i < values.rows(); ++i) {
    const std::span<const float> row{values.row(i), values.cols()};
    lonely += std::ranges::all_of(row, [](float v) { return v == 0.0F; }) ? 1 : 0;
  }
  return lonely;
}

}  // namespace ptattn
