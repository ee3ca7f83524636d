#include "run.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "../interrupt.hpp"
#include "../models.hpp"
#include "../output.hpp"
#include "../talk.hpp"
#include "../text.hpp"
#include "card.hpp"
#include "curve.hpp"
#include "data.hpp"
#include "head_fit.hpp"
#include "interrupt_note.hpp"
#include "log.hpp"
#include "memory_limit.hpp"
#include "plan.hpp"
#include "plan_text.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/core/scratch_memory.hpp"
#include "ptattn/io/atomic_file.hpp"
#include "ptattn/io/png.hpp"
#include "ptattn/models/files/safetensors.hpp"
#include "ptattn/models/model_search.hpp"
#include "ptattn/train/trainable_network.hpp"
#include "score.hpp"
#include "task.hpp"

namespace ptattn::tools {
namespace {

namespace fs = std::filesystem;
using Clock = std::chrono::steady_clock;

constexpr std::uint64_t kLogSteps = 50;  // between two points of the curve
constexpr double kProgressSeconds = 10.0;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

std::string time_text(double minutes) {
  const auto all = static_cast<std::uint64_t>(std::llround(std::max(0.0, minutes)));
  std::string rest = std::to_string(all % 60);
  return std::to_string(all / 60) + (rest.size() < 2 ? ":0" : ":") + rest;
}

void write_text_file(const fs::path& path, const std::string& text) {
  Output output = Output::replacing(path);
  output.write(text);
  output.commit();
}

/// Locked while a run goes on, so that no second one writes the same folder.
fs::path lock_of(const fs::path& folder) {
  return folder / "training" / "lock";
}

/// One training run in its folder.
class Run {
 public:
  Run(const TrainSettings& settings, TrainPlan plan, TrainData data, std::string command)
      : settings_(settings),
        plan_(std::move(plan)),
        data_(std::move(data)),
        command_(std::move(command)),
        folder_(fs::absolute(settings.output)) {
    plan_.spec.name = folder_.filename().string();
    plan_.spec.purpose = purpose_text(plan_.spec.classes, data_.kind);
    plan_.spec.terms = terms_text(plan_, settings);
    network_ = train::make_trainable_network(
        plan_.spec.config(),
        {.seed = settings.seed, .drop_path = settings.drop_path, .precision = settings.precision});
    take_init();
    task_ = make_task(plan_, data_);
    trainer_ = std::make_unique<train::Trainer>(*network_, task_->stream(), data_.truth.space,
                                                plan_.trainer);
  }

  int train() {
    const Output lock = Output::appending(lock_of(folder_));
    checkpoint_ = folder_ / "training" / "checkpoint";
    if (settings_.resume) {  // what a kill left half written
      io::remove_abandoned_files(
          std::vector{checkpoint_, folder_ / "config.json", folder_ / "model.safetensors"});
    }
    if (settings_.resume && trainer_->load(checkpoint_)) {
      say("continues from step " + std::to_string(trainer_->steps()));
    }
    log_.emplace(folder_ / "training" / "log.jsonl", trainer_->steps(),
                 trainer_->best_score().validated);
    const InterruptNote note;
    last_save_ = last_validation_ = trainer_->minutes();
    started_ = last_progress_ = Clock::now();
    first_step_ = trainer_->steps();
    {
      // What the first step takes serves all others: given back and taken again it costs a quarter
      // of a step's time.
      const ScratchMemory held;
      for (;;) {
        if (validation_due()) validate_now(note);
        if (finished() || note.noted()) break;
        one_step();
      }
    }
    trainer_->save(checkpoint_);
    if (!note.noted()) finish(note);
    if (note.noted()) {
      say("interrupted at step " + std::to_string(trainer_->steps()) +
          "; --resume continues from there");
      return kInterrupted;
    }
    return 0;
  }

 private:
  static void say(const std::string& text) {
    if (talk().quiet) return;
    std::cerr << "ptattn-train: " << text << "\n" << std::flush;
  }

