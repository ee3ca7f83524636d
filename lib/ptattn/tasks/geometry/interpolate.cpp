#include "ptattn/tasks/geometry/interpolate.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/nn/pooling/kernel_regression.hpp"

namespace ptattn {
namespace {

double distance(const float* a, const float* b) {
  return std::hypot(double{a[0]} - b[0], double{a[1]} - b[1], double{a[2]} - b[2]);
}

/// Half the distance of the farthest neighbour; 0, so that the nearest decide, where one coincides.
std::vector<float> bandwidths(MatrixView from, MatrixView to, const IndexTable& nearest) {
  std::vector<float> widths(to.rows);
  parallel_each(to.rows, 4096, [&](std::size_t i) {
    const std::uint32_t* const list = nearest.row(i);
    const bool coincides = distance(from.row(list[0]), to.row(i)) == 0.0;
    const double farthest = distance(from.row(list[nearest.k - 1]), to.row(i));
    widths[i] = coincides ? 0.0F : static_cast<float>(0.5 * farthest);
  });
  return widths;
}

}  // namespace

Interpolator::Interpolator(MatrixView from, MatrixView values, std::size_t k)
    : from_(from), values_(values), k_(std::min(k, from.rows)), tree_(from) {
  if (k == 0) throw Error(Fault::kUsage, "interpolate", "k is 0, expected at least 1");
}

Matrix Interpolator::operator()(MatrixView to) const {
  const IndexTable nearest = tree_.k_nearest(to, k_);
  const std::vector<float> widths = bandwidths(from_, to, nearest);
  Matrix result(to.rows, values_.cols);
  neighbor_kernel_regression(to, {from_, values_}, nearest.indices,
                             {.kernel = Kernel::kGaussian, .bandwidth = widths}, result);
  return result;
}

Matrix interpolate(MatrixView from, MatrixView values, MatrixView to, std::size_t k) {
  return Interpolator(from, values, k)(to);
}

}  // namespace ptattn
