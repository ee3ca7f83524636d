#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <span>
#include <string>

#include "ptattn/train/best_score.hpp"
#include "ptattn/train/parameter_set.hpp"

namespace ptattn::train {

/// Blocks of numbers in a checkpoint.
inline constexpr std::size_t kCheckpointBlocks = 8;

/// Represents the state of a run between two steps. The blocks are weights, buffers, both averaged,
/// the first and second moments of the optimizer, and the averages that validation found best.
template <class Values>
struct CheckpointState {
  std::uint64_t steps = 0;
  std::uint64_t updates = 0;  ///< steps of the optimizer
  double minutes = 0.0;
  bool frozen = false;  ///< batch norms keep their statistics
  BestScore best{};
  std::string layout;  ///< layout_of the network: a state of another network is refused
  std::array<Values, kCheckpointBlocks> values;
};
using CheckpointView = CheckpointState<std::span<const float>>;
using Checkpoint = CheckpointState<std::span<float>>;

/// Names and shapes of all parameters and buffers, a line each.
[[nodiscard]] std::string layout_of(const ParameterSet& set);

/// Writes `path`: 8 bytes "ptattnck", then layout, counters and blocks, then a checksum of these.
/// The file that was there becomes `path`.previous.
/// @throws Error(Fault::kInput) when it cannot be written
void write_checkpoint(const std::filesystem::path& path, const CheckpointView& state);

/// Reads `path`, or `path`.previous where `path` is missing or damaged, into the blocks of `state`,
/// whose sizes and layout must be those of the file. A file of the earlier format, which ends
/// before the best averages, leaves these and `state.best` as they are.
/// @return false: neither can be read
/// @throws Error(Fault::kInput) for a state of another network
bool read_checkpoint(const std::filesystem::path& path, Checkpoint& state);

}  // namespace ptattn::train
