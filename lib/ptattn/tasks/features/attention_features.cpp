#include "ptattn/tasks/features/attention_features.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdint>

#include "ptattn/cloud/field_meaning.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/neighbors/kd_tree.hpp"
#include "ptattn/nn/attention/attention.hpp"
#include "ptattn/nn/encoding/positional_encoding.hpp"
#include "ptattn/tasks/geometry/spacing.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kBlock = 65536;       // queries whose neighbours are known at a time
constexpr std::size_t kGlobalBlock = 4096;  // queries between two words to ProgressCallback
constexpr std::size_t kGrain = 1024;        // points a task
constexpr std::size_t kUsualNeighbors = 32;
constexpr double kNarrowest = 1.0 / 2000.0;  // of the longest side: a bandwidth among all points

void check_input(std::span<const Position> positions, std::span<const FieldColumn> columns,
                 std::span<const std::size_t> points, const AttentionFeatureOptions& options) {
  const auto fail = [](const std::string& problem) {
    throw Error(Fault::kUsage, "attention_features", problem);
  };
  if (positions.size() != points.size()) fail("positions and points differ in number");
  if (columns.empty()) fail("there is no input, expected at least one column");
  if (options.heads == 0) fail("there is no head, expected at least one");
  if (options.bandwidth && !is_length(*options.bandwidth)) {
    fail("the bandwidth is no length, expected a number above 0");
  }
  if (options.wavelengths) check_wavelengths(*options.wavelengths);
}

double choose_bandwidth(std::span<const Position> positions,
                        const AttentionFeatureOptions& options) {
  const double extent = longest_side(positions);
  const bool global = options.neighbors == 0;
  double h = 0.0;
  if (options.bandwidth) {
    h = *options.bandwidth;
  } else {
    const std::size_t k = global ? kUsualNeighbors : options.neighbors;
    h = median_spacing(positions, std::max<std::size_t>(k, 2) - 1) / 2;
    if (!(h > 0.0)) h = extent > 0.0 ? extent : 1.0;
  }
  return global ? std::max(h, kNarrowest * extent) : h;
}

/// Coordinate axis of a column, or 3 for any other.
std::size_t axis_of(const FieldColumn& column) {
  const Meaning meaning = meaning_of(column.name());
  const bool is_axis = meaning >= Meaning::kX && meaning <= Meaning::kZ;
  return is_axis ? static_cast<std::size_t>(meaning) - static_cast<std::size_t>(Meaning::kX) : 3;
}

/// Everything that does not depend on the head or the block of queries.
struct Problem {
  std::span<const Position> positions;
  Position center{};
  const AttentionFeatureOptions& options;
  double bandwidth = 1.0;
  std::vector<double> wavelengths{};  // empty: positions take no part
  ColumnScaling scaling;
  std::vector<std::size_t> axes{};  // of each column, see axis_of
  Matrix x{};                       // [n, c + 6 L] standardised columns and absolute encodings
};

/// Calls body(begin, count) block after block.
template <class Body>
void each_block(std::size_t n, std::size_t block, const Body& body) {
  for (std::size_t begin = 0; begin < n; begin += block) body(begin, std::min(block, n - begin));
}

Problem make_problem(std::span<const Position> positions, std::span<const FieldColumn> columns,
                     std::span<const std::size_t> points, const AttentionFeatureOptions& options) {
  Problem problem{.positions = positions,
                  .center = unit_sphere(positions).center,
                  .options = options,
                  .bandwidth = choose_bandwidth(positions, options),
                  .scaling = standardizing(columns, points)};
  if (options.encode) {
    const auto [shortest, longest] = options.wavelengths.value_or(
        WavelengthRange(2.0 * problem.bandwidth, 16.0 * problem.bandwidth));
    problem.wavelengths = geometric_wavelengths(shortest, longest, options.wavelength_count);
  }
  for (const FieldColumn& column : columns) problem.axes.push_back(axis_of(column));
  const std::size_t encoded = encoding_channels(3, problem.wavelengths.size());
  problem.x = Matrix(points.size(), columns.size() + encoded);
  column_values(columns, points, problem.scaling, problem.x.view().cols_range(0, columns.size()));
  if (encoded > 0) {
    encode_positions(positions, problem.center, problem.wavelengths,
                     problem.x.view().cols_range(columns.size(), encoded));
  }
  return problem;
}

