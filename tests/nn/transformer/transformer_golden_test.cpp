#include <gtest/gtest.h>

#include <string>
#include <string_view>
#include <tuple>

#include "golden.hpp"
#include "ptattn/core/clone.hpp"
#include "ptattn/models/transformer_weights.hpp"

namespace ptattn::test {
namespace {

/// The tensors of the golden file whose names begin with `prefix`, without it.
class Prefixed final : public WeightSource {
 public:
  explicit Prefixed(std::string prefix) : prefix_(std::move(prefix)) {}
  std::vector<std::string> names() const override {
    std::vector<std::string> names;
    for (const std::string& name : golden_file().names()) {
      if (name.starts_with(prefix_)) names.push_back(name.substr(prefix_.size()));
    }
    return names;
  }
  const std::vector<std::size_t>* shape(std::string_view name) const override {
    return golden_file().shape(prefix_ + std::string(name));
  }
  std::vector<float> values(std::string_view name) const override {
    return golden_file().values(prefix_ + std::string(name));
  }
  std::string subject() const override { return golden_file().subject(); }

 private:
  std::string prefix_;
};

/// Mask and key padding of one attention.
struct Masks {
  Masks(const std::string& mask_name, const std::string& padding_name)
      : mask(golden("inputs." + mask_name)), padding(golden_values("inputs." + padding_name)) {}
  [[nodiscard]] AttentionScores scores() const { return {.key_bias = padding, .bias = mask}; }

  Matrix mask;
  std::vector<float> padding;
};

class TransformerGolden : public testing::TestWithParam<std::tuple<NormOrder, Activation>> {
 protected:
  [[nodiscard]] static NormOrder order() { return std::get<0>(GetParam()); }
  [[nodiscard]] static Transformer weights() {
    return read_transformer_weights({.channels = 24,
                                     .heads = 3,
                                     .encoder_layers = 2,
                                     .decoder_layers = 2,
                                     .hidden = 40,
                                     .activation = std::get<1>(GetParam()),
                                     .order = order()},
                                    Prefixed("transformer."));
  }
  /// "whole.pre_relu" and the like
  [[nodiscard]] static std::string name_of(const std::string& part) {
    return part + (order() == NormOrder::kPre ? ".pre_" : ".post_") +
           (std::get<1>(GetParam()) == Activation::kRelu ? "relu" : "gelu");
  }

  const Transformer w_ = weights();
  const Matrix source_ = golden("inputs.src");
  const Matrix target_ = golden("inputs.tgt");
  const Masks source_masks_{"src_mask", "src_padding"};
  const Masks target_masks_{"tgt_mask", "tgt_padding"};
  const Masks memory_masks_{"memory_mask", "memory_padding"};
};

TEST_P(TransformerGolden, encoder_layer) {
  Matrix x = clone(source_);
  encoder_layer(w_.encoder.layers[0], order(), {}, x);
  expect_golden(x, name_of("encoder_layer"));

  Matrix masked = clone(source_);
  encoder_layer(w_.encoder.layers[0], order(), source_masks_.scores(), masked);
  expect_golden(masked, name_of("encoder_layer") + "_masked");
}

TEST_P(TransformerGolden, decoder_layer) {
  Matrix x = clone(target_);
  decoder_layer(w_.decoder.layers[0], order(), source_, {}, x);
  expect_golden(x, name_of("decoder_layer"));

  Matrix masked = clone(target_);
  decoder_layer(w_.decoder.layers[0], order(), source_,
                {target_masks_.scores(), memory_masks_.scores()}, masked);
  expect_golden(masked, name_of("decoder_layer") + "_masked");
}

TEST_P(TransformerGolden, whole) {
  expect_golden(transformer(w_, source_, target_), name_of("whole"));
  expect_golden(
      transformer(w_, source_, target_,
                  {source_masks_.scores(), {target_masks_.scores(), memory_masks_.scores()}}),
      name_of("whole") + "_masked");
}

TEST_P(TransformerGolden, the_causal_flag_is_the_causal_mask) {
  AttentionScores target{.key_bias = target_masks_.padding};
  target.causal = true;
  expect_golden(
      transformer(w_, source_, target_, {source_masks_.scores(), {target, memory_masks_.scores()}}),
      name_of("whole") + "_masked");
}

TEST_P(TransformerGolden, step_by_step_decoding) {
  StepDecoder steps(w_.decoder, encode(w_.encoder, source_));
  Matrix out(8, 24);
  Matrix row = golden("inputs.start");
  for (std::size_t t = 0; t < out.rows(); ++t) {
    row = steps.next(row);
    std::copy_n(row.data(), 24, out.row(t));
  }
  expect_golden(out, name_of("decode"));
}

INSTANTIATE_TEST_SUITE_P(norms_and_activations, TransformerGolden,
                         testing::Combine(testing::Values(NormOrder::kPost, NormOrder::kPre),
                                          testing::Values(Activation::kRelu, Activation::kGelu)));

}  // namespace
}  // namespace ptattn::test
