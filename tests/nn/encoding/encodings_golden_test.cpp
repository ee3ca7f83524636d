#include <gtest/gtest.h>

#include "golden.hpp"
#include "ptattn/nn/attention/channel_attention.hpp"
#include "ptattn/nn/batch_norm.hpp"
#include "ptattn/nn/encoding/positional_encoding.hpp"
#include "ptattn/nn/encoding/relative_encoding.hpp"
#include "ptattn/nn/encoding/rotary_encoding.hpp"

namespace ptattn::test {
namespace {

TEST(golden, index_encoding) {
  expect_golden(index_encoding(0, 10, 12), "index.even");
  expect_golden(index_encoding(0, 10, 7), "index.odd");
}

TEST(golden, encode_coordinates) {
  const Matrix x = golden("coordinates.x");
  const std::vector<float> stored = golden_values("coordinates.wavelengths");
  const std::vector<double> wavelengths(stored.begin(), stored.end());
  Matrix out(x.rows(), encoding_channels(3, wavelengths.size()));
  encode_coordinates(x, wavelengths, out);
  expect_golden(out, "coordinates.out");
}

TEST(golden, relative_mlp) {
  const BatchNorm norm{golden_values("relative_mlp.1.weight"), golden_values("relative_mlp.1.bias"),
                       golden_values("relative_mlp.1.running_mean"),
                       golden_values("relative_mlp.1.running_var")};
  const RelativeMlpWeights w{folded(golden_dense("relative_mlp.0"), norm),
                             Linear(golden_dense("relative_mlp.3"))};
  const auto neighbors = golden_integers<std::uint32_t>("relative_mlp.neighbors");
  Matrix out(neighbors.size(), 6);
  relative_mlp(w, golden("relative_mlp.queries"), golden("relative_mlp.keys"), neighbors, out);
  expect_golden(out, "relative_mlp.out");
}

TEST(golden, relative_table) {
  const RelativeTable encoding(golden("table.table"));
  EXPECT_EQ(encoding.bound(), golden_integers<std::size_t>("table.bound")[0]);
  const auto grid = golden_integers<std::int32_t>("table.grid");
  const std::size_t points = grid.size() / 3;
  Matrix out(encoding.heads() * points, points);
  for (std::size_t head = 0; head < encoding.heads(); ++head) {
    encoding.bias(head, grid, grid, out.view().rows_range(head * points, points));
  }
  expect_golden(out, "table.out");
}

TEST(golden, rotary_encoding) {
  Matrix x = golden("rotary.x");
  const std::size_t head = x.cols() / golden_integers<std::size_t>("rotary.heads")[0];
  Matrix angles(x.rows(), head);
  rotary_angles(golden("rotary.positions"), 10.0, angles);
  rotate(angles, 3, x);
  expect_golden(x, "rotary.out");
}

TEST(golden, squeeze_excite) {
  const SqueezeExciteWeights w{Linear(golden_dense("se.fc1")), Linear(golden_dense("se.fc2"))};
  Matrix x = golden("se.x");
  squeeze_excite(w, x, x);
  expect_golden(x, "se.out");
}

TEST(golden, efficient_channel_attention) {
  Matrix x = golden("eca.x");
  efficient_channel_attention(golden_values("eca.kernel"), x, x);
  expect_golden(x, "eca.out");
}

}  // namespace
}  // namespace ptattn::test
