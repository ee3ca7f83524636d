#include "ptattn/train/heads/linear_head.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <numeric>
#include <span>
#include <utility>

#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"

namespace ptattn::train {
namespace {

using Vector = std::vector<double>;

constexpr std::size_t kRowsPerTask = 256;
constexpr std::size_t kMostRounds = 200;
constexpr std::size_t kMemory = 10;    // pairs that L-BFGS keeps
constexpr double kFlat = 1e-6;         // largest gradient at the end
constexpr double kLeastSpread = 1e-6;  // of a feature
constexpr double kSufficient = 1e-4;   // share of the promised decrease (Armijo)
constexpr std::size_t kMostHalvings = 30;

double dot(const Vector& a, const Vector& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0.0);
}

/// The loss of a head over standardized features, whose parameters are [classes, c + 1]: weights,
/// then the bias.
class Objective {
 public:
  Objective(const HeadExamples& examples, const LinearHead& start, double ridge)
      : examples_(examples), ridge_(ridge), c_(examples.features.cols()) {
    standardize();
    total_ = std::accumulate(examples.weights.begin(), examples.weights.end(), 0.0);
    start_ = to_standard(start);
  }

  [[nodiscard]] const Vector& start() const { return start_; }
  [[nodiscard]] double cross_entropy() const { return cross_entropy_; }

  /// The value at `at` and its gradient.
  double operator()(const Vector& at, Vector& gradient) {
    const std::size_t n = examples_.size();
    const std::size_t tasks = (n + kRowsPerTask - 1) / kRowsPerTask;
    std::vector<Vector> parts(tasks, Vector(at.size(), 0.0));
    Vector losses(tasks, 0.0);
    parallel_each(tasks, 1, [&](std::size_t task) {
      const std::size_t end = std::min(n, (task + 1) * kRowsPerTask);
      for (std::size_t i = task * kRowsPerTask; i < end; ++i) {
        losses[task] += add_row(i, at, parts[task]);
      }
    });
    std::ranges::fill(gradient, 0.0);
    for (const Vector& part : parts) {
      for (std::size_t k = 0; k < at.size(); ++k) gradient[k] += part[k] / total_;
    }
    cross_entropy_ = std::accumulate(losses.begin(), losses.end(), 0.0) / total_;
    double penalty = 0.0;
    for (std::size_t k = 0; k < at.size(); ++k) {
      if (k % (c_ + 1) == c_) continue;  // a bias
      const double away = at[k] - start_[k];
      penalty += 0.5 * ridge_ * away * away;
      gradient[k] += ridge_ * away;
    }
    return cross_entropy_ + penalty;
  }

  /// The head of the same scores over features as they are.
  [[nodiscard]] LinearHead to_head(const Vector& at) const {
    const std::size_t classes = at.size() / (c_ + 1);
    LinearHead head{Matrix(classes, c_), std::vector<float>(classes),
                    std::vector<bool>(classes, true)};
    for (std::size_t k = 0; k < classes; ++k) {
      double bias = at[k * (c_ + 1) + c_];
      for (std::size_t j = 0; j < c_; ++j) {
        const double w = at[k * (c_ + 1) + j] / spread_[j];
        bias -= w * mean_[j];
        head.weight(k, j) = static_cast<float>(w);
      }
      head.bias[k] = static_cast<float>(bias);
    }
    return head;
  }

 private:
  void standardize() {
    const Matrix& x = examples_.features;
    const auto n = static_cast<double>(x.rows());
    mean_.assign(c_, 0.0);
    spread_.assign(c_, 0.0);
    for (std::size_t i = 0; i < x.rows(); ++i) {
      for (std::size_t j = 0; j < c_; ++j) mean_[j] += x(i, j) / n;
    }
    for (std::size_t i = 0; i < x.rows(); ++i) {
      for (std::size_t j = 0; j < c_; ++j) {
        spread_[j] += (x(i, j) - mean_[j]) * (x(i, j) - mean_[j]) / n;
      }
    }
    for (double& s : spread_) s = std::max(std::sqrt(s), kLeastSpread);
  }

  [[nodiscard]] Vector to_standard(const LinearHead& head) const {
    Vector result;
    for (std::size_t k = 0; k < head.bias.size(); ++k) {
      double bias = head.bias[k];
      for (std::size_t j = 0; j < c_; ++j) {
        result.push_back(head.weight(k, j) * spread_[j]);
        bias += head.weight(k, j) * mean_[j];
      }
      result.push_back(bias);
    }
    return result;
  }

