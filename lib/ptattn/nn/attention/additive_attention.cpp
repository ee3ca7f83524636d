#include "ptattn/nn/attention/additive_attention.hpp"

#include <string>
#include <string_view>

#include "ptattn/core/error.hpp"
#include "ptattn/nn/attention/attention_tasks.hpp"
#include "ptattn/nn/kernels/additive_attention.hpp"
#include "ptattn/nn/shapes.hpp"

namespace ptattn {
namespace {

constexpr std::string_view kSubject = "additive attention";

void check_operands(const AdditiveAttention& w, MatrixView q, MatrixView k, MatrixView v,
                    const AttentionScores& scores) {
  const std::size_t h = w.score.size();
  if (w.query.weight.cols() != h || w.key.weight.cols() != h) {
    throw Error(Fault::kUsage, kSubject,
                "queries and keys are projected to " + std::to_string(w.query.weight.cols()) +
                    " and " + std::to_string(w.key.weight.cols()) + " channels, expected " +
                    std::to_string(h) + " as the scores have");
  }
  if (scores.scale != 0.0F) {
    throw Error(Fault::kUsage, kSubject, "a scale is given, expected none");
  }
  check_shape(kSubject, "the queries' matrix", q, q.rows, w.query.weight.rows());
  check_shape(kSubject, "the keys' matrix", k, k.rows, w.key.weight.rows());
  check_shape(kSubject, "the values' matrix", v, k.rows, v.cols);
  check_biases(kSubject, q.rows, k.rows, k.rows, scores);
}

}  // namespace

Matrix additive_attention(const AdditiveAttention& w, MatrixView q, MatrixView k, MatrixView v,
                          const AttentionScores& scores, Matrix* weights) {
  check_operands(w, q, k, v, scores);
  const Matrix queries = linear(w.query, q);
  const Matrix keys = linear(w.key, k);
  Matrix out(q.rows, v.cols);
  for_query_tasks(scores, q.rows, k.rows, [&](const QueryTask& task) {
    additive_attention_on_this_thread(w.score, queries.view().rows_range(task.begin, task.rows),
                                      keys.view().rows_range(0, task.keys),
                                      v.rows_range(0, task.keys), task.scores,
                                      out.view().rows_range(task.begin, task.rows));
  });
  if (weights != nullptr) {
    *weights = Matrix(q.rows, k.rows);
    const MutableMatrixView products = weights->view();
    for_query_tasks({}, q.rows, k.rows, [&](const QueryTask& task) {
      additive_scores_on_this_thread(w.score, queries.view().rows_range(task.begin, task.rows),
                                     keys, products.rows_range(task.begin, task.rows));
    });
    softmax_of_scores(scores, 1.0F, products);
  }
  return out;
}

}  // namespace ptattn