  void take_init() {
    if (!plan_.init) return;
    const SafetensorsFile weights(plan_.init_folder / "model.safetensors");
    const auto left = train::take_weights(network_->parameters(), plan_.spec, weights, *plan_.init);
    std::string names;
    for (const std::string& name : left) names += " " + name;
    if (!left.empty()) say("random at first, wholly or in part:" + names);
  }

  [[nodiscard]] bool selects() const { return !data_.selection.empty(); }

  [[nodiscard]] bool finished() const {
    const bool stops = settings_.patience > 0 && trainer_->best_score().since >= settings_.patience;
    return trainer_->finished() || (selects() && stops);
  }

  /// By steps where the length is given in steps, so that a resumed run chooses the same weights.
  [[nodiscard]] bool validation_due() const {
    constexpr std::uint64_t kParts = 10;
    constexpr std::uint64_t kFewestSteps = 50;
    const std::uint64_t step = trainer_->steps();
    if (step == trainer_->best_score().validated) return false;
    if (trainer_->finished()) return true;
    if (!settings_.steps) {
      return trainer_->minutes() - last_validation_ >= settings_.validate_minutes;
    }
    const std::uint64_t every =
        settings_.validate_steps.value_or(std::max(*settings_.steps / kParts, kFewestSteps));
    return step % every == 0;
  }

  void one_step() {
    const train::StepReport report = trainer_->step();
    add_to_curve(report);
    if (report.minutes - last_save_ >= settings_.save_minutes) {
      trainer_->save(checkpoint_);
      last_save_ = report.minutes;
    }
    if (seconds_since(last_progress_) >= kProgressSeconds) show_progress(report);
  }

  void add_to_curve(const train::StepReport& report) {
    point_.loss += report.loss.total;
    point_.cross_entropy += report.loss.cross_entropy;
    point_.gradient_norm += report.gradient_norm;
    if (point_.step++ == 0) point_started_ = Clock::now();
    if (report.step % kLogSteps != 0 && !trainer_->finished()) return;
    const auto steps = static_cast<double>(point_.step);
    const double seconds = seconds_since(point_started_);
    log_->add({.step = report.step,
               .minutes = report.minutes,
               .loss = point_.loss / steps,
               .cross_entropy = point_.cross_entropy / steps,
               .learning_rate = report.learning_rate,
               .gradient_norm = point_.gradient_norm / steps,
               .steps_per_second = seconds > 0.0 ? (steps - 1.0) / seconds : 0.0});
    point_ = {};
  }

  void show_progress(const train::StepReport& report) {
    last_progress_ = Clock::now();
    if (!talk().progress) return;
    const auto steps = static_cast<double>(report.step - first_step_);
    const double rate = steps / seconds_since(started_);
    std::string text = "step " + std::to_string(report.step);
    if (settings_.steps) text += " of " + std::to_string(*settings_.steps);
    text += ", loss " + fixed_text(report.loss.total, 3);
    if (!log_->validations().empty()) {
      text += ", validation " + percent_text(log_->validations().back().score);
    }
    const double left = settings_.steps
                            ? static_cast<double>(*settings_.steps - report.step) / rate / 60.0
                            : settings_.minutes - report.minutes;
    say(text + ", " + fixed_text(rate, 2) + " steps/s, " + time_text(left) + " h left, waited " +
        percent_text(trainer_->share_waited()) + " for data");
  }

  using Clouds = std::vector<train::CloudScores>;

  /// Writes the best weights so far as the model.
  void write_best() const {
    train::write_model(folder_, plan_.spec, network_->parameters(), trainer_->best_values(),
                       trainer_->best_buffers(), plan_.weights);
  }

  /// Scores of weights as they would be written; empty when interrupted.
  [[nodiscard]] Clouds measure(DataPart part, std::span<const float> values,
                               std::span<const float> buffers, train::WeightType type,
                               const InterruptNote& note) const {
    const fs::path candidate = folder_ / "training" / "candidate";
    train::write_model(candidate, plan_.spec, network_->parameters(), values, buffers, type);
    Clouds clouds =
        task_->validate(candidate, {.part = part, .between = [&note] { return !note.noted(); }});
    fs::remove_all(candidate);
    if (note.noted()) clouds.clear();
    return clouds;
  }