  /// Adds the slopes of row i; returns its weighted cross entropy.
  double add_row(std::size_t i, const Vector& at, Vector& gradient) const {
    const std::size_t classes = at.size() / (c_ + 1);
    const double weight = examples_.weights[i];
    const float* const x = examples_.features.row(i);
    Vector z(c_ + 1, 1.0);
    for (std::size_t j = 0; j < c_; ++j) z[j] = (x[j] - mean_[j]) / spread_[j];
    Vector p(classes);
    for (std::size_t k = 0; k < classes; ++k) {
      p[k] = std::inner_product(z.begin(), z.end(),
                                at.begin() + static_cast<std::ptrdiff_t>(k * (c_ + 1)), 0.0);
    }
    const double largest = std::ranges::max(p);
    double sum = 0.0;
    for (const double score : p) sum += std::exp(score - largest);
    const double normal = largest + std::log(sum);
    double loss = 0.0;
    for (std::size_t k = 0; k < classes; ++k) {
      const double target = examples_.targets(i, k);
      loss += weight * target * (normal - p[k]);
      const double slope = weight * (std::exp(p[k] - normal) - target);
      for (std::size_t j = 0; j <= c_; ++j) gradient[k * (c_ + 1) + j] += slope * z[j];
    }
    return loss;
  }

  const HeadExamples& examples_;
  double ridge_;
  std::size_t c_;
  double total_ = 0.0;
  double cross_entropy_ = 0.0;
  Vector mean_;
  Vector spread_;
  Vector start_;
};

/// Limited-memory BFGS with a backtracking line search.
class Lbfgs {
 public:
  explicit Lbfgs(Objective& f) : f_(f), at_(f.start()), gradient_(at_.size()) {
    value_ = f_(at_, gradient_);
  }

  [[nodiscard]] const Vector& at() const { return at_; }

  /// One step; false where there is nothing to gain.
  bool step() {
    const auto size = [](double a, double b) { return std::abs(a) < std::abs(b); };
    if (std::abs(std::ranges::max(gradient_, size)) < kFlat) return false;
    const Vector direction = descent();
    const double slope = dot(gradient_, direction);
    double length = 1.0;
    Vector next(at_.size());
    Vector gradient(at_.size());
    for (std::size_t halving = 0; halving < kMostHalvings; ++halving, length *= 0.5) {
      for (std::size_t k = 0; k < at_.size(); ++k) next[k] = at_[k] + length * direction[k];
      const double value = f_(next, gradient);
      if (value > value_ + kSufficient * length * slope) continue;
      remember(next, gradient);
      at_ = std::move(next);
      gradient_ = std::move(gradient);
      value_ = value;
      return true;
    }
    return false;
  }

 private:
  struct Pair {
    Vector step;
    Vector change;  // of the gradient
    double product;
  };

  void remember(const Vector& next, const Vector& gradient) {
    Pair pair{next, gradient, 0.0};
    for (std::size_t k = 0; k < at_.size(); ++k) {
      pair.step[k] -= at_[k];
      pair.change[k] -= gradient_[k];
    }
    pair.product = dot(pair.step, pair.change);
    if (pair.product <= 0.0) return;
    pairs_.push_back(std::move(pair));
    if (pairs_.size() > kMemory) pairs_.pop_front();
  }

  /// Minus the approximate inverse Hessian times the gradient, by two loops over the pairs.
  [[nodiscard]] Vector descent() const {
    Vector d = gradient_;
    Vector alpha(pairs_.size());
    const auto add = [&d](const Vector& v, double factor) {
      for (std::size_t k = 0; k < d.size(); ++k) d[k] += factor * v[k];
    };
    for (std::size_t i = pairs_.size(); i-- > 0;) {
      alpha[i] = dot(pairs_[i].step, d) / pairs_[i].product;
      add(pairs_[i].change, -alpha[i]);
    }
    if (!pairs_.empty()) {
      const Pair& last = pairs_.back();
      const double scale = last.product / dot(last.change, last.change);
      for (double& x : d) x *= scale;
    }
    for (std::size_t i = 0; i < pairs_.size(); ++i) {
      add(pairs_[i].step, alpha[i] - dot(pairs_[i].change, d) / pairs_[i].product);
    }
    for (double& x : d) x = -x;
    return d;
  }

  Objective& f_;
  Vector at_;
  Vector gradient_;
  double value_ = 0.0;
  std::deque<Pair> pairs_;
};

}  // namespace

LinearFit fit_linear_head(const HeadExamples& examples, const LinearHead& start, double ridge) {
  if (examples.features.cols() != start.weight.cols() ||
      examples.targets.cols() != start.bias.size() || examples.size() == 0) {
    throw Error(Fault::kUsage, "head", "does not fit the examples");
  }
  Objective objective(examples, start, ridge);
  Lbfgs minimizer(objective);
  LinearFit fit;
  while (fit.rounds < kMostRounds && minimizer.step()) ++fit.rounds;
  Vector gradient(minimizer.at().size());
  (void)objective(minimizer.at(), gradient);
  fit.loss = objective.cross_entropy();
  fit.head = objective.to_head(minimizer.at());
  return fit;
}

}  // namespace ptattn::train
