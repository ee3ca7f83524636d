#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "ptattn/core/matrix.hpp"
#include "ptattn/models/point_network.hpp"
#include "ptattn/models/precision.hpp"
#include "ptattn/models/registry.hpp"
#include "ptattn/train/parameter_set.hpp"

namespace ptattn::train {

/// Says which random numbers a step draws: those of dropout and stochastic depth depend on these
/// two, the layer and the row, on nothing else.
struct StepSeed {
  std::uint64_t seed = 0;  ///< of the run
  std::uint64_t step = 0;  ///< of the run; parts of an accumulated step have different ones
};

/// Says how a network is trained, as far as the network itself does it.
struct NetworkSettings {
  std::uint64_t seed = 0;       ///< of the first weights
  double drop_path = 0.0;       ///< stochastic depth: the share of the deepest block's rows that
                                ///< skip a branch; it grows linearly from 0 at the first block
  double dropout = 0.5;         ///< of the head of a classifier
  double norm_momentum = 0.02;  ///< of batch norms: running <- (1 - m) running + m of the step
  /// kBf16: the layers that inference has in bfloat16 multiply numbers rounded to it, in the
  /// backward pass too; weights, sums, gradients and all else stay float32. kInt8: refused.
  Precision precision = Precision::kFloat32;
};

/// Holds derivatives of a loss with respect to scores.
/// @param logits    [rows, classes]
/// @param d_logits  [rows, classes], to be written
using LogitsLoss = std::function<void(MatrixView logits, MutableMatrixView d_logits)>;

/// Represents a network whose weights are learnt.
///
/// All calls of one network come from one thread, which works with the threads of TBB. What the
/// backward pass needs of the forward pass lies in the calling thread's ScratchMemory; a caller
/// that takes many steps holds a ScratchMemory meanwhile, so that the memory of the first step
/// serves all others and nothing is allocated in the steady state.
///
///   ScratchMemory held;
///   for (...) {
///     network->parameters().clear_gradients();
///     network->step(crops, {seed, step}, cross_entropy);
///     optimizer.update(network->parameters());
///   }
class TrainableNetwork {
 public:
  virtual ~TrainableNetwork() = default;

  [[nodiscard]] virtual std::size_t in_channels() const = 0;
  [[nodiscard]] virtual std::size_t class_count() const = 0;
  /// Returns true when scores have one row per input row, false when one row per cloud of the
  /// input.
  [[nodiscard]] virtual bool labels_points() const = 0;
  [[nodiscard]] virtual bool needs_grid() const = 0;

  [[nodiscard]] ParameterSet& parameters() { return parameters_; }
  [[nodiscard]] const ParameterSet& parameters() const { return parameters_; }

  /// Runs the forward pass, the loss and the backward pass, and adds the derivatives of the loss
  /// to the gradients. Updates the running statistics of batch norms unless they are frozen.
  /// @param input  one cloud or several (PointInput::ends); `cuts` are not used
  /// @param loss   called once, with scores in the order of the input rows (or clouds)
  /// @throws Error(Fault::kUsage) when the input is not as the network expects it
  /// The same bytes for any thread count.
  virtual void step(const PointInput& input, const StepSeed& seed, const LogitsLoss& loss) = 0;

  /// Runs the forward pass as inference does: running statistics, nothing dropped.
  /// @return  [rows, classes]
  [[nodiscard]] virtual Matrix scores(const PointInput& input) = 0;

  /// Freezes batch norms, which then use their running statistics as they are, or thaws them.
  void freeze_norm_statistics(bool frozen) { norms_frozen_ = frozen; }
  /// Lets only the head learn, so that the backward pass ends behind it, or the whole network.
  void train_head_only(bool head_only) { head_only_ = head_only; }

  /// Returns the about how many bytes of scratch memory a step takes for `rows` input rows.
  [[nodiscard]] virtual std::size_t bytes_planned(std::size_t rows) const = 0;

 protected:
  ParameterSet parameters_;    // NOLINT: of the network that derives from this
  bool norms_frozen_ = false;  // NOLINT
  bool head_only_ = false;     // NOLINT
};

/// Returns the architectures that make_trainable_network knows, sorted.
[[nodiscard]] std::vector<std::string> trainable_architectures();

/// Builds the network that `config` describes with random first weights, drawn from
/// `settings.seed`. What it saves is what make_point_network or make_classifier read with the same
/// configuration.
/// @throws Error(Fault::kModel) when the architecture cannot be trained, or a hyper-parameter is
///         unknown, out of range or not supported in training
[[nodiscard]] std::unique_ptr<TrainableNetwork> make_trainable_network(
    const ArchitectureConfig& config, const NetworkSettings& settings);

}  // namespace ptattn::train
