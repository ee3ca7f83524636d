#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "ptattn/models/classifier.hpp"
#include "ptattn/models/pct/config.hpp"
#include "ptattn/models/pct/pct.hpp"
#include "ptattn/nn/int8_grouping.hpp"
#include "ptattn/nn/int8_linear.hpp"

namespace ptattn {

/// Represents an offset attention whose scores and weighted sums are float32.
struct Int8OffsetAttentionWeights {
  Linear query_key;      // [c, d]
  Int8Linear value;      // [c, c]
  Int8Linear transform;  // [c, c]
};

/// Holds layers of PCT (see PctWeights), the large ones with 8-bit weights.
struct PctInt8Weights {
  Linear conv1;
  Linear conv2;
  std::array<Int8GroupingWeights, 2> gather_local;
  Int8Linear last_conv1;
  Int8Linear last_conv2;
  Linear pos_xyz;
  std::vector<Int8OffsetAttentionWeights> attention;
  Int8Linear conv_fuse;
  std::array<Linear, 3> linear;

  /// Quantises once; what stays float32 is taken over.
  explicit PctInt8Weights(PctWeights weights);
};

/// Holds PCT classification in 8 bits: nine tenths of the multiply-adds of Pct are products of
/// 8-bit weights, a scale for each output channel, with 7-bit inputs, a scale for each row (point),
/// found when the row is known. Nothing needs calibration data.
///
/// Float32 remain: the coordinates' layers (`conv1`, `pos_xyz`) and `conv2`, which are small;
/// queries and keys, since scores go through exp without 1/sqrt(d); attention's products, whose
/// factors change with every cloud; the fully connected layers at the end, which see one row; and
/// every bias, norm, activation and residual.
///
/// The trace names are those of Pct; attention weights are not reported, Pct reports them.
///
/// Parallel over rows; the same bits for any thread count; memory as Pct. Sampling and neighbours
/// are those of Pct to the bit.
class PctInt8 final : public Classifier {
 public:
  PctInt8(const PctConfig& config, PctInt8Weights weights);

  [[nodiscard]] std::size_t class_count() const override { return config_.num_classes; }
  [[nodiscard]] std::size_t min_points() const override { return config_.groups[0].points; }
  [[nodiscard]] Matrix logits(MatrixView points, const Trace& trace) const override;

 private:
  PctConfig config_;
  PctInt8Weights weights_;
};

}  // namespace ptattn
