#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "ptattn/tasks/progress.hpp"
#include "ptattn/tasks/transfer/problem.hpp"

namespace ptattn {

/// Holds a metric and how well it predicts every known point from the others; means over a sample.
struct LearntMetric {
  TransferMetric metric;
  /// Classes: Brier score, sum_c (share of c - [c is true])^2, from 0 to 2. Values: squared error.
  double loss = 0.0;
  double right = 0.0;  ///< classes: share of points that the vote names rightly
};

/// Learns the metric from the known points alone, by leave-one-out.
///
/// `vertical` is one of 1/2, 1, 2, ..., 32 (surveys are layered: what is as high as a point tells
/// more about it than what is as near), the bandwidth comes from `minimize_over_log`, then each
/// feature in turn gets the best of 0, 1/4, 1/2, 1, 2, 4 bandwidths, and the bandwidth is learnt
/// once more. Judged by at most 16384 evenly spread points. Deterministic; the first of equals.
/// @throws Error(Fault::kUsage) when an argument is not as said
/// Time O(n log n), seven trees; about 60 leave-one-out losses.
[[nodiscard]] LearntMetric learn_metric(const TransferPoints& keys, const TransferTargets& known,
                                        const TransferOptions& options);

/// Computes how far known points speak for the space around them: four times the distance within
/// which 95 % of them have 16 others (all others, when there are fewer). Farther away nothing near
/// is known; gaps between scan lines and thinned clouds lie well within.
/// @return  infinity for a single point, and where that distance is 0
/// Time O(n log n), 4096 points looked at.
[[nodiscard]] double transfer_reach(std::span<const Position> keys);

/// Holds what each query gets.
struct Transferred {
  /// Classes: a key of the winning class, the nearest; kNoIndex: no key within the radius
  std::vector<std::uint32_t> winner;
  std::vector<float> confidence;  ///< classes: the winner's share of the weights; else 0
  std::vector<double> values;     ///< values: their kernel average; NaN: no key within the radius
};

/// Carries classes by weighted vote or values by kernel regression:
///
///   share of c = sum_j a_j [class_j = c],   value = sum_j a_j y_j,   a_j = K(u_j) / sum K(u)
///
/// over the neighbourhood of each query. Equal shares: the class of the nearest key wins. A query
/// with a window that no weight reaches (a boxcar narrower than the distance) takes what the
/// nearest has; one that coincides with keys takes what they have: labelled points keep their
/// labels.
///
/// Positions are taken relative to the middle of the keys, in float64, and compared in float32.
/// What a query gets depends on no other query, so that they may come in pieces, and in any order.
class FieldCarrier {
 public:
  /// Sorts the keys, which must outlive the object, as what is known of them.
  /// @throws Error(Fault::kUsage) when an argument is not as said
  /// Time O(n log n); memory 50 bytes a key.
  FieldCarrier(const TransferPoints& keys, const TransferTargets& known,
               const TransferMetric& metric, const TransferOptions& options);
  ~FieldCarrier();
  FieldCarrier(const FieldCarrier&) = delete;
  FieldCarrier& operator=(const FieldCarrier&) = delete;

  /// Carries what is known to queries.
  /// @throws Error(Fault::kUsage) when their features do not fit those of the keys
  /// Time O(m (k + log n)); memory 20 bytes a query. The same bits for any thread count.
  [[nodiscard]] Transferred operator()(const TransferPoints& queries,
                                       const ProgressCallback& progress = {}) const;

 private:
  struct Parts;
  std::unique_ptr<const Parts> parts_;
};

/// Carries what is known to one set of queries, see FieldCarrier.
[[nodiscard]] Transferred transfer(const TransferPoints& keys, const TransferTargets& known,
                                   const TransferPoints& queries, const TransferMetric& metric,
                                   const TransferOptions& options,
                                   const ProgressCallback& progress = {});

}  // namespace ptattn
