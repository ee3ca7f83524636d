#include "ptattn/tasks/smooth/neighbor_smoother.hpp"

#include <cstdint>
#include <vector>

#include "ptattn/cloud/bounds.hpp"
#include "ptattn/cloud/rows.hpp"
#include "ptattn/nn/grouping.hpp"
#include "ptattn/tasks/geometry/neighborhood.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kSample = 4096;

/// The positions of these rows, relative to their middle.
Matrix points_of(std::span<const Position> positions, std::span<const std::size_t> rows) {
  std::vector<Position> chosen(rows.size());
  for (std::size_t r = 0; r < rows.size(); ++r) chosen[r] = positions[rows[r]];
  return rows_relative_to(bounds_of(chosen).middle(), chosen);
}

}  // namespace

NeighborSmoother::NeighborSmoother(std::span<const Position> positions,
                                   std::span<const std::size_t> rows, const SmoothOptions& options)
    : options_(options), points_(points_of(positions, rows)), tree_(points_) {}

BandwidthFit NeighborSmoother::choose_bandwidth(MatrixView values) {
  const std::vector<std::uint32_t> sample = spread_rows(points_.rows(), kSample);
  const IndexTable lists = neighbors_in(tree_, gather_rows(points_, sample), options_.neighborhood);
  const LeaveOneOut known{.keys = points_,
                          .values = values,
                          .sample = sample,
                          .neighbors = lists.indices,
                          .kernel = options_.kernel};
  BandwidthFit fit;
  if (!options_.bandwidth) {
    fit = fit_bandwidth(known);
  } else {
    fit.bandwidth = *options_.bandwidth;
    fit.loss = leave_one_out_loss(known, static_cast<float>(fit.bandwidth));
    LeaveOneOut widest = known;
    widest.kernel = Kernel::kConstant;
    fit.constant = leave_one_out_loss(widest, 1.0F);
  }
  bandwidth_ = static_cast<float>(fit.bandwidth);
  return fit;
}

void NeighborSmoother::run(const std::function<void(const Block&)>& body,
                           const std::function<void()>& after_pass,
                           const ProgressCallback& progress) const {
  const KernelPooling pooling{.kernel = options_.kernel, .bandwidth = {&bandwidth_, 1}};
  const auto with_weights = [&](const NeighborhoodBlock& block) {
    body({block.first, block.queries, block.lists, points_, pooling});
  };
  for (std::size_t pass = 0; pass < options_.iterations; ++pass) {
    for_each_block(tree_, points_, options_.neighborhood, with_weights,
                   progress_of_pass(progress, pass, options_.iterations));
    after_pass();
  }
}

}  // namespace ptattn