/// What queries and keys are compared by, and how. Key biases are of head 0.
struct Comparison {
  MatrixView x;  // [n, d]
  float scale = 1.0F;
  std::vector<float> key_bias;  // [n]; empty: none
};

/// -|x_j|^2 / 2, which makes a Gaussian of a product: -|x_i - x_j|^2 / 2 = x_i . x_j - |x_j|^2 / 2
/// and something that softmax does not see.
std::vector<float> gaussian_bias(MatrixView x) {
  std::vector<float> bias(x.rows);
  parallel_each(x.rows, kGrain, [&](std::size_t j) {
    float sum = 0.0F;
    for (std::size_t c = 0; c < x.cols; ++c) sum += x(j, c) * x(j, c);
    bias[j] = -0.5F * sum;
  });
  return bias;
}

Comparison compare_by(MatrixView x, ScoreKind scores) {
  if (scores == ScoreKind::kDot) return {x, 1.0F / std::sqrt(static_cast<float>(x.cols)), {}};
  return {x, 1.0F, gaussian_bias(x)};
}

/// Scores of head a: those of head 0 over 4^a.
class Head {
 public:
  Head(const Comparison& comparison, std::size_t a)
      : factor_(std::pow(0.25F, static_cast<float>(a))), key_bias_(comparison.key_bias) {
    for (float& bias : key_bias_) bias *= factor_;
    scores_.scale = comparison.scale * factor_;
    scores_.key_bias = key_bias_;
  }
  Head(const Head&) = delete;
  Head& operator=(const Head&) = delete;

  [[nodiscard]] float factor() const { return factor_; }
  [[nodiscard]] const AttentionScores& scores() const { return scores_; }

 private:
  float factor_;
  std::vector<float> key_bias_;
  AttentionScores scores_;
};

/// Turns attended rows into features, in place: columns into their own units, coordinates into
/// offsets, absolute encodings into those relative to the query.
void finish(const Problem& problem, std::size_t begin, MutableMatrixView rows) {
  const std::size_t columns = problem.axes.size();
  parallel_each(rows.rows, kGrain, [&](std::size_t i) {
    const float* const own = problem.x.row(begin + i);
    float* const out = rows.row(i);
    for (std::size_t c = 0; c < columns; ++c) {
      const bool coordinate = problem.axes[c] < 3;
      const double origin =
          coordinate ? -problem.scaling.scale[c] * own[c] : problem.scaling.offset[c];
      out[c] = static_cast<float>(origin + problem.scaling.scale[c] * out[c]);
    }
    for (std::size_t c = columns; c < rows.cols; c += 2) {
      const float sine = out[c] * own[c + 1] - out[c + 1] * own[c];
      const float cosine = out[c + 1] * own[c + 1] + out[c] * own[c];
      out[c] = sine;
      out[c + 1] = cosine;
    }
  });
}

/// -|p_i - p_j|^2 / (2 h^2) 4^-a for the neighbours of a block of queries.
void position_bias(const Problem& problem, std::size_t begin, const IndexTable& neighbors,
                   double factor, MutableMatrixView bias) {
  parallel_each(neighbors.rows, kGrain, [&](std::size_t i) {
    const Position& p = problem.positions[begin + i];
    for (std::size_t j = 0; j < neighbors.k; ++j) {
      const Position& other = problem.positions[neighbors.row(i)[j]];
      double square = 0.0;
      for (std::size_t axis = 0; axis < 3; ++axis) {
        const double offset = (p[axis] - other[axis]) / problem.bandwidth;
        square += offset * offset;
      }
      bias(i, j) = static_cast<float>(-0.5 * factor * square);
    }
  });
}

