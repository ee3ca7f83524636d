#include "ptattn/tasks/segment/point_probabilities.hpp"

#include <algorithm>
#include <numeric>
#include <string>

#include "ptattn/cloud/rows.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kRowsPerTask = 4096;

CategoryGuess likeliest_category(std::span<const ScoredVoxels> views,
                                 const SegmenterDescription& model) {
  std::vector<double> shares(model.categories.size(), 0.0);
  for (const ScoredVoxels& view : views) {
    const Matrix& probabilities = view.probabilities;
    for (std::size_t c = 0; c < probabilities.cols(); ++c) {
      shares[model.category_of_class[c]] += deterministic_sum(
          probabilities.rows(), [&](std::size_t v) { return double{probabilities(v, c)}; });
    }
  }
  const auto likeliest = std::ranges::max_element(shares);
  const double all = std::accumulate(shares.begin(), shares.end(), 0.0);
  return {static_cast<std::size_t>(likeliest - shares.begin()), all > 0.0 ? *likeliest / all : 0.0};
}

void keep_category(Matrix& probabilities, const SegmenterDescription& model, std::size_t category) {
  const auto parts = static_cast<float>(std::ranges::count(model.category_of_class, category));
  parallel_each(probabilities.rows(), kRowsPerTask, [&](std::size_t v) {
    float* p = probabilities.row(v);
    float total = 0.0F;
    for (std::size_t c = 0; c < probabilities.cols(); ++c) {
      if (model.category_of_class[c] == category) total += p[c];
    }
    for (std::size_t c = 0; c < probabilities.cols(); ++c) {
      if (model.category_of_class[c] != category) {
        p[c] = 0.0F;
      } else {
        p[c] = total > 0.0F ? p[c] / total : 1.0F / parts;
      }
    }
  });
}

}  // namespace

void check_category(const SegmenterModel& model, std::optional<std::size_t> category) {
  const std::string& name = model.description.name;
  const std::size_t categories =
      std::max(model.description.categories.size(), model.network->category_count());
  if (!category && model.network->category_count() > 0) {
    throw Error(Fault::kUsage, name, "needs the category of the object");
  }
  if (category && *category >= categories) {
    throw Error(Fault::kUsage, name,
                "has " + std::to_string(categories) +
                    " categories of objects, there is no number " + std::to_string(*category));
  }
}

std::optional<CategoryGuess> keep_one_category(std::span<ScoredVoxels> views,
                                               const SegmenterDescription& model,
                                               std::optional<std::size_t> wanted) {
  if (model.category_of_class.empty()) return std::nullopt;
  const CategoryGuess guess =
      wanted ? CategoryGuess{*wanted, 1.0} : likeliest_category(views, model);
  for (ScoredVoxels& view : views) keep_category(view.probabilities, model, guess.category);
  return guess;
}

PointProbabilities::PointProbabilities(const ScoredVoxels& scored, std::size_t neighbors)
    : positions_(scored.voxels.positions),
      means_(rows_relative_to({}, scored.voxels.means)),
      interpolator_(means_, scored.probabilities, neighbors) {}

Matrix PointProbabilities::operator()(std::span<const std::uint32_t> rows) const {
  return interpolator_(rows_relative_to({}, positions_, rows));
}

}  // namespace ptattn
