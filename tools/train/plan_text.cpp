#include "plan_text.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <vector>

#include "../text.hpp"

namespace ptattn::tools {
namespace {

std::string count_text(std::size_t count) {
  std::string text = std::to_string(count);
  for (std::size_t i = text.size(); i > 3; i -= 3) text.insert(i - 3, 1, ' ');
  return text;
}

void add_files(std::string& text, const char* what, const std::vector<DataFile>& files) {
  std::size_t points = 0;
  for (const DataFile& file : files) points += file.cloud.size();
  text += std::string(what) + ": " + std::to_string(files.size()) + " clouds, " +
          count_text(points) + " points\n";
}

/// A line per label: its points in each part, and its weight. Where the head alone is fitted, the
/// classes of the model need no points.
void add_classes(std::string& text, const TrainPlan& plan, const TrainData& data, bool fits_head) {
  const auto training = count_labels(data.training, data.truth.space);
  const auto selection = count_labels(data.selection, data.truth.space);
  const auto held_out = count_labels(data.held_out, data.truth.space);
  std::size_t width = 5;
  for (std::size_t l = 0; l < data.truth.space.size(); ++l) {
    width = std::max(width, data.truth.space.name(l).size());
  }
  text +=
      (data.field.empty() ? std::string("classes by folder") : "labels of \"" + data.field + "\"") +
      ", points:\n  " + left_aligned("", width) + "    training   selection    held out" +
      (fits_head ? "\n" : "  weight\n");
  for (std::size_t l = 0; l < data.truth.space.size(); ++l) {
    const bool is_class = l < data.truth.space.classes.size();
    if (!is_class && training[l] + selection[l] + held_out[l] == 0) continue;  // of strays alone
    text += "  " + left_aligned(data.truth.space.name(l), width) +
            right_aligned(count_text(training[l]), 12) +
            right_aligned(count_text(selection[l]), 12) +
            right_aligned(count_text(held_out[l]), 12);
    if (l < plan.trainer.loss.class_weights.size() && !fits_head) {
      text += right_aligned(fixed_text(plan.trainer.loss.class_weights[l], 2), 8);
      if (training[l] == 0) text += "  no point to learn it from";
    }
    text += "\n";
  }
}

/// "learning rate 0.0030, 0.0003 in blocks"
std::string rate_text(const TrainPlan& plan) {
  const double rate = plan.trainer.schedule.learning_rate;
  std::string text = "learning rate " + fixed_text(rate, 4);
  if (plan.trainer.block_rate != 1.0 && !plan.trainer.head_only) {
    text += ", " + fixed_text(rate * plan.trainer.block_rate, 4) + " in blocks";
  }
  return text;
}

}  // namespace

std::string minutes_text(double minutes) {
  std::string text = fixed_text(minutes, minutes < 10.0 ? 1 : 0);
  if (text.ends_with(".0")) text.erase(text.size() - 2);
  return text + (text == "1" ? " minute" : " minutes");
}

std::string plan_text(const TrainPlan& plan, const TrainData& data, const TrainSettings& settings) {
  std::string text;
  add_files(text, "training", data.training);
  if (!data.selection.empty()) add_files(text, "selection", data.selection);
  add_files(text, "held out", data.held_out);
  for (const std::string& note : data.notes) text += "  " + note + "\n";
  add_classes(text, plan, data, settings.fits_head());
  if (settings.fits_head()) {
    return text + "the head of " + plan.init->name + " alone is fitted: " + settings.head +
           ", seed " + std::to_string(settings.seed) + "\n";
  }
  for (const std::string& reason : plan.reasons) text += reason + "\n";
  text += "length: " +
          (plan.trainer.steps ? std::to_string(*plan.trainer.steps) + " steps"
                              : minutes_text(plan.trainer.minutes)) +
          " of " +
          (data.kind == TrainKind::kScenes
               ? count_text(plan.stream.voxels * plan.trainer.accumulate) + " voxels"
               : count_text(plan.objects.objects * plan.trainer.accumulate) + " objects") +
          " per step, " + rate_text(plan) + ", seed " + std::to_string(settings.seed) + "\n";
  return text;
}

}  // namespace ptattn::tools