  /// Measures the averaged weights; without a part for selection the last ones are kept, whatever
  /// they score.
  void validate_now(const InterruptNote& note) {
    const DataPart part = selects() ? DataPart::kSelection : DataPart::kHeldOut;
    const Clouds clouds = measure(part, trainer_->averaged_values(), trainer_->averaged_buffers(),
                                  plan_.weights, note);
    if (clouds.empty()) return;
    const Headline head = log_scores(part, clouds, trainer_->steps(), false);
    const bool best =
        trainer_->offer(selects() ? head.value : static_cast<double>(trainer_->steps()));
    say("validation at step " + std::to_string(trainer_->steps()) + ": " + head.name + " " +
        percent_text(head.value) + class_list(sum_of(clouds, data_.truth.space)) +
        (selects() && best ? ", the best so far" : ""));
    if (best) write_best();
    write_curves();
    trainer_->save(checkpoint_);
    last_save_ = last_validation_ = trainer_->minutes();
  }

  Headline log_scores(DataPart part, const Clouds& clouds, std::uint64_t step, bool is_final) {
    const train::Scores all = sum_of(clouds, data_.truth.space);
    const Headline head = headline(all, data_.kind);
    log_->add({.step = step,
               .minutes = trainer_->minutes(),
               .part = part == DataPart::kSelection ? "selection" : "held out",
               .measure = head.name,
               .score = head.value,
               .calibration_error = all.calibration_error(),
               .ious = all.ious(),
               .is_final = is_final},
              data_.truth.space.classes, clouds);
    return head;
  }

  /// Keeps float32 where float16 is measured to be worse.
  void choose_weight_type(const InterruptNote& note) {
    constexpr double kWorse = 0.0005;
    if (settings_.weights != "auto" || !selects()) return;
    const Clouds clouds = measure(DataPart::kSelection, trainer_->best_values(),
                                  trainer_->best_buffers(), train::WeightType::kFloat32, note);
    if (clouds.empty()) return;
    const double exact = headline(sum_of(clouds, data_.truth.space), data_.kind).value;
    const double rounded = trainer_->best_score().score;
    if (exact > rounded + kWorse) plan_.weights = train::WeightType::kFloat32;
    weights_note_ = "selection " + percent_text(rounded, 2) + " with float16, " +
                    percent_text(exact, 2) + " with float32";
  }

  /// IoU of each class, where they are few.
  [[nodiscard]] std::string class_list(const train::Scores& scores) const {
    constexpr std::size_t kMost = 12;
    std::string text;
    const std::vector<double> ious = scores.ious();
    for (std::size_t c = 0; c < ious.size() && ious.size() <= kMost; ++c) {
      if (ious[c] < 0.0) continue;
      text += ", " + data_.truth.space.classes[c] + " " + fixed_text(100.0 * ious[c], 1);
    }
    return text;
  }

  void write_curves() {
    write_png(folder_ / "training" / "curve.png", curve_image(*log_));
    write_text_file(folder_ / "training" / "curve.svg", curve_svg(*log_));
  }

