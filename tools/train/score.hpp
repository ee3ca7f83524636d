#pragma once

#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "data.hpp"
#include "ptattn/models/reliability.hpp"
#include "settings.hpp"
#include "task.hpp"

namespace ptattn::tools {

/// What a validation of the held-out part says of how far a model can be relied on.
struct ReliabilityFinding {
  std::vector<std::string> classes;  ///< of the model
  Reliability reliability{};
  std::vector<train::CloudScores> before{};  ///< scores without a temperature
  std::vector<train::CloudScores> after{};   ///< with it
};

/// Writes what the features of clouds look like (FamiliarFeatures) into the folder of a model.
/// @param classes  of the model
/// @return         how far from that clouds are usually: 98.5 of 100 clouds of places that were left
///                 out, and a twentieth more; nothing of too few places to tell
[[nodiscard]] std::optional<double> remember_features(
    const std::vector<train::PlaceFeatures>& clouds, std::size_t classes,
    const std::filesystem::path& folder);

/// Validates the model in `folder`, of scenes on harder surveys as well, and writes what it finds
/// into the folder:
///
///   - the temperature that the confidences need (fit_temperature)
///   - the classes that are not found: those whose IoU over all held-out points stays below 0.1,
///   and
///     those that have none there
///   - what its features look like (FamiliarFeatures), there and, where the task knows it, in what
///     the model has learnt from; and how far from that, and how unsure, clouds are usually: 98.5
///     of 100 clouds of places that were left out, and a twentieth more; the most unsure one of the
///     held-out part, and a tenth more. Of objects that get a class, what the scores look like
///     (FamiliarScores), and the strangeness of 98.5 of 100 that were left out; of few, the energy
///   - of objects that get a class, how to tell by the scores of those learnt from which of six
///     directions is up (UprightEvidence)
///
/// @return nothing where `between` ended it early
[[nodiscard]] std::optional<ReliabilityFinding> find_reliability(
    const std::filesystem::path& folder, const TrainTask& task, const train::LabelSpace& space,
    const TrainTask::Between& between = {});

/// The temperature, the expected calibration error before and after it, over all points and as the
/// mean of the clouds, and what is usual, a line each.
[[nodiscard]] std::string reliability_text(const ReliabilityFinding& finding,
                                           const train::LabelSpace& space);

/// Scores a model as it is, on the held-out part and, of scenes, on harder surveys of it; with
/// --calibrate, calibrates it first. Prints the scores.
int score_model(const TrainSettings& settings, TrainData data);

}  // namespace ptattn::tools
