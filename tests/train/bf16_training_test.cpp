// Steps whose products are of numbers rounded to bfloat16, beside those of float32.

#include <cmath>
#include <memory>
#include <string>
#include <vector>

#include <gmock/gmock.h>

#include "each_target.hpp"
#include "network_checks.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/nn/kernels/bfloat16.hpp"
#include "ptattn/train/kernels/transposed_product.hpp"
#include "ptattn/train/trainable_network.hpp"
#include "training_scene.hpp"

namespace ptattn::test {
namespace {

const ArchitectureConfig kPtv3{"ptv3m1", R"({"num_classes": 3, "in_channels": 5, "stride": [2],
  "enc_depths": [1, 2], "enc_channels": [8, 12], "enc_num_head": [2, 3],
  "enc_patch_size": [24, 24], "dec_depths": [1], "dec_channels": [8], "dec_num_head": [2],
  "dec_patch_size": [24], "mlp_ratio": 2})",
                               "tiny"};
const ArchitectureConfig kVolt{"volt", R"({"num_classes": 3, "in_channels": 5, "embed_dim": 128,
  "depth": 2, "num_heads": 2, "mlp_ratio": 2, "up_mlp_dim": 12, "stride": 4, "kernel_size": 4})",
                               "tiny"};
const ArchitectureConfig kPct{"pct_cls", R"({"num_classes": 4, "embed_channels": 6,
  "groups": [{"points": 20, "neighbors": 5, "channels": 8},
             {"points": 12, "neighbors": 4, "channels": 10}],
  "attention_layers": 2, "qk_channels": 4, "fuse_channels": 14, "head_channels": [9, 7]})",
                              "tiny"};

std::unique_ptr<train::TrainableNetwork> trainer(const ArchitectureConfig& config,
                                                 Precision precision) {
  return train::make_trainable_network(config, {.seed = 4, .dropout = 0.0, .precision = precision});
}

/// The gradients of one step, all parameters after one another.
std::vector<float> gradients(const ArchitectureConfig& config, Precision precision,
                             const PointInput& input, std::size_t outputs) {
  const auto network = trainer(config, precision);
  (void)loss_of_step(*network, input, outputs);
  const auto all = network->parameters().gradients();
  return {all.begin(), all.end()};
}

/// The cosine of the angle between two gradients.
double alike(const std::vector<float>& a, const std::vector<float>& b) {
  double ab = 0.0;
  double aa = 0.0;
  double bb = 0.0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    ab += double{a[i]} * b[i];
    aa += double{a[i]} * a[i];
    bb += double{b[i]} * b[i];
  }
  return ab / std::sqrt(aa * bb);
}

TEST(bf16_training, gradients_point_where_those_of_float32_do) {
  const TrainingScene scene({611, 20, 297}, 5, 1);
  for (const ArchitectureConfig& config : {kPtv3, kVolt}) {
    const auto exact = gradients(config, Precision::kFloat32, scene.input(), scene.rows());
    const auto rounded = gradients(config, Precision::kBf16, scene.input(), scene.rows());
    EXPECT_GT(alike(exact, rounded), 0.999) << config.architecture;
    EXPECT_NE(exact, rounded) << config.architecture;
  }
  const Matrix points = random_matrix(120, 3, 9);
  const std::vector<std::size_t> ends{30, 60, 90, 120};
  const PointInput clouds{points, {}, {}, ends, {}};
  const auto exact = gradients(kPct, Precision::kFloat32, clouds, 4);
  const auto rounded = gradients(kPct, Precision::kBf16, clouds, 4);
  EXPECT_GT(alike(exact, rounded), 0.75);  // maxima choose other points of such small clouds
  EXPECT_NE(exact, rounded);
}

TEST(bf16_training, same_bytes_for_any_thread_count) {
  const TrainingScene scene({611, 20, 297}, 5, 1);
  for (const ArchitectureConfig& config : {kPtv3, kVolt}) {
    expect_same_bytes_for_any_thread_count(*trainer(config, Precision::kBf16), scene.input(),
                                           scene.rows());
  }
}

TEST(bf16_training, int8_is_refused) {
  EXPECT_THROW((void)trainer(kPtv3, Precision::kInt8), Error);
}

TEST(transposed_product_bf16, is_that_of_the_rounded_numbers) {
  const auto rounded = [](MatrixView x) {
    Matrix out = clone(x);
    for (float& value : out.values()) value = round_to_bf16(value);
    return out;
  };
  for_each_target([&] {
    for (const std::size_t rows : {1, 2, 7, 512, 513, 1300}) {
      for (const std::size_t columns : {5, 16, 40}) {
        const Matrix a = random_matrix(rows, 13, 1);
        const Matrix b = random_matrix(rows, columns, 2);
        Matrix expected = random_matrix(13, columns, 3);
        Matrix sums = clone(expected);
        train::add_transposed_product_bf16(a, b, sums);
        train::add_transposed_product(rounded(a), rounded(b), expected);
        for (std::size_t i = 0; i < sums.size(); ++i) {
          ASSERT_NEAR(sums.data()[i], expected.data()[i], 1e-6 * static_cast<double>(rows + 1));
        }
      }
    }
  });
}

}  // namespace
}  // namespace ptattn::test
