#include "ptattn/tasks/features/geometry_features.hpp"

#include <Eigen/Eigenvalues>
#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <limits>
#include <numbers>

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

Matrix geometry_features(std::span<const Position> positions, const GeometryOptions& options,
                         const ProgressCallback& progress) {
  check_options(options);
  const std::size_t scales = options.neighbors.size() + options.radii.size();
  Matrix out(positions.size(), scales * kNames.size());
  if (positions.empty()) return out;
  const Matrix points = normalized(positions, unit_sphere(positions));
  const KdTree tree(points);
  const std::size_t k = largest_size(options, positions.size());
  const Describer describer(positions, options);
  for (std::size_t begin = 0; begin < positions.size(); begin += kBlock) {
    const std::size_t count = std::min(kBlock, positions.size() - begin);
    const IndexTable neighbors = tree.k_nearest(points.view().rows_range(begin, count), k);
    parallel_each(count, kGrain, [&](std::size_t i) {
      describer(begin + i, {neighbors.row(i), k}, out.row(begin + i));
    });
    if (progress) progress(begin + count, positions.size());
  }
  return out;
}

}  // namespace ptattn