void attend_locally(const Problem& problem, Matrix& out, const ProgressCallback& progress) {
  const std::size_t n = problem.positions.size();
  const bool gaussian = problem.options.scores == ScoreKind::kGaussian;
  const MatrixView x = problem.x;
  const Comparison comparison =
      compare_by(gaussian ? x.cols_range(0, problem.axes.size()) : x, problem.options.scores);
  const Matrix points = normalized(problem.positions, unit_sphere(problem.positions));
  const KdTree tree(points);
  const std::size_t k = std::min(problem.options.neighbors, n);
  Matrix bias(gaussian && problem.options.encode ? std::min(kBlock, n) : 0, k);
  each_block(n, kBlock, [&](std::size_t begin, std::size_t count) {
    const IndexTable neighbors = tree.k_nearest(points.view().rows_range(begin, count), k);
    for (std::size_t a = 0; a < problem.options.heads; ++a) {
      const Head head(comparison, a);
      AttentionScores scores = head.scores();
      if (bias.rows() > 0) {
        const MutableMatrixView block = bias.view().rows_range(0, count);
        position_bias(problem, begin, neighbors, head.factor(), block);
        scores.bias = block;
      }
      const auto rows = out.view().cols_range(a * x.cols, x.cols).rows_range(begin, count);
      neighbor_attention(comparison.x.rows_range(begin, count), comparison.x, x, neighbors.indices,
                         scores, rows);
      finish(problem, begin, rows);
    }
    if (progress) progress(begin + count, x.rows);
  });
}

/// The columns beside p / h: among all points a Gaussian is one of their distances.
Matrix with_positions(const Problem& problem) {
  const std::size_t columns = problem.axes.size();
  Matrix x(problem.positions.size(), columns + 3);
  parallel_each(x.rows(), kGrain, [&](std::size_t i) {
    std::copy_n(problem.x.row(i), columns, x.row(i));
    for (std::size_t axis = 0; axis < 3; ++axis) {
      const double offset = problem.positions[i][axis] - problem.center[axis];
      x(i, columns + axis) = static_cast<float>(offset / problem.bandwidth);
    }
  });
  return x;
}

void attend_globally(const Problem& problem, Matrix& out, const ProgressCallback& progress) {
  const MatrixView x = problem.x;
  const bool gaussian = problem.options.scores == ScoreKind::kGaussian;
  Matrix placed;
  if (gaussian && problem.options.encode) placed = with_positions(problem);
  const Comparison comparison =
      compare_by(placed.rows() > 0 ? MatrixView(placed) : x, problem.options.scores);
  each_block(x.rows, kGlobalBlock, [&](std::size_t begin, std::size_t count) {
    for (std::size_t a = 0; a < problem.options.heads; ++a) {
      const Head head(comparison, a);
      const auto rows = out.view().cols_range(a * x.cols, x.cols).rows_range(begin, count);
      attention(comparison.x.rows_range(begin, count), comparison.x, x, head.scores(), rows);
      finish(problem, begin, rows);
    }
    if (progress) progress(begin + count, x.rows);
  });
}

}  // namespace

std::vector<std::string> attention_feature_names(std::span<const FieldColumn> columns,
                                                 const AttentionFeatureOptions& options) {
  std::vector<std::string> names;
  for (std::size_t a = 0; a < options.heads; ++a) {
    const std::string head = std::string("h").append(std::to_string(a)).append("_");
    for (const FieldColumn& column : columns) {
      names.push_back(head + (axis_of(column) < 3 ? "offset_" : "") + column.name());
    }
    const std::size_t waves = options.encode ? options.wavelength_count : 0;
    for (const std::string& name : encoding_feature_names(waves)) names.push_back(head + name);
  }
  return names;
}

AttentionFeatures attention_features(std::span<const Position> positions,
                                     std::span<const FieldColumn> columns,
                                     std::span<const std::size_t> points,
                                     const AttentionFeatureOptions& options,
                                     const ProgressCallback& progress) {
  check_input(positions, columns, points, options);
  AttentionFeatures features;
  const std::size_t channels = attention_feature_names(columns, options).size();
  features.values = Matrix(positions.size(), channels);
  if (positions.empty()) return features;
  const Problem problem = make_problem(positions, columns, points, options);
  features.bandwidth = problem.bandwidth;
  features.wavelengths = problem.wavelengths;
  if (options.neighbors == 0) {
    attend_globally(problem, features.values, progress);
  } else {
    attend_locally(problem, features.values, progress);
  }
  return features;
}

}  // namespace ptattn
