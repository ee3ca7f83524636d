#include "score.hpp"

#include <algorithm>
#include <cmath>
#include <iostream>
#include <string>

#include "../models.hpp"
#include "../output.hpp"
#include "../text.hpp"
#include "card.hpp"
#include "ptattn/models/model_description.hpp"
#include "ptattn/train/familiar_fit.hpp"
#include "ptattn/train/familiar_scores_fit.hpp"
#include "ptattn/train/model_spec.hpp"
#include "ptattn/train/temperature_fit.hpp"
#include "ptattn/train/upright_fit.hpp"

namespace ptattn::tools {
namespace {

namespace fs = std::filesystem;

constexpr double kFoundIou = 0.1;
constexpr double kUsualShare = 0.985;

/// Classes of a model that are not found, by their numbers in it.
std::vector<std::size_t> unproven_classes(const std::vector<std::string>& classes,
                                          const train::Scores& all,
                                          const train::LabelSpace& space) {
  const Metrics metrics = evaluate(all.confusion());
  std::vector<std::size_t> unproven;
  for (std::size_t c = 0; c < classes.size(); ++c) {
    const auto found = std::ranges::find(space.classes, classes[c]);
    const auto of_space = static_cast<std::size_t>(found - space.classes.begin());
    const bool proven = of_space < space.classes.size() && metrics.classes[of_space].truth > 0 &&
                        metrics.classes[of_space].iou.value_or(0.0) >= kFoundIou;
    if (!proven) unproven.push_back(c);
  }
  return unproven;
}

/// Of clouds with points whose class is known.
double mean_calibration_error(const std::vector<train::CloudScores>& clouds) {
  double sum = 0.0;
  double count = 0.0;
  for (const train::CloudScores& cloud : clouds) {
    if (cloud.scores.reliability().items() == 0) continue;
    sum += cloud.scores.calibration_error();
    count += 1.0;
  }
  return count > 0.0 ? sum / count : 0.0;
}

/// The value that `share` of the values do not exceed.
double quantile(std::vector<double> values, double share) {
  const auto last = static_cast<double>(values.size() - 1);
  const auto place = values.begin() + static_cast<std::ptrdiff_t>(std::ceil(share * last));
  std::ranges::nth_element(values, place);
  return *place;
}

/// Three digits, upwards.
double rounded_up(double value) {
  constexpr double kUnit = 1e3;
  return std::ceil(value * kUnit) / kUnit;
}

/// Of objects that got a class: their strangeness or, of few, their energy.
void remember_scores(const train::ValidationSample& sample, std::size_t classes,
                     const fs::path& folder, UsualLimits& usual) {
  const MatrixView scores{sample.scores.data(), sample.truths.size(), classes, classes};
  const train::ScoresFit fit = train::fit_familiar_scores(scores, sample.truths);
  fs::remove(folder / kFamiliarFile);
  if (fit.strangeness.empty()) {
    usual.energy = rounded_up(quantile(sample.energies, kUsualShare));
    return;
  }
  train::write_familiar_scores(folder, fit);
  usual.strangeness = rounded_up(quantile(fit.strangeness, kUsualShare));
}

void find_usual(const train::ValidationSample& sample, std::size_t classes, const fs::path& folder,
                UsualLimits& usual) {
  constexpr double kUnsureRoom = 1.1;
  if (!sample.energies.empty()) return remember_scores(sample, classes, folder, usual);
  usual.distance = remember_features(sample.features, classes, folder);
  if (!usual.distance) return;
  usual.unsure_share =
      std::min(1.0, rounded_up(kUnsureRoom * std::ranges::max(sample.unsure_shares)));
}

/// Adds what the model has learnt from: more places say better how far apart places are. Only their
/// features count; of confidences, those on unseen places do.
void add_learnt_from(const fs::path& folder, const TrainTask& task, const TrainTask::Between& watch,
                     train::ValidationSample& sample) {
  train::ValidationSample more;
  (void)task.validate(
      folder, {.part = DataPart::kLearntFrom, .between = watch, .harder = true, .sample = &more});
  const std::size_t places = sample.features.size();
  for (train::PlaceFeatures& cloud : more.features) {
    cloud.place += places;
    sample.features.push_back(std::move(cloud));
  }
}

std::string temperature_text(const Temperature& temperature,
                             const std::vector<std::string>& classes) {
  const std::span<const double> numbers = temperature.by_class();
  if (numbers.empty()) return "1";
  if (numbers.size() == 1) return fixed_text(numbers.front(), 4);
  std::string text;
  for (std::size_t c = 0; c < numbers.size(); ++c) {
    text.append(text.empty() ? "" : ", ").append(classes[c]);
    text.append(" ").append(fixed_text(numbers[c], 4));
  }
  return text;
}

}  // namespace

std::optional<double> remember_features(const std::vector<train::PlaceFeatures>& clouds,
                                        std::size_t classes, const fs::path& folder) {
  constexpr double kDistanceRoom = 1.05;
  const std::vector<double> distances = train::distances_left_out(clouds, classes);
  fs::remove(folder / kFamiliarFile);
  if (distances.empty()) return std::nullopt;
  std::vector<const train::PlaceFeatures*> all;
  for (const train::PlaceFeatures& cloud : clouds) all.push_back(&cloud);
  train::write_familiar(folder, train::fit_familiar(all, classes));
  return rounded_up(kDistanceRoom * quantile(distances, kUsualShare));
}

std::optional<ReliabilityFinding> find_reliability(const fs::path& folder, const TrainTask& task,
                                                   const train::LabelSpace& space,
                                                   const TrainTask::Between& between) {
  bool ended = false;
  const TrainTask::Between watch = [&] {
    ended = ended || (between && !between());
    return !ended;
  };
  ReliabilityFinding finding{.classes = read_model_description(folder).classes};
  const std::vector<std::string>& classes = finding.classes;
  Reliability& reliability = finding.reliability;
  train::ValidationSample sample;
  finding.before = task.validate(
      folder, {.between = watch, .harder = true, .calibrated = false, .sample = &sample});
  if (ended) return std::nullopt;
  reliability.temperature = train::fit_temperature(sample.confidences);
  reliability.unproven = unproven_classes(classes, sum_of(finding.before, space), space);
  train::write_reliability(folder, reliability, classes);
  sample = {};
  finding.after = task.validate(folder, {.between = watch, .harder = true, .sample = &sample});
  if (ended) return std::nullopt;
  add_learnt_from(folder, task, watch, sample);
  if (ended) return std::nullopt;
  find_usual(sample, classes.size(), folder, reliability.usual);
  reliability.upright = train::fit_upright_evidence(task.look_from_all_sides(folder, watch));
  if (ended) return std::nullopt;
  train::write_reliability(folder, reliability, classes);
  return finding;
}

std::string reliability_text(const ReliabilityFinding& finding, const train::LabelSpace& space) {
  const auto error = [&](const std::vector<train::CloudScores>& clouds) {
    return percent_text(sum_of(clouds, space).calibration_error(), 2) + " of all, " +
           percent_text(mean_calibration_error(clouds), 2) + " in the mean of " +
           std::to_string(clouds.size()) + (clouds.size() == 1 ? " cloud" : " clouds");
  };
  const UsualLimits& usual = finding.reliability.usual;
  std::string text =
      "temperature: " + temperature_text(finding.reliability.temperature, finding.classes) +
      "\nexpected calibration error before: " + error(finding.before) +
      "\nexpected calibration error after: " + error(finding.after) + "\n";
  if (usual.energy) text += "usual energy: up to " + fixed_text(*usual.energy, 3) + "\n";
  if (usual.strangeness) {
    text += "usual strangeness: up to " + fixed_text(*usual.strangeness, 3) + "\n";
  }
  if (usual.distance) text += "usual distance: up to " + fixed_text(*usual.distance, 3) + "\n";
  if (usual.unsure_share) {
    text += "usual share of points below a confidence of " + percent_text(kUnsure, 0) + ": up to " +
            percent_text(*usual.unsure_share) + "\n";
  }
  if (!finding.reliability.upright.empty()) {
    text += "upright: known by the classes that each of six directions gives, see config.json\n";
  }
  return text;
}

int score_model(const TrainSettings& settings, TrainData data) {
  const bool calibrates = !settings.calibrate.empty();
  const fs::path folder = locate_model(calibrates ? settings.calibrate : settings.score);
  if (!calibrates) {  // a task needs something to learn from
    data.training = std::vector<DataFile>{data.training.front()};
  }
  const auto task = make_task(plan_for(train::read_model_spec(folder), data.kind), data);
  std::optional<ReliabilityFinding> finding;
  if (calibrates) finding = find_reliability(folder, *task, data.truth.space);
  const auto scores = finding ? finding->after : task->validate(folder, {.harder = true});
  Output output = Output::to_stdout();
  output.write(score_table(scores, data.truth.space, data.kind));
  if (finding) {
    output.write("\n");
    output.write(reliability_text(*finding, data.truth.space));
  }
  return 0;
}

}  // namespace ptattn::tools
