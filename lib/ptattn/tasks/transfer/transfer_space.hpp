#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "ptattn/tasks/transfer/transfer.hpp"

namespace ptattn {

/// The keys of some queries and the weights they have.
struct WeightedLists {
  IndexTable lists;
  Matrix weights;  ///< [m, k]; rows sum to 1, or are zero where the list is empty
};

/// The keys of a transfer, in the order that a `vertical` gives them.
class TransferSpace {
 public:
  /// @throws Error(Fault::kUsage) for no keys, or options and shapes that do not fit each other
  TransferSpace(const Places& keys, double vertical, const TransferOptions& options);

  /// The windows of queries.
  /// @param extra  keys beyond k: 1 where each query is a key itself
  [[nodiscard]] IndexTable lists(const Places& queries, std::size_t extra) const;
  /// Places in the space in which d is the plain distance, [m, 3 + f].
  [[nodiscard]] Matrix stretched(const Places& places, const TransferMetric& metric) const;
  /// The weights of such lists. Where no weight reaches any key, the nearest has it all; keys that
  /// coincide with a query (not itself, see `self`) share it all.
  /// @param self  empty, or the key that each query is and does not see
  [[nodiscard]] Matrix weights(MatrixView queries, MatrixView keys, const IndexTable& lists,
                               double bandwidth, std::span<const std::uint32_t> self) const;

 private:
  [[nodiscard]] Matrix tall(std::span<const Position> positions) const;
  void drop_the_far(std::span<const Position> queries, IndexTable& lists) const;

  Places keys_;
  double vertical_;
  Kernel kernel_;
  Neighborhood neighborhood_;
  Position origin_;
  std::optional<KdTree> tree_;
};

}  // namespace ptattn