  /// Measures the best weights, once, on clouds that had no part in their choice.
  void finish(const InterruptNote& note) {
    choose_weight_type(note);
    write_best();
    say("measuring how reliable the model is");
    const auto finding =
        find_reliability(folder_, *task_, data_.truth.space, [&note] { return !note.noted(); });
    if (!finding) return;
    Clouds clouds = finding->after;
    if (data_.kind == TrainKind::kScenes) {  // the card's table is of the clouds as they are
      clouds.erase(clouds.begin() + static_cast<std::ptrdiff_t>(data_.held_out.size()),
                   clouds.end());
    }
    const std::uint64_t step = selects() ? trainer_->best_score().step : trainer_->steps();
    const Headline head = log_scores(DataPart::kHeldOut, clouds, step, true);
    plan_.spec.accuracy = accuracy_text(head, data_);
    train::write_model_config(folder_, plan_.spec);
    train::write_reliability(folder_, finding->reliability, plan_.spec.classes);
    write_text_file(folder_ / "README.md",
                    model_card({.plan = plan_,
                                .data = data_,
                                .settings = settings_,
                                .command = command_,
                                .parameters = network_->parameters().parameter_count(),
                                .steps = trainer_->steps(),
                                .best_step = step,
                                .weights_note = weights_note_,
                                .head_note = "",
                                .jumps = log_->jumps(),
                                .minutes = trainer_->minutes(),
                                .clouds = clouds,
                                .reliability = reliability_text(*finding, data_.truth.space)}));
    if (!log_->jumps().empty()) say(log_->jumps());
    say("wrote " + settings_.output + ", " + std::to_string(trainer_->steps()) + " steps in " +
        fixed_text(trainer_->minutes(), 1) + " minutes; held out: " + head.name + " " +
        percent_text(head.value) + class_list(sum_of(clouds, data_.truth.space)));
  }

  const TrainSettings& settings_;
  TrainPlan plan_;
  TrainData data_;
  std::string command_;
  fs::path folder_;
  fs::path checkpoint_;
  std::string weights_note_;  // what float16 costs, as measured
  std::unique_ptr<train::TrainableNetwork> network_;
  std::unique_ptr<TrainTask> task_;
  std::unique_ptr<train::Trainer> trainer_;
  std::optional<TrainLog> log_;
  CurvePoint point_;  // sums since the last point; `step` counts them
  Clock::time_point point_started_;
  Clock::time_point started_;
  Clock::time_point last_progress_;
  std::uint64_t first_step_ = 0;
  double last_save_ = 0.0;
  double last_validation_ = 0.0;
};

void check_output(const TrainSettings& settings) {
  if (settings.output.empty()) {
    throw Error(Fault::kUsage, "--output", "missing, name a folder for the model");
  }
  const fs::path folder(settings.output);
  if (fs::exists(folder) && !fs::is_directory(folder)) {
    throw Error(Fault::kUsage, settings.output, "is a file, expected a folder for the model");
  }
  if (fs::exists(folder / "config.json") && !fs::exists(folder / "training")) {
    throw Error(Fault::kUsage, settings.output,
                "holds a model that was not trained here, name another folder");
  }
  if (fs::exists(lock_of(folder))) (void)Output::appending(lock_of(folder));  // is it free?
  if (!settings.resume && fs::exists(folder / "training" / "checkpoint")) {
    throw Error(Fault::kUsage, settings.output,
                "holds a run, continue it with --resume or name another folder");
  }
}

}  // namespace

int run_training(const TrainSettings& settings, const std::string& command) {
  if (settings.list_models) return print_models(std::nullopt);
  const bool scores = !settings.score.empty() || !settings.calibrate.empty();
  const bool trains = !scores && !settings.dry_run;
  if (trains) check_output(settings);
  std::optional<train::ModelSpec> init;
  fs::path init_folder;
  if (!settings.init.empty()) {
    init_folder = locate_model(settings.init);
    init = train::read_model_spec(init_folder);
  }
  TrainData data = read_data(settings, init ? &*init : nullptr);
  if (scores) return score_model(settings, std::move(data));
  TrainPlan plan = make_plan(settings, data, init);
  plan.init_folder = init_folder;
  const std::string text = plan_text(plan, data, settings);
  if (settings.dry_run) {
    Output::to_stdout().write(text);
    return 0;
  }
  if (!talk().quiet) std::cerr << text << std::flush;
  if (settings.fits_head()) return fit_head(settings, std::move(plan), std::move(data), command);
  return Run(settings, std::move(plan), std::move(data), command).train();
}

}  // namespace ptattn::tools
