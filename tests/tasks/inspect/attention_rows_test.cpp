#include "ptattn/tasks/inspect/attention_rows.hpp"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <string>

#include "attention_network.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"

namespace ptattn::test {
namespace {

using testing::ElementsAre;
using testing::FloatNear;
using testing::HasSubstr;

Matrix matrix(std::size_t rows, std::size_t cols, const std::vector<float>& values) {
  Matrix m(rows, cols);
  std::ranges::copy(values, m.data());
  return m;
}

RowChoice all_rows() {
  return [](MatrixView tokens) {
    Matrix identity(tokens.rows, tokens.rows);
    std::ranges::fill(identity.values(), 0.0F);
    for (std::size_t i = 0; i < tokens.rows; ++i) identity(i, i) = 1.0F;
    return identity;
  };
}

std::vector<float> values(const Matrix& m) {
  return {m.values().begin(), m.values().end()};
}

std::string refusal(const TracedPass& forward, const AttentionChoice& choice) {
  try {
    (void)attention_rows(forward, choice, mean_row());
  } catch (const Error& error) {
    EXPECT_EQ(error.fault(), Fault::kUsage);
    return error.what();
  }
  return "accepted";
}

TEST(attention_rows, a_row_is_what_the_layer_reports) {
  const Matrix tokens = tokens_on_a_line(5);
  const LayerOfGroups layer{"a", {groups_of(random_weights(5, 1))}};
  const AttentionRows found = attention_rows(reporting(tokens, {layer}), {.layers = {{"a", 1}}},
                                             row_nearest_to({3.2F, 0, 0}));
  EXPECT_EQ(values(found.tokens), values(tokens));
  ASSERT_EQ(found.rows.rows(), 1U);
  for (std::size_t j = 0; j < 5; ++j) EXPECT_EQ(found.rows(0, j), random_weights(5, 1)(3, j));
}

TEST(attention_rows, without_a_query_the_mean_of_all_rows) {
  const LayerOfGroups layer{"a", {groups_of(matrix(2, 2, {0.9F, 0.1F, 0.3F, 0.7F}))}};
  const AttentionRows found =
      attention_rows(reporting(tokens_on_a_line(2), {layer}), {.layers = {{"a", 1}}}, mean_row());
  EXPECT_THAT(found.rows.values(), ElementsAre(FloatNear(0.6F, 1e-6F), FloatNear(0.4F, 1e-6F)));
}

TEST(attention_rows, ties_go_to_the_first_token) {
  Matrix tokens = tokens_on_a_line(3);
  std::ranges::fill(tokens.values(), 1.0F);
  EXPECT_THAT(row_nearest_to({7, 7, 7})(tokens).values(), ElementsAre(1, 0, 0));
}

TEST(attention_rows, groups_are_put_together) {
  // Tokens 3, 0 attend to 0, 2, 3; tokens 1, 2 attend to 1 alone.
  const std::vector<Group> groups{
      {0, {3, 0}, {0, 2, 3}, matrix(2, 3, {0.5F, 0.25F, 0.25F, 0.0F, 1.0F, 0.0F})},
      {0, {1, 2}, {1}, matrix(2, 1, {1.0F, 1.0F})}};
  const AttentionRows found = attention_rows(reporting(tokens_on_a_line(4), {{"a", groups}}),
                                             {.layers = {{"a", 1}}}, all_rows());
  EXPECT_THAT(found.rows.values(), ElementsAre(0, 0, 1, 0,  //
                                               0, 1, 0, 0,  //
                                               0, 1, 0, 0,  //
                                               0.5F, 0, 0.25F, 0.25F));
}

TEST(attention_rows, heads_are_averaged_or_chosen) {
  std::vector<Group> groups = groups_of(matrix(2, 2, {1, 0, 0, 1}), 0);
  groups.push_back(groups_of(matrix(2, 2, {0, 1, 0.5F, 0.5F}), 1).front());
  const TracedPass forward = reporting(tokens_on_a_line(2), {{"a", groups}});
  AttentionChoice choice{.layers = {{"a", 2}}};
  EXPECT_THAT(attention_rows(forward, choice, all_rows()).rows.values(),
              ElementsAre(0.5F, 0.5F, 0.25F, 0.75F));
  choice.head = 1;
  EXPECT_THAT(attention_rows(forward, choice, all_rows()).rows.values(),
              ElementsAre(0, 1, 0.5F, 0.5F));
}

TEST(attention_rows, rollout_hand_computed) {
  // (A2 + I)/2 = (1/2 1/2; 1/2 1/2), (A1 + I)/2 = (1 0; 1/4 3/4), their product (5/8 3/8; 5/8 3/8).
  const TracedPass forward =
      reporting(tokens_on_a_line(2), {{"a", groups_of(matrix(2, 2, {1, 0, 0.5F, 0.5F}))},
                                      {"b", groups_of(matrix(2, 2, {0, 1, 1, 0}))}});
  const AttentionChoice choice{.layers = {{"a", 1}, {"b", 1}}, .rollout = true};
  EXPECT_THAT(attention_rows(forward, choice, all_rows()).rows.values(),
              ElementsAre(0.625F, 0.375F, 0.625F, 0.375F));
  EXPECT_THAT(attention_rows(forward, choice, row_nearest_to({1, 0, 0})).rows.values(),
              ElementsAre(0.625F, 0.375F));
}

TEST(attention_rows, rollout_is_the_product_of_all_layers) {
  constexpr std::size_t kTokens = 40;
  std::vector<LayerOfGroups> layers;
  AttentionChoice choice{.rollout = true};
  std::vector<std::vector<double>> expected(kTokens, std::vector<double>(kTokens, 0.0));
  for (std::size_t i = 0; i < kTokens; ++i) expected[i][i] = 1.0;
  for (std::uint64_t l = 0; l < 4; ++l) {
    const Matrix a = random_weights(kTokens, l + 1);
    choice.layers.push_back({"layer" + std::to_string(l), 1});
    layers.push_back({choice.layers.back().name, groups_of(a)});
    auto next = expected;  // (A + I)/2 from the left
    for (std::size_t i = 0; i < kTokens; ++i) {
      for (std::size_t j = 0; j < kTokens; ++j) {
        double sum = expected[i][j];
        for (std::size_t k = 0; k < kTokens; ++k) sum += a(i, k) * expected[k][j];
        next[i][j] = sum / 2.0;
      }
    }
    expected = next;
  }
  const AttentionRows found =
      attention_rows(reporting(tokens_on_a_line(kTokens), layers), choice, all_rows());
  for (std::size_t i = 0; i < kTokens; ++i) {
    const float* row = found.rows.row(i);
    EXPECT_NEAR(std::accumulate(row, row + kTokens, 0.0), 1.0, 1e-5);
    for (std::size_t j = 0; j < kTokens; ++j) ASSERT_NEAR(row[j], expected[i][j], 1e-6);
  }
}

TEST(attention_rows, same_bytes_for_any_thread_count) {
  const TracedPass forward =
      reporting(tokens_on_a_line(300), {{"a", groups_of(random_weights(300, 7))}});
  const AttentionChoice choice{.layers = {{"a", 1}}, .rollout = true};
  const auto with_threads = [&](int threads) {
    const ThreadLimit limit(threads);
    return values(attention_rows(forward, choice, all_rows()).rows);
  };
  EXPECT_EQ(with_threads(1), with_threads(8));
}

TEST(attention_rows, choices_that_mean_nothing_are_refused) {
  const TracedPass forward =
      reporting(tokens_on_a_line(3),
                {{"a", groups_of(random_weights(3, 1))}, {"b", groups_of(random_weights(3, 2))}});
  EXPECT_EQ(refusal(forward, {}),
            "attention: got 0 layers, expected one, or at least one for a rollout");
  EXPECT_THAT(refusal(forward, {.layers = {{"a", 1}, {"b", 1}}}), HasSubstr("got 2 layers"));
  EXPECT_EQ(refusal(forward, {.layers = {{"a", 1}}, .head = 1}),
            "a: has no head 1, expected one below 1");
  EXPECT_EQ(refusal(forward, {.layers = {{"c", 1}}}),
            "c: no attention weights are reported under this name");
  EXPECT_EQ(refusal(forward, {.layers = {{"a", 1}, {"b", 1}}, .rollout = true}), "accepted");
}

TEST(attention_rows, rollout_needs_the_same_tokens_throughout) {
  const TracedPass forward = [](const Trace& trace) {
    reporting(tokens_on_a_line(3), {{"a", groups_of(random_weights(3, 1))}})(trace);
    reporting(tokens_on_a_line(2), {{"b", groups_of(random_weights(2, 1))}})(trace);
  };
  EXPECT_THAT(refusal(forward, {.layers = {{"a", 1}, {"b", 1}}, .rollout = true}),
              HasSubstr("a: attends between other points than the layers behind it"));
}

TEST(attention_spread, even_and_pointed) {
  const AttentionSpread even = spread_of(std::vector<float>(200, 0.005F));
  EXPECT_NEAR(even.entropy, std::log(200.0), 1e-9);
  EXPECT_NEAR(even.effective, 200.0, 1e-6);
  EXPECT_EQ(even.top, 2U);
  EXPECT_NEAR(even.top_share, 0.01, 1e-9);
  std::vector<float> pointed(101, 0.0F);
  pointed[17] = 1.0F;
  const AttentionSpread one = spread_of(pointed);
  EXPECT_EQ(one.entropy, 0.0);
  EXPECT_EQ(one.effective, 1.0);
  EXPECT_EQ(one.top, 2U);
  EXPECT_EQ(one.top_share, 1.0);
}

TEST(attention_spread, hand_computed) {
  // 1/2, 1/4, 1/4: entropy 1.5 ln 2; the sum does not matter.
  const AttentionSpread spread = spread_of(std::vector<float>{1.0F, 0.5F, 0.5F});
  EXPECT_NEAR(spread.entropy, 1.5 * std::log(2.0), 1e-12);
  EXPECT_NEAR(spread.effective, std::pow(2.0, 1.5), 1e-12);
  EXPECT_EQ(spread.top, 1U);
  EXPECT_NEAR(spread.top_share, 0.5, 1e-12);
}

TEST(attention_spread, of_nothing_is_nothing) {
  for (const std::vector<float>& weights : {std::vector<float>{}, {0.0F, 0.0F}}) {
    const AttentionSpread spread = spread_of(weights);
    EXPECT_EQ(spread.entropy, 0.0);
    EXPECT_EQ(spread.effective, 0.0);
    EXPECT_EQ(spread.top_share, 0.0);
  }
}

}  // namespace
}  // namespace ptattn::test
