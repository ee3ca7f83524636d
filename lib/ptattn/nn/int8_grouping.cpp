#include "ptattn/nn/int8_grouping.hpp"

#include "ptattn/core/parallel.hpp"
#include "ptattn/core/scratch_memory.hpp"
#include "ptattn/nn/kernels/int8_gemm.hpp"
#include "ptattn/nn/kernels/int8_quantize.hpp"
#include "ptattn/nn/shapes.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kCentersPerTask = 8;

}  // namespace

Int8GroupingWeights::Int8GroupingWeights(const GroupingWeights& w)
    : neighbor(w.neighbor), center(w.center), second(w.second) {}

void embed_neighborhoods(const Int8GroupingWeights& w, const ByteRowsView& features,
                         std::span<const std::uint32_t> centers,
                         std::span<const std::uint32_t> neighbors, MutableMatrixView out) {
  const Int8Matrix& second = w.second.weight;
  check_shape("neighbour embedding", "the result", out, centers.size(), second.cols());
  if (centers.empty()) return;
  ScratchMemory scratch;
  const MatrixView near = linear(w.neighbor, features, Activation::kNone, scratch);
  const ByteRowsView center_features = gather_rows(features, centers, scratch);
  const MatrixView at_center = linear(w.center, center_features, Activation::kNone, scratch);
  const std::size_t k = neighbors.size() / centers.size();
  const Epilogue epilogue{
      w.second.bias.empty() ? nullptr : w.second.bias.data(), Activation::kRelu, {}};
  parallel_ranges(centers.size(), kCentersPerTask, [&](std::size_t begin, std::size_t end) {
    ScratchMemory mine;
    const MutableByteRowsView hidden = byte_rows(k, near.cols, mine);
    for (std::size_t i = begin; i < end; ++i) {
      gather_quantize(near, neighbors.subspan(i * k, k), at_center.row(i), hidden);
      int8_gemm_max(hidden, second, 0, second.panels(), epilogue, out.row(i));
    }
  });
}

}  // namespace ptattn
