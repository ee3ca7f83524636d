#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "ptattn/tasks/transfer/problem.hpp"

namespace ptattn {

/// Checks what is known.
/// @throws Error(Fault::kUsage) unless exactly one of classes and values is there, one a key
void check_known(const TransferPoints& keys, const TransferTargets& known);

/// Searches the keys of a transfer, in the order that a `vertical` gives them.
class TransferSpace {
 public:
  /// @throws Error(Fault::kUsage) for no keys, or options and shapes that do not fit each other
  TransferSpace(const TransferPoints& keys, double vertical, const TransferOptions& options);

  /// Finds the neighbourhoods of queries.
  /// @param extra  keys beyond k: 1 where each query is a key itself
  [[nodiscard]] IndexTable lists(const TransferPoints& queries, std::size_t extra) const;
  /// Maps points into the space in which d is the plain distance, [m, 3 + f].
  [[nodiscard]] Matrix stretched(const TransferPoints& points, const TransferMetric& metric) const;
  /// Computes the weights of such lists. Where no weight reaches any key, the nearest has it all;
  /// keys that coincide with a query (not itself, see `self`) share it all.
  /// @param self  empty, or the key that each query is and does not see
  [[nodiscard]] Matrix weights(MatrixView queries, MatrixView keys, const IndexTable& lists,
                               double bandwidth, std::span<const std::uint32_t> self) const;

 private:
  [[nodiscard]] Matrix tall(std::span<const Position> positions) const;
  void drop_the_far(std::span<const Position> queries, IndexTable& lists) const;

  TransferPoints keys_;
  double vertical_;
  Kernel kernel_;
  Neighborhood neighborhood_;
  Position origin_;
  std::optional<KdTree> tree_;
};

}  // namespace ptattn
