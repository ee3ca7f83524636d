#pragma once

#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "ptattn/models/files/weights.hpp"
#include "ptattn/nn/batch_norm.hpp"
#include "ptattn/nn/layer_norm.hpp"
#include "ptattn/nn/linear.hpp"

namespace ptattn {

/// Holds what belongs to a layer besides its weight matrix.
struct LayerParts {
  bool bias = false;
  std::string norm;  ///< name of the batch norm that follows; empty: none
};

/// Takes a network's layers out of a weight source and notes everything that does not fit, so that
/// one error names it all.
///
/// A layer that does not fit comes back empty; the caller goes on and `finish` throws. Layers may
/// be taken by many threads at a time; the error is the same.
class WeightReader {
 public:
  /// @param norm_eps  added to the variances of batch norms
  WeightReader(const WeightSource& source, double norm_eps);

  /// Returns `name`.weight [out, in] (or [out, in, 1], ... as convolutions of width 1 store it)
  /// with its bias; its batch norm is folded in.
  [[nodiscard]] DenseWeights dense(const std::string& name, std::size_t in, std::size_t out,
                                   const LayerParts& parts = {});
  /// Returns the batch norm `name` of `channels` channels, for those that follow no layer.
  [[nodiscard]] Affine batch_norm(const std::string& name, std::size_t channels);
  /// The same weight under two names, of which one may be absent.
  [[nodiscard]] DenseWeights shared_dense(const std::string& name, const std::string& other_name,
                                          std::size_t in, std::size_t out);
  /// Returns a convolution `name`.weight [out, size, size, size, in] as a layer [out, size^3 in]
  /// with its bias; its batch norm is folded in.
  [[nodiscard]] DenseWeights convolution(const std::string& name, std::size_t in, std::size_t out,
                                         std::size_t size, const LayerParts& parts = {});
  /// Returns `name`.weight and `name`.bias.
  [[nodiscard]] LayerNorm layer_norm(const std::string& name, std::size_t channels);
  /// Scales each of a layer's `out` output channels by the values of the tensor `name`.
  void scale_rows(const std::string& name, std::size_t out, DenseWeights& layer);
  /// Returns any tensor, row-major; empty when it does not fit.
  [[nodiscard]] std::vector<float> tensor(const std::string& name,
                                          const std::vector<std::size_t>& shape);
  /// Returns what shape the source's tensor has; nullptr when there is none.
  [[nodiscard]] const std::vector<std::size_t>* shape(const std::string& name) const;
  /// @throws Error(Fault::kModel) naming all tensors that are missing, misshapen, not finite or
  ///         that no layer asked for, in alphabetical order
  void finish() const;

 private:
  [[nodiscard]] DenseWeights layer(const std::string& name, const std::vector<std::size_t>& shape,
                                   const LayerParts& parts);
  /// Returns nothing when something does not fit.
  [[nodiscard]] std::optional<BatchNorm> take_norm(const std::string& name, std::size_t channels);
  void note(std::set<std::string>& texts, const std::string& text);
  [[nodiscard]] std::set<std::string> extra() const;

  const WeightSource& source_;
  double norm_eps_;
  std::map<std::string, std::string> names_;  ///< without prefixes -> as the source calls them
  std::mutex mutex_;                          ///< of what follows
  std::set<std::string> asked_;
  std::set<std::string> missing_;
  std::set<std::string> misshapen_;
  std::set<std::string> invalid_;
};

}  // namespace ptattn
