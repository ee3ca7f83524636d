#include "ptattn/train/adamw.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>
#include <utility>

#include "ptattn/core/error.hpp"
#include "ptattn/core/parallel.hpp"
#include "ptattn/core/scratch_memory.hpp"
#include "ptattn/train/kernels/adamw_update.hpp"

namespace ptattn::train {
namespace {

constexpr std::size_t kPieceValues = 16384;
constexpr std::size_t kGrain = 4;  // pieces of a task, most of which are small

}  // namespace

AdamW::AdamW(std::vector<ParameterGroup> groups, const AdamWOptions& options)
    : groups_(std::move(groups)), options_(options) {
  std::size_t total = 0;
  for (std::size_t g = 0; g < groups_.size(); ++g) {
    const std::size_t size = groups_[g].values.size();
    if (size != groups_[g].gradients.size()) {
      throw Error(Fault::kUsage, "AdamW", "has a different number of gradients than values");
    }
    for (std::size_t begin = 0; begin < size; begin += kPieceValues) {
      pieces_.push_back({g, begin, std::min(kPieceValues, size - begin), total + begin});
    }
    total += size;
  }
  first_.assign(total, 0.0F);
  second_.assign(total, 0.0F);
}

/// Calls body(piece, its group) for all pieces of groups that learn, in parallel.
template <class Body>
void AdamW::for_each_piece(const Body& body) const {
  parallel_each(pieces_.size(), kGrain, [&](std::size_t p) {
    const ParameterGroup& group = groups_[pieces_[p].group];
    if (group.rate != 0.0) body(p, group);
  });
}

double AdamW::gradient_norm() const {
  ScratchMemory scratch;
  const auto squares = scratch.take<double>(pieces_.size());
  std::ranges::fill(squares, 0.0);
  for_each_piece([&](std::size_t p, const ParameterGroup& group) {
    squares[p] = sum_of_squares(group.gradients.data() + pieces_[p].begin, pieces_[p].count);
  });
  return std::sqrt(std::accumulate(squares.begin(), squares.end(), 0.0));
}

double AdamW::clip_gradients(double largest) {
  const double norm = gradient_norm();
  if (!(norm > largest)) return norm;
  const auto factor = static_cast<float>(largest / norm);
  for_each_piece([&](std::size_t p, const ParameterGroup& group) {
    for (float& g : group.gradients.subspan(pieces_[p].begin, pieces_[p].count)) g *= factor;
  });
  return norm;
}

void AdamW::step(double learning_rate) {
  ++steps_;
  const auto t = static_cast<double>(steps_);
  const double root2 = std::sqrt(1.0 - std::pow(options_.beta2, t));
  const double mean1 = 1.0 - std::pow(options_.beta1, t);
  for_each_piece([&](std::size_t p, const ParameterGroup& group) {
    const Piece& piece = pieces_[p];
    const double rate = learning_rate * group.rate;
    update_values({.beta1 = static_cast<float>(options_.beta1),
                   .beta2 = static_cast<float>(options_.beta2),
                   .root2 = static_cast<float>(root2),
                   .epsilon = static_cast<float>(options_.epsilon),
                   .shrink = static_cast<float>(1.0 - rate * group.weight_decay),
                   .advance = static_cast<float>(rate / mean1)},
                  {.gradients = group.gradients.data() + piece.begin,
                   .first = first_.data() + piece.moments,
                   .second = second_.data() + piece.moments,
                   .values = group.values.data() + piece.begin,
                   .count = piece.count});
  });
}

}  // namespace ptattn::train
