#include "ptattn/models/pct/pct.hpp"

#include <utility>

#include "ptattn/models/pct/pass.hpp"

namespace ptattn {

Pct::Pct(const PctConfig& config, PctWeights weights)
    : config_(config), weights_(std::move(weights)) {}

std::vector<AttentionLayer> Pct::attention_layers() const {
  std::vector<AttentionLayer> layers;
  for (std::size_t i = 0; i < weights_.attention.size(); ++i) {
    layers.push_back({pct_attention_name(i)});
  }
  return layers;
}

Matrix Pct::logits(MatrixView points, const Trace& trace) const {
  return pct_logits(config_, weights_, points, trace);
}

}  // namespace ptattn
