#pragma once

#include <memory>
#include <string>

#include "golden_case.hpp"
#include "ptattn/models/point_network.hpp"

namespace ptattn::test {

/// The network of a golden case, and what had to be found out about it.
struct ExplainedNetwork {
  std::unique_ptr<PointNetwork> network;
  /// "z | hilbert z | ...": the orders that the blocks of each stage use; empty: the configuration
  /// says everything.
  std::string orders;
};

/// Builds the network of a case over points.
///
/// The public code of Point Transformer V3 shuffles its orders at every pooling, by a seed that
/// nobody kept; unless the configuration says otherwise (`"shuffle_orders": false`, or
/// `stage_orders`), they have to be found. Stage by stage this tries the arrangements that differ
/// in the stage's blocks and keeps the one whose activations agree best; those of the stages before
/// are fixed then. Passes end as soon as they are worse than the best so far. Of a batch,
/// and where the decoder's patches have other sizes than the encoder's, it tries both ways to cut
/// patches, as a case does not say which. A case that nothing explains gets what
/// comes closest.
/// @throws Error(Fault::kModel) as make_point_network
[[nodiscard]] ExplainedNetwork make_explained_network(const GoldenCase& golden);

}  // namespace ptattn::test
