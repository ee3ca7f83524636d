#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

#include "ptattn/core/matrix.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/nn/attention/attention.hpp"

namespace ptattn {

/// @param subject  what the message is about
/// @param m        queries
/// @param n        keys
/// @param pairs    columns that a bias has
/// @throws Error(Fault::kUsage) when a bias does not fit
void check_biases(std::string_view subject, std::size_t m, std::size_t n, std::size_t pairs,
                  const AttentionScores& scores);

/// Holds some of the queries, as a problem of its own. They are the last of the keys they see,
/// which is what causal attention asks for.
struct QueryTask {
  std::size_t begin = 0;
  std::size_t rows = 0;
  std::size_t keys = 0;  ///< the first of all; no other is visible
  AttentionScores scores{};
};

[[nodiscard]] QueryTask query_task(const AttentionScores& scores, std::size_t m, std::size_t n,
                                   std::size_t begin, std::size_t rows);

/// Calls body(QueryTask) for tasks that cover all m queries, in parallel.
///
/// Tasks are whole panels of the kernels. Of 16 panels, copies of keys and values are hardly
/// noticed; of 4 they cost a tenth, but there are more of them. Which it is must change no bit.
template <class Body>
void for_query_tasks(const AttentionScores& scores, std::size_t m, std::size_t n,
                     const Body& body) {
  constexpr std::size_t kPanel = 32;
  constexpr std::size_t kFewPanels = 4;
  constexpr std::size_t kManyPanels = 16;
  constexpr std::size_t kTasksPerThread = 4;
  const std::size_t panels = (m + kPanel - 1) / kPanel;
  const std::size_t wanted = panels / (kTasksPerThread * static_cast<std::size_t>(thread_count()));
  const std::size_t size = std::clamp(wanted, kFewPanels, kManyPanels) * kPanel;
  parallel_each((m + size - 1) / size, 1, [&](std::size_t task) {
    const std::size_t begin = task * size;
    body(query_task(scores, m, n, begin, std::min(size, m - begin)));
  });
}

/// products <- softmax over each row of scale products + biases, masked keys zero.
/// @param products  [m, n]
void softmax_of_scores(const AttentionScores& scores, float scale, MutableMatrixView products);

}  // namespace ptattn
