#pragma once

#include <cstddef>
#include <optional>
#include <span>

#include "ptattn/cloud/normalize.hpp"
#include "ptattn/nn/pooling/kernel_regression.hpp"
#include "ptattn/tasks/geometry/neighborhood.hpp"
#include "ptattn/tasks/progress.hpp"

namespace ptattn {

struct SmoothOptions {
  Kernel kernel = Kernel::kGaussian;
  Neighborhood neighborhood{.k = 48};
  /// h, in the cloud's unit; nullopt: learnt by leave-one-out
  std::optional<double> bandwidth{};
  /// How often the whole is done, each time on the result of the last. A learnt bandwidth is learnt
  /// the first time.
  std::size_t iterations = 1;
};

/// @throws Error(Fault::kUsage) when the neighbourhood is empty, or the bandwidth not positive
void check_smoothing(const SmoothOptions& options);

/// Holds what smoothing did; lengths in the cloud's unit.
struct SurfaceSmoothing {
  double bandwidth = 0.0;
  /// Mean distance of a point from the surface that the others make, at that bandwidth, before the
  /// smoothing: noise and detail that the bandwidth does not resolve. Measured on a sample.
  double leave_one_out = 0.0;
  double moved = 0.0;  ///< root of the mean square of the distances that points were moved
};

/// Moves every point onto the surface that the points around it suggest: moving least squares
/// (Levin 2003; Alexa et al. 2003, "Computing and rendering point set surfaces"), the kernel
/// regression of heights over a local plane.
///
/// From x = p_i, until x stays (at most four times):
///
///   a_j  = K(|p_j - x| / h)                              j in the neighbourhood of p_i
///   n    = eigenvector of the smallest eigenvalue of sum_j a_j (p_j - m)(p_j - m)^T,
///          m = sum_j a_j p_j / sum_j a_j; (u, v) complete it to a frame
///   g    = argmin sum_j a_j (g(u_j, v_j) - (p_j - x) . n)^2    over quadratics g
///   x    <- x + g(0, 0) n
///
/// A plain kernel average of positions would shrink what is curved and pull borders inwards. Here
/// the quadratic follows the curvature, points move along the normal only, and weights are taken
/// from the foot x, not from the noisy point, whose noise would choose its company. Second order
/// terms are drawn to zero slightly (ridge 0.02 in units of h, 0.001 for slopes), so that any
/// window has an answer; g(0, 0) never leaves the range of heights in the window. Sharp edges are
/// rounded at the scale of h; sheets closer to each other than about 2 h attract each other.
///
/// The learnt h minimises, by `minimize_over_log`, the mean distance between p_i and the foot x
/// computed without p_i, over at most 2048 evenly spread points; between half the spacing of the
/// points and the reach of the windows.
/// @param positions  finite; changed in place. Float64 relative to each point: nothing is lost to
///                   large coordinates
/// @throws           Error(Fault::kUsage) when the neighbourhood is empty, or the bandwidth not
/// positive Time O(n log n + n k) an iteration; memory 60 bytes a point. The same bits for any
/// thread count.
SurfaceSmoothing smooth_surface(std::span<Position> positions, const SmoothOptions& options,
                                const ProgressCallback& progress = {});

}  // namespace ptattn
