#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "../frame_options.hpp"
#include "ptattn/models/precision.hpp"

namespace ptattn::tools {

/// What the command line of ptattn-train says.
struct TrainSettings {
  std::vector<std::string> data;
  std::string output;
  std::string truth;    ///< field; empty: the first of those that usually hold labels
  std::string classes;  ///< file, or "asprs"; empty: by the values of the field
  FrameOptions frame;   ///< of the clouds
  std::string maps;     ///< file of what values mean in single files; empty: the same in all
  std::string init;     ///< model to begin with; empty: random weights
  std::vector<std::string> add_classes;   ///< NAME=VALUE, on top of those of `init`
  std::vector<std::string> drop_classes;  ///< of those of `init`
  bool freeze_encoder = false;
  std::string head = "linear";  ///< of a frozen encoder: linear, attention, or gradient (by steps)
  std::string architecture;     ///< empty: ptv3, of objects by class pct
  std::string size = "small";
  std::vector<std::string> channels;
  std::optional<double> voxel;
  double minutes = 60.0;
  std::optional<std::uint64_t> steps;
  std::vector<std::string> hold_out;  ///< patterns of file names
  std::vector<std::string> select;    ///< patterns of file names, or "none"
  std::size_t patience = 0;           ///< validations without a better score; 0: to the end
  std::optional<std::uint64_t> validate_steps;
  std::string weights = "auto";  ///< how they are written: float16, float32 or auto
  std::string terms;             ///< of use of the model
  std::uint64_t seed = 1;
  bool resume = false;
  bool dry_run = false;
  bool list_models = false;
  std::string score;      ///< model to score on the held-out part, instead of training
  std::string calibrate;  ///< the same, and to be calibrated on it

  std::size_t voxels_per_step = 18'000;
  std::optional<std::size_t> objects_per_step;
  std::optional<double> any_up;  ///< share of the objects turned to any side
  std::size_t accumulate = 1;
  std::optional<double> learning_rate;
  double balance = 0.15;  ///< power of rarity by which classes weigh more; 0: all alike
  std::string augment = "auto";
  double mix = 0.0;
  double average = 0.998;
  double freeze_norms = 0.5;
  double layer_rate = 1.0;
  std::optional<double> block_rate;  ///< of blocks of PTv3 and LitePT
  double drop_path = 0.0;
  Precision precision = Precision::kFloat32;
  /// True: the head alone is fitted, in one go.
  [[nodiscard]] bool fits_head() const { return freeze_encoder && head != "gradient"; }

  double save_minutes = 3.0;
  double validate_minutes = 10.0;
};

}  // namespace ptattn::tools
