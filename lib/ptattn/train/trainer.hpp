#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "ptattn/core/scratch_memory.hpp"
#include "ptattn/train/adamw.hpp"
#include "ptattn/train/best_score.hpp"
#include "ptattn/train/loss.hpp"
#include "ptattn/train/schedule.hpp"
#include "ptattn/train/stream.hpp"
#include "ptattn/train/trainable_network.hpp"

namespace ptattn::train {

struct TrainerOptions {
  std::uint64_t seed = 1;
  std::optional<std::uint64_t> steps{};  ///< length of the run; absent: `minutes`
  double minutes = 60.0;                 ///< of all runs together
  Schedule schedule{};
  double weight_decay = 0.05;  ///< of parameters that decay
  double layer_rate = 1.0;     ///< factor of the learning rate for each layer below the top
  double block_rate = 1.0;     ///< factor of the learning rate of Transformer blocks
  double clip = 2.0;           ///< largest norm of the gradient
  double average = 0.996;      ///< decay of the averaged weights
  double freeze_norms = 0.5;   ///< progress from which batch norms keep their averaged statistics
  std::size_t accumulate = 1;  ///< batches per step
  bool head_only = false;      ///< all other weights stay as they are
  LossOptions loss{};
};

/// Holds what a step came to.
struct StepReport {
  std::uint64_t step = 0;  ///< steps taken
  double minutes = 0.0;    ///< spent, all runs together
  double progress = 0.0;   ///< 0 to 1
  double learning_rate = 0.0;
  LossValue loss{};
  double gradient_norm = 0.0;
  std::size_t rows = 0;  ///< voxels or points
};

/// Trains a network on a stream of batches.
///
/// By steps, a run that was stopped and loaded again leaves the same bytes as an uninterrupted one,
/// for any thread count; by minutes the learning rate follows the clock. A step whose gradient is
/// not finite changes nothing.
class Trainer {
 public:
  /// Refers to `network`, `stream` and `space`, which must outlive it.
  Trainer(TrainableNetwork& network, const SampleStream& stream, const LabelSpace& space,
          const TrainerOptions& options);
  ~Trainer();
  Trainer(const Trainer&) = delete;
  Trainer& operator=(const Trainer&) = delete;

  [[nodiscard]] bool finished() const { return progress() >= 1.0; }
  StepReport step();

  [[nodiscard]] std::uint64_t steps() const { return steps_; }
  [[nodiscard]] double minutes() const;
  /// Returns the share of the time that was spent on waiting for batches.
  [[nodiscard]] double share_waited() const;
  /// Takes note of the score of the averaged weights on a part that nothing is learnt from, and
  /// keeps these weights if no earlier ones scored as high.
  /// @return  true: they are the best so far
  bool offer(double score);
  [[nodiscard]] const BestScore& best_score() const { return best_score_; }
  /// Returns the weights and buffers that scored best; before any offer, the first ones.
  [[nodiscard]] std::span<const float> best_values() const { return best_values_; }
  [[nodiscard]] std::span<const float> best_buffers() const { return best_buffers_; }

  /// Returns averaged weights and buffers, in the layout of the network's ParameterSet.
  [[nodiscard]] std::span<const float> averaged_values() const { return values_; }
  [[nodiscard]] std::span<const float> averaged_buffers() const { return buffers_; }

  /// Writes all that a run consists of, and keeps what was there before beside it as
  /// `path`.previous.
  /// @throws Error(Fault::kInput) when it cannot be written
  void save(const std::filesystem::path& path) const;
  /// Continues from a saved state; from `path`.previous where `path` is missing or damaged.
  /// @return false: there is neither
  /// @throws Error(Fault::kInput) for a state of another network
  bool load(const std::filesystem::path& path);

 private:
  [[nodiscard]] double progress() const;
  [[nodiscard]] bool norms_frozen() const { return progress() >= options_.freeze_norms; }
  void take_averaged_statistics();
  LossValue add_gradients(std::size_t part, std::size_t& rows);
  void start_stream();

  TrainableNetwork& network_;
  const SampleStream& stream_;
  const LabelSpace& space_;
  TrainerOptions options_;
  AdamW optimizer_;
  std::vector<float> values_;   // averaged
  std::vector<float> buffers_;  // averaged
  BestScore best_score_;
  std::vector<float> best_values_;
  std::vector<float> best_buffers_;
  std::uint64_t steps_ = 0;
  bool frozen_ = false;
  double minutes_before_ = 0.0;  // spent by earlier runs
  double started_;               // seconds of the steady clock
  std::unique_ptr<Prefetcher> prefetcher_;
  ScratchMemory held_;  // what a step takes serves the next one
};

}  // namespace ptattn::train
