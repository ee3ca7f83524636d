// Patch attention and its derivatives beside the definition in float64, with patches that borrow,
// clouds smaller than a patch, relative tables, and panels and blocks of keys that are not full.

#include <algorithm>
#include <cmath>
#include <numeric>
#include <vector>

#include <gmock/gmock.h>

#include "each_target.hpp"
#include "ptattn/train/kernels/attention_gradient.hpp"
#include "ptattn/train/layers/patch_attention.hpp"
#include "slopes.hpp"
#include "training_scene.hpp"

namespace ptattn::test {
namespace {

struct Case {
  std::vector<std::size_t> ends;  // of the clouds
  std::size_t patch;
  std::size_t heads;
  std::size_t width;  // of a head
  std::size_t bound;  // of the relative table; 0: none
};

/// A case's rows in a scrambled order, its patches and cells.
struct Rows {
  explicit Rows(const Case& c) : order(c.ends.back()), cells(c.ends.back()) {
    std::iota(order.begin(), order.end(), 0U);
    std::size_t begin = 0;
    for (const std::size_t end : c.ends) {  // scrambled inside each cloud
      for (std::size_t i = begin; i < end; ++i) {
        order[i] = static_cast<std::uint32_t>(begin + (i - begin) * 7 % (end - begin));
      }
      if ((end - begin) % 7 == 0) {
        std::iota(order.begin() + static_cast<std::ptrdiff_t>(begin),
                  order.begin() + static_cast<std::ptrdiff_t>(end),
                  static_cast<std::uint32_t>(begin));
      }
      begin = end;
    }
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const auto n = static_cast<std::uint32_t>(i);
      cells[i] = {n % 5, n / 5 % 4, n / 20};
    }
  }
  std::vector<std::uint32_t> order;
  std::vector<Cell> cells;
};

/// v[0]: qkv [n, 3 c]; v[1]: table [3 (2 bound + 1), heads]
Values plain_attention(const Case& c, const Rows& rows, std::span<const Patch> patches,
                       const std::vector<Values>& v) {
  const std::size_t channels = c.heads * c.width;
  const auto at = [&](std::uint32_t row, std::size_t part, std::size_t head, std::size_t j) {
    return v[0][row * 3 * channels + part * channels + head * c.width + j];
  };
  const auto bias = [&](std::uint32_t i, std::uint32_t j, std::size_t head) {
    double sum = 0.0;
    for (std::size_t a = 0; a < 3 && c.bound > 0; ++a) {
      const auto bound = static_cast<int>(c.bound);
      const int step = static_cast<int>(rows.cells[i][a]) - static_cast<int>(rows.cells[j][a]);
      const int entry =
          std::clamp(step, -bound, bound) + bound + static_cast<int>(a) * (2 * bound + 1);
      sum += v[1][static_cast<std::size_t>(entry) * c.heads + head];
    }
    return sum;
  };
  Values out(c.ends.back() * channels);
  for (const Patch& patch : patches) {
    for (std::size_t q = patch.first_own; q < patch.end; ++q) {
      for (std::size_t head = 0; head < c.heads; ++head) {
        const std::uint32_t i = rows.order[q];
        double total = 0.0;
        for (std::size_t k = patch.begin; k < patch.end; ++k) {
          const std::uint32_t j = rows.order[k];
          double score = 0.0;
          for (std::size_t d = 0; d < c.width; ++d) score += at(i, 0, head, d) * at(j, 1, head, d);
          const double weight =
              std::exp(score / std::sqrt(static_cast<double>(c.width)) + bias(i, j, head));
          total += weight;
          for (std::size_t d = 0; d < c.width; ++d) {
            out[i * channels + head * c.width + d] += weight * at(j, 2, head, d);
          }
        }
        for (std::size_t d = 0; d < c.width; ++d) {
          out[i * channels + head * c.width + d] /= total;
        }
      }
    }
  }
  return out;
}

void expect_attention(const Case& c) {
  SCOPED_TRACE(testing::Message() << c.ends.back() << " rows, patches of " << c.patch << ", "
                                  << c.heads << " heads of " << c.width);
  const Rows rows(c);
  const std::size_t n = c.ends.back();
  const std::size_t channels = c.heads * c.width;
  train::ParameterSet set;
  train::PatchAttention attention(channels, c.heads, 0.0);
  if (c.bound > 0) attention.add_relative_table(set, {"table"}, c.bound);
  randomize(set, 6);
  ScratchMemory scratch;
  const auto patches = cut_patches(c.ends, c.patch, scratch);
  const Matrix qkv = random_matrix(n, 3 * channels, 1);
  const Matrix d_out = random_matrix(n, channels, 2);
  Matrix out(n, channels);
  Matrix d_qkv(n, 3 * channels);
  const auto record = attention.forward(qkv, {rows.order, patches}, rows.cells, out, scratch);
  attention.backward(record, d_out, d_qkv);
  const PlainLayer plain = [&](const std::vector<Values>& v) {
    return plain_attention(c, rows, patches, v);
  };
  std::vector<Values> inputs{values_of(qkv)};
  if (c.bound > 0) inputs.push_back(values_of(set.parameters()[0].value));
  const Values weights = values_of(d_out);
  expect_values(out.view(), plain(inputs), "out");
  expect_values(d_qkv.view(), slopes(plain, inputs, 0, weights), "d qkv");
  if (c.bound > 0) {
    expect_values(set.parameters()[0].gradient, slopes(plain, inputs, 1, weights), "d table");
  }
}

TEST(patch_attention, derivatives_are_slopes) {
  for_each_target([] {
    expect_attention({{1}, 4, 1, 1, 0});
    expect_attention({{11, 13, 30}, 8, 2, 3, 0});
    expect_attention({{40}, 64, 2, 5, 0});
    expect_attention({{9}, 4, 1, 18, 0});
  });
}

TEST(patch_attention, derivatives_of_relative_tables_are_slopes) {
  for_each_target([] {
    expect_attention({{19}, 8, 2, 3, 2});
    expect_attention({{35}, 64, 1, 4, 1});
  });
}

/// More keys than a block holds, more queries than a panel: directions instead of all slopes.
TEST(attention_gradient, goes_over_blocks_of_keys) {
  constexpr std::size_t kQueries = 70;
  constexpr std::size_t kKeys = 300;
  constexpr std::size_t kWidth = 9;
  const Case c{{kKeys}, kKeys, 1, kWidth, 0};
  const Rows rows(c);
  const Patch patch{0, kKeys - kQueries, kKeys};  // the last rows are its own
  const std::vector<Patch> patches{patch};
  const Matrix qkv = random_matrix(kKeys, 3 * kWidth, 1);
  Matrix d_out = random_matrix(kKeys, kWidth, 2);
  for (std::size_t p = 0; p < patch.first_own; ++p) {
    std::fill_n(d_out.row(rows.order[p]), kWidth, 0.0F);
  }
  for_each_target([&] {
    const train::PatchAttention attention(kWidth, 1, 0.0);
    ScratchMemory scratch;
    Matrix out(kKeys, kWidth);
    Matrix d_qkv(kKeys, 3 * kWidth);
    std::ranges::fill(out.values(), 0.0F);
    std::ranges::fill(d_qkv.values(), 0.0F);
    const auto record = attention.forward(qkv, {rows.order, patches}, rows.cells, out, scratch);
    attention.backward(record, d_out, d_qkv);
    for (std::uint64_t seed = 5; seed < 9; ++seed) {
      const Matrix direction = random_matrix(kKeys, 3 * kWidth, seed);
      const auto loss = [&](double by) {
        Values moved = values_of(qkv);
        for (std::size_t i = 0; i < moved.size(); ++i) moved[i] += by * direction.data()[i];
        const Values result = plain_attention(c, rows, patches, {moved});
        double sum = 0.0;
        for (std::size_t i = 0; i < result.size(); ++i) sum += result[i] * d_out.data()[i];
        return sum;
      };
      double slope = 0.0;
      for (std::size_t i = 0; i < d_qkv.size(); ++i) {
        slope += double{d_qkv.data()[i]} * direction.data()[i];
      }
      EXPECT_NEAR(slope, (loss(1e-4) - loss(-1e-4)) / 2e-4, 1e-4);
    }
  });
}

}  // namespace
}  // namespace ptattn::test
