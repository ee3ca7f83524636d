#include "ptattn/train/layers/normed_layer.hpp"

#include "ptattn/train/layers/row_passes.hpp"

namespace ptattn::train {

NormedLayer::NormedLayer(ParameterSet& set, const LayerScope& scope, const std::string& norm_name,
                         const Shape& shape)
    : layer_(set, scope, shape.in, shape.out, shape.bias),
      norm_(set, {norm_name, scope.depth, scope.is_head}, shape.out, shape.norm) {}

NormedLayerRecord NormedLayer::forward(MatrixView x, NormStatistics statistics, MutableMatrixView y,
                                       ScratchMemory& scratch) const {
  const MutableMatrixView product = scratch.matrix(x.rows, layer_.out());
  forward_rows(layer_, x, product);
  return {x, norm_.forward(product, statistics, y, scratch)};
}

void NormedLayer::backward(const NormedLayerRecord& record, MutableMatrixView d,
                           MutableMatrixView d_x) const {
  norm_.backward(record.norm, d);
  backward_rows(layer_, record.input, d, d_x);
}

}  // namespace ptattn::train
