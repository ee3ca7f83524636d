#include "card.hpp"

#include <algorithm>

#include "../text.hpp"
#include "plan_text.hpp"
#include "ptattn/core/cpu_level.hpp"
#include "ptattn/core/text.hpp"
#include "ptattn/core/version.hpp"

namespace ptattn::tools {
namespace {

std::string cell(double fraction) {
  std::string text(" ");
  return text.append(fixed_text(100.0 * fraction, 1)).append(" |");
}

std::string row(const std::string& name, const train::Scores& scores,
                const train::LabelSpace& space) {
  const auto metrics = evaluate(scores.confusion());
  std::string text = "| " + name + " |";
  for (const ClassMetrics& metric : metrics.classes) {
    text += metric.truth > 0 ? cell(metric.iou.value_or(0.0)) : "  |";
  }
  const bool named = metrics.items > 0;
  text += named ? cell(scores.mean_iou()) : "  |";
  text += named ? cell(metrics.overall_accuracy.value_or(0.0)) : "  |";
  const auto ground = std::ranges::find(space.classes, "ground");
  if (ground != space.classes.end()) {
    text += cell(scores.ground_error(static_cast<std::uint32_t>(ground - space.classes.begin())));
  }
  text += named ? cell(scores.calibration_error()) : "  |";
  return text + "\n";
}

std::string names_of(const std::vector<DataFile>& files) {
  std::vector<std::string> names;
  for (const DataFile& file : files) names.push_back(file.cloud.name);
  return comma_joined(names);
}

/// A row per class.
std::string class_table(const std::vector<train::CloudScores>& clouds,
                        const train::LabelSpace& space) {
  train::Scores all(space);
  for (const train::CloudScores& cloud : clouds) all.add(cloud.scores);
  const Metrics metrics = evaluate(all.confusion());
  std::string text = "| class | items | recall | precision | IoU |\n|---|---|---|---|---|\n";
  for (std::size_t c = 0; c < space.classes.size(); ++c) {
    const ClassMetrics& metric = metrics.classes[c];
    text += "| " + space.classes[c] + " | " + std::to_string(metric.truth) + " |" +
            cell(metric.recall.value_or(0.0)) + cell(metric.precision.value_or(0.0)) +
            cell(metric.iou.value_or(0.0)) + "\n";
  }
  return text + "\naccuracy " + percent_text(metrics.overall_accuracy.value_or(0.0)) +
         ", mean recall " + percent_text(metrics.mean_accuracy.value_or(0.0)) + ", mean IoU " +
         percent_text(all.mean_iou()) + ", expected calibration error " +
         percent_text(all.calibration_error()) + "\n";
}

}  // namespace

std::string score_table(const std::vector<train::CloudScores>& clouds,
                        const train::LabelSpace& space, TrainKind kind) {
  constexpr std::size_t kMostColumns = 12;
  if (kind == TrainKind::kObjects || space.classes.size() > kMostColumns) {
    return class_table(clouds, space);
  }
  std::string head = "| |";
  for (const std::string& name : space.classes) head += " " + name + " |";
  head += " mIoU | accuracy |";
  const bool ground = std::ranges::find(space.classes, "ground") != space.classes.end();
  if (ground) head += " total error of ground or not |";
  head += " ECE |";
  const auto columns = std::ranges::count(head, '|') - 1;
  std::string text = head + "\n|";
  for (std::ptrdiff_t i = 0; i < columns; ++i) text += "---|";
  text += "\n";
  train::Scores all(space);
  for (const train::CloudScores& cloud : clouds) {
    text += row(cloud.name, cloud.scores, space);
    all.add(cloud.scores);
  }
  return text + row("all points", all, space);
}

std::string purpose_text(const std::vector<std::string>& classes, TrainKind kind) {
  constexpr std::size_t kMostNames = 12;
  const std::vector<std::string> first(
      classes.begin(),
      classes.begin() + static_cast<std::ptrdiff_t>(std::min(kMostNames, classes.size())));
  return (kind == TrainKind::kObjects ? "classifies objects: " : "labels points: ") +
         comma_joined(first) + (first.size() < classes.size() ? ", ..." : "");
}

std::string terms_text(const TrainPlan& plan, const TrainSettings& settings) {
  if (!settings.terms.empty()) return settings.terms;
  std::string text = "those of the data it was trained on, not stated";
  if (plan.init) {
    text += "; began with " + plan.init->name;
    if (!plan.init->terms.empty()) text += ", " + plan.init->terms;
  }
  return text;
}

std::string accuracy_text(const Headline& head, const TrainData& data) {
  const std::size_t count = data.held_out.size();
  const char* const what =
      data.kind == TrainKind::kScenes ? " held-out clouds" : " held-out objects";
  return head.name + " " + percent_text(head.value) + " on " + std::to_string(count) + what;
}

namespace {

std::string course_section(const CardFacts& facts) {
  std::string text = "## Training\n\n    " + facts.command + "\n\n";
  if (facts.head_note.empty()) text += "![Curve](training/curve.png)\n\n";
  if (!facts.jumps.empty()) text += "Doubtful: " + facts.jumps + ".\n\n";
  return text;
}

}  // namespace

std::string model_card(const CardFacts& facts) {
  const train::ModelSpec& spec = facts.plan.spec;
  std::string text =
      "# " + spec.name + "\n\n" +
      (facts.data.kind == TrainKind::kObjects ? "Names objects: " : "Labels points: ") +
      comma_joined(spec.classes) +
      ". Trained by `ptattn-train`, which wrote this card.\n\n| | |\n|---|---|\n";
  text += "| architecture | " + spec.architecture + ", " +
          fixed_text(static_cast<double>(facts.parameters) / 1e6, 2) + " M parameters |\n";
  if (facts.plan.profile) text += "| channels | " + comma_joined(spec.channels()) + " |\n";
  text += "| trained | " +
          (facts.head_note.empty()
               ? std::to_string(facts.steps) + " steps, " + minutes_text(facts.minutes)
               : facts.head_note) +
          ", seed " + std::to_string(facts.settings.seed) + ", ptattn " + std::string(version()) +
          ", " + cpu_levels().front() + " |\n";
  if (!facts.data.selection.empty()) {
    text += "| weights | those of step " + std::to_string(facts.best_step) +
            ", the best on the clouds of the selection |\n";
  }
  text += std::string("| numbers | matrices ") +
          (facts.plan.weights == train::WeightType::kFloat16 ? "float16" : "float32") +
          ", biases and norms float32" +
          (facts.weights_note.empty() ? "" : "; " + facts.weights_note) + " |\n";
  if (facts.plan.init) text += "| began with | " + facts.plan.init->name + " |\n";
  text += "\n## Data and terms\n\nTerms: " + spec.terms + ".\n\n```text\n" +
          plan_text(facts.plan, facts.data, facts.settings) + "```\n\n";
  text += "Trained on: " + names_of(facts.data.training) + ".\n\n";
  if (!facts.data.selection.empty()) {
    text += "Weights chosen by: " + names_of(facts.data.selection) + ".\n\n";
  }
  if (!facts.data.held_out.empty()) {
    text += "Held out: " + names_of(facts.data.held_out) + ".\n\n";
  }
  text += course_section(facts);
  if (facts.clouds.empty()) return text + "## Accuracy\n\nNot measured: nothing was held out.\n";
  text +=
      "## Accuracy\n\nOf held-out points, in percent: IoU per class, mean IoU of the classes "
      "there, overall accuracy, expected calibration error.\n\n";
  text += score_table(facts.clouds, facts.data.truth.space, facts.data.kind);
  text += "\n## Reliability\n\nOf the held-out clouds";
  if (facts.data.kind == TrainKind::kScenes) text += " and thinned, bare and tilted copies of them";
  return text + ":\n\n```text\n" + facts.reliability + "```\n";
}

}  // namespace ptattn::tools
