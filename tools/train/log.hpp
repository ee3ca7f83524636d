#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "ptattn/train/scores.hpp"
#include "ptattn/train/trainer.hpp"
#include "ptattn/train/validation.hpp"

namespace ptattn::tools {

/// A point of the training curve: means since the one before.
struct CurvePoint {
  std::uint64_t step = 0;
  double minutes = 0.0;
  double loss = 0.0;
  double cross_entropy = 0.0;
  double learning_rate = 0.0;
  double gradient_norm = 0.0;
  double steps_per_second = 0.0;
};

/// What a validation found.
struct ValidationPoint {
  std::uint64_t step = 0;
  double minutes = 0.0;
  std::string part = "selection";  ///< of the data
  std::string measure = "mIoU";    ///< what the score is
  double score = 0.0;
  double calibration_error = 0.0;
  std::vector<double> ious;  ///< by class; below 0: neither there nor found
  bool is_final = false;     ///< of the weights that the run leaves; no part of the curve
};

/// The log of a run: a JSON object per line, appended as the run goes.
class TrainLog {
 public:
  /// Reads what an earlier run wrote; lines of steps after `last_step`, and of validations after
  /// `last_validation`, are taken away, since the run goes on from there.
  TrainLog(const std::filesystem::path& path, std::uint64_t last_step,
           std::uint64_t last_validation);

  void add(const CurvePoint& point);
  void add(const ValidationPoint& point, const std::vector<std::string>& classes,
           const std::vector<train::CloudScores>& clouds);

  [[nodiscard]] const std::vector<CurvePoint>& curve() const { return curve_; }
  [[nodiscard]] const std::vector<ValidationPoint>& validations() const { return validations_; }
  /// Says so where gradients jumped in a fifth of the run or more: a healthy network's norm stays
  /// below 10, one whose deep levels have come to say the same of every point has norms of 10^2 to
  /// 10^4. Empty where they did not.
  [[nodiscard]] std::string jumps() const;

 private:
  void append(const std::string& line);

  std::filesystem::path path_;
  std::vector<CurvePoint> curve_;
  std::vector<ValidationPoint> validations_;
};

}  // namespace ptattn::tools
