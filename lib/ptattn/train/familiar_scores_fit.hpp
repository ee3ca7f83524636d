#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <vector>

#include "ptattn/core/matrix.hpp"

namespace ptattn::train {

/// Holds what a FamiliarScores is made of.
struct ScoresFit {
  std::size_t classes = 0;
  std::vector<float> means{};              ///< [c, c]
  std::vector<float> precision{};          ///< [c, c]
  std::vector<float> mean{};               ///< [c]
  std::vector<float> overall_precision{};  ///< [c, c]
  std::vector<float> energy{0.0F, 1.0F};   ///< mean and deviation
  std::vector<float> distance{0.0F, 1.0F};
  std::vector<double> strangeness{};  ///< [n] of the items, each by a fit without its fourth
};

/// Fits what the scores of a classifier look like to those of validated clouds. The mean of a class
/// is drawn to that of all by the weight of one item; a hundredth of the variances is added to each
/// variance. What the scales and `strangeness` are of was left out of its fit, a fourth of the
/// items in turn.
/// @param scores   [n, c] before softmax
/// @param truths   [n] the true classes
/// @return         nothing fitted (no strangeness) for fewer items than 100 or 5 per class
[[nodiscard]] ScoresFit fit_familiar_scores(MatrixView scores,
                                            std::span<const std::uint32_t> truths);

/// Writes `folder`/familiar.safetensors.
/// @throws Error(Fault::kInput) when it cannot be written
void write_familiar_scores(const std::filesystem::path& folder, const ScoresFit& fit);

}  // namespace ptattn::train
