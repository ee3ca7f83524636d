#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "ptattn/core/matrix.hpp"

namespace ptattn {

/// Represents a layer of a network that computes attention weights.
struct AttentionLayer {
  std::string name;  ///< "pt_last.sa1"
  std::size_t heads = 1;
};

/// Represents the attention weights of one head over one group of tokens: a whole cloud, or one
/// patch of it.
struct AttentionMap {
  std::string_view layer;
  std::size_t head = 0;
  MatrixView tokens;                       ///< [t, 3] positions of all tokens of the layer, as the
                                           ///< network was given them
  std::span<const std::uint32_t> queries;  ///< [m] rows of `tokens`
  std::span<const std::uint32_t> keys;     ///< [n] rows of `tokens`
  MatrixView weights;                      ///< [m, n]; a row is a query's, its sum is 1
};

/// Listens to a forward pass, for parity checks, features and attention maps. Without a listener,
/// nothing is spent.
class Trace {
 public:
  using Values =
      std::function<void(std::string_view name, MatrixView values, MatrixView positions)>;
  using Attention = std::function<void(const AttentionMap& map)>;
  using Progress = std::function<void(double share)>;

  Trace() = default;
  /// Listens to named intermediate results ("pt_last.sa1", [points, channels]).
  template <class Listener>
  requires(std::is_invocable_v<Listener, std::string_view, MatrixView> &&
           !std::is_same_v<std::remove_cvref_t<Listener>, Trace>) Trace(Listener listener)
      : values_([listener = std::move(listener)](std::string_view name, MatrixView values,
                                                 MatrixView /*positions*/) mutable {
          listener(name, values);
        }) {}  // NOLINT: a callable is a listener
  /// Listens to the same and to where the rows belong: `positions` [rows, 3] in the coordinates
  /// that the network was given, or empty for values of the whole cloud.
  [[nodiscard]] static Trace of_values(Values listener) {
    Trace trace;
    trace.values_ = std::move(listener);
    return trace;
  }
  /// Listens to the attention weights of the layer `layer`, of all layers when it is empty. Layers
  /// that work on patches report patch after patch, so that no matrix over all tokens exists.
  [[nodiscard]] static Trace of_attention(std::string layer, Attention listener) {
    Trace trace;
    trace.layer_ = std::move(layer);
    trace.attention_ = std::move(listener);
    return trace;
  }

  /// Listens to the share of the work that is done as well: growing numbers from 0 to 1.
  [[nodiscard]] Trace with_progress(Progress listener) const {
    Trace trace = *this;
    trace.progress_ = std::move(listener);
    return trace;
  }

  /// Returns true when there is a listener for intermediate results.
  explicit operator bool() const { return static_cast<bool>(values_); }
  /// @param positions  [values.rows, 3] of the points or voxels that the rows describe; empty for
  ///                   what describes the cloud as a whole, or is no description at all
  void operator()(std::string_view name, MatrixView values, MatrixView positions = {}) const {
    values_(name, values, positions);
  }

  /// Returns true when there is a listener for the attention weights of some layer.
  [[nodiscard]] bool hears_attention() const { return static_cast<bool>(attention_); }
  [[nodiscard]] bool wants_attention(std::string_view layer) const {
    return attention_ && (layer_.empty() || layer_ == layer);
  }
  /// Reports weights. Call from one thread at a time, in an order that does not depend on the
  /// thread count.
  void attention(const AttentionMap& map) const { attention_(map); }
  /// Tells how much of the work is done. Call from one thread at a time.
  void progress(double share) const {
    if (progress_) progress_(share);
  }

 private:
  Values values_;
  Attention attention_;
  Progress progress_;
  std::string layer_;
};

/// Runs a network over one input while `trace` listens; called again, it does the same again.
using TracedPass = std::function<void(const Trace& trace)>;

}  // namespace ptattn
