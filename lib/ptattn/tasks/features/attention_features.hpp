#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ptattn/cloud/columns.hpp"
#include "ptattn/cloud/normalize.hpp"
#include "ptattn/core/matrix.hpp"
#include "ptattn/tasks/features/encoding_features.hpp"
#include "ptattn/tasks/progress.hpp"

namespace ptattn {

enum class ScoreKind { kGaussian, kDot };

struct AttentionFeatureOptions {
  std::size_t neighbors = 32;  ///< keys of a query, itself counted; 0: all points
  ScoreKind scores = ScoreKind::kGaussian;
  std::size_t heads = 1;
  bool encode = true;                 ///< positions take part
  std::size_t wavelength_count = 4;   ///< L
  std::optional<double> bandwidth{};  ///< h, in the cloud's unit; else chosen
  /// Shortest and longest wavelength, in the cloud's unit; else 2 h and 16 h.
  std::optional<WavelengthRange> wavelengths{};
};

struct AttentionFeatures {
  Matrix values;                    ///< [n, heads (c + 6 L)]; without encoding [n, heads c]
  double bandwidth = 0.0;           ///< the h that was used
  std::vector<double> wavelengths;  ///< [L]
};

/// Returns "h0_offset_x", "h0_intensity", ..., "h0_sin_x_w0", "h0_cos_x_w0", ...: head after head.
[[nodiscard]] std::vector<std::string> attention_feature_names(
    std::span<const FieldColumn> columns, const AttentionFeatureOptions& options);

/// Computes self-attention of a cloud without learnt weights: what the points around a point are
/// like.
///
/// Let s_i be the chosen columns of point i, standardised (see standardizing), p_i its position and
/// P(p) the sinusoidal encoding of `encode_coordinates` with L wavelengths. Head a computes
///
///   out_i = sum_j softmax_j(E_ij / 4^a) v_j        j over the k nearest points, or over all
///
///   Gaussian:  E_ij = -|s_i - s_j|^2 / 2 - |p_i - p_j|^2 / (2 h^2)     Nadaraya 1964, Watson 1964
///   dot:       E_ij = (s_i . s_j + P(p_i) . P(p_j)) / sqrt(c + 6 L)    Vaswani et al. 2017, eq. 1
///
/// so that every head is twice as wide as the one before it. The encoding's product is a function
/// of p_i - p_j: positions enter relatively in both. Without `encode` the terms with p are absent.
///
/// The values v_j are the columns and the encoding *relative to the query*, P(p_j - p_i): their
/// mean is the characteristic function of the surroundings as the query sees them, at the 3 L
/// frequencies. It is computed from absolute encodings, whose mean is turned back by the query's
/// own phases (the identity behind rotary encodings, Su et al. 2021). A column comes out in its own
/// unit, and a coordinate as the offset of the attended mean from the point, in the cloud's unit.
///
/// h defaults to half the median distance to the k-th neighbour (the 32nd when all are keys); where
/// that is 0, to the cloud's longest side, and for a cloud without extent to 1. With all points as
/// keys it is at least a 2000th of the longest side, for float32's sake.
/// @param positions  [n] finite
/// @param columns    [c], c >= 1, of the cloud
/// @param points     [n] which points of the cloud these are
/// @throws           Error(Fault::kUsage) when sizes do not fit, there is no head or column, or a
///                   bandwidth or wavelength is not positive (1e-150 to 1e150)
/// Moving the cloud changes nothing beyond rounding. Time O(n log n + n k (c + 6 L) heads), for all
/// points O(n^2 (c + 6 L) heads); memory beside the result 4 (c + 6 L) + 60 bytes a point. The same
/// bits for any thread count.
[[nodiscard]] AttentionFeatures attention_features(std::span<const Position> positions,
                                                   std::span<const FieldColumn> columns,
                                                   std::span<const std::size_t> points,
                                                   const AttentionFeatureOptions& options,
                                                   const ProgressCallback& progress = {});

}  // namespace ptattn
