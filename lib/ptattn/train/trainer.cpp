#include "ptattn/train/trainer.hpp"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <utility>

#include "ptattn/core/parallel.hpp"
#include "ptattn/train/checkpoint.hpp"

namespace ptattn::train {
namespace {

double seconds_now() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

std::vector<ParameterGroup> groups_of(ParameterSet& set, const TrainerOptions& options) {
  std::size_t top = 0;
  for (const Parameter& parameter : set.parameters()) top = std::max(top, parameter.depth);
  std::vector<ParameterGroup> groups;
  for (const Parameter& parameter : set.parameters()) {
    const auto below = static_cast<double>(top - parameter.depth);
    const double rate =
        std::pow(options.layer_rate, below) * (parameter.in_block ? options.block_rate : 1.0);
    const bool frozen = options.head_only && !parameter.is_head;
    groups.push_back({.values = parameter.value,
                      .gradients = parameter.gradient,
                      .rate = frozen ? 0.0 : rate,
                      .weight_decay = parameter.decays ? options.weight_decay : 0.0});
  }
  return groups;
}

std::vector<float> copy_of(std::span<const float> values) {
  return {values.begin(), values.end()};
}

}  // namespace

Trainer::Trainer(TrainableNetwork& network, const SampleStream& stream, const LabelSpace& space,
                 const TrainerOptions& options)
    : network_(network),
      stream_(stream),
      space_(space),
      options_(options),
      optimizer_(groups_of(network.parameters(), options)),
      values_(copy_of(network.parameters().values())),
      buffers_(copy_of(network.parameters().buffer_values())),
      best_values_(values_),
      best_buffers_(buffers_),
      started_(seconds_now()) {
  network_.train_head_only(options_.head_only);
  network_.freeze_norm_statistics(options_.head_only);
}

Trainer::~Trainer() = default;

double Trainer::minutes() const {
  return minutes_before_ + (seconds_now() - started_) / 60.0;
}

double Trainer::progress() const {
  if (options_.steps) {
    return static_cast<double>(steps_) /
           static_cast<double>(std::max<std::uint64_t>(*options_.steps, 1));
  }
  return minutes() / options_.minutes;
}

double Trainer::share_waited() const {
  const double seconds = seconds_now() - started_;
  return prefetcher_ && seconds > 0.0 ? prefetcher_->seconds_waited() / seconds : 0.0;
}

void Trainer::start_stream() {
  if (!prefetcher_) {
    prefetcher_ = std::make_unique<Prefetcher>(stream_, steps_ * options_.accumulate);
  }
}

void Trainer::take_averaged_statistics() {
  if (frozen_ || options_.head_only || !norms_frozen()) return;
  frozen_ = true;
  network_.freeze_norm_statistics(true);
  std::ranges::copy(buffers_, network_.parameters().buffer_values().begin());
}

LossValue Trainer::add_gradients(std::size_t part, std::size_t& rows) {
  const Batch batch = prefetcher_->next();
  rows += batch.rows();
  const double share = 1.0 / static_cast<double>(options_.accumulate);
  LossValue value;
  network_.step(batch.input(), {options_.seed, steps_ * options_.accumulate + part},
                [&](MatrixView logits, MutableMatrixView d_logits) {
                  const std::size_t size = logits.rows * logits.cols;
                  const std::span<float> gradient(d_logits.data, size);
                  value = scene_loss<float>({logits.data, size}, targets_of(batch, space_),
                                            options_.loss, gradient);
                  if (options_.accumulate == 1) return;
                  for (float& g : gradient) g *= static_cast<float>(share);
                });
  return {value.cross_entropy * share, value.lovasz * share, value.total * share};
}

StepReport Trainer::step() {
  start_stream();
  take_averaged_statistics();
  StepReport report{.progress = progress()};
  report.learning_rate = learning_rate(options_.schedule, report.progress);
  ParameterSet& set = network_.parameters();
  set.clear_gradients();
  for (std::size_t part = 0; part < options_.accumulate; ++part) {
    const LossValue loss = add_gradients(part, report.rows);
    report.loss.cross_entropy += loss.cross_entropy;
    report.loss.lovasz += loss.lovasz;
    report.loss.total += loss.total;
  }
  report.gradient_norm = optimizer_.clip_gradients(options_.clip);
  if (std::isfinite(report.gradient_norm)) {
    optimizer_.step(report.learning_rate);
    average_weights(values_, set.values(), options_.average, optimizer_.steps() - 1);
    average_weights(buffers_, set.buffer_values(), options_.average, optimizer_.steps() - 1);
  }
  report.step = ++steps_;
  report.minutes = minutes();
  return report;
}

bool Trainer::offer(double score) {
  best_score_.validated = steps_;
  if (score <= best_score_.score) {
    ++best_score_.since;
    return false;
  }
  best_score_.score = score;
  best_score_.step = steps_;
  best_score_.since = 0;
  best_values_ = values_;
  best_buffers_ = buffers_;
  return true;
}

void Trainer::save(const std::filesystem::path& path) const {
  const ParameterSet& set = std::as_const(network_).parameters();
  write_checkpoint(path, {.steps = steps_,
                          .updates = optimizer_.steps(),
                          .minutes = minutes(),
                          .frozen = frozen_,
                          .best = best_score_,
                          .layout = layout_of(set),
                          .values = {set.values(), set.buffer_values(), values_, buffers_,
                                     optimizer_.first_moments(), optimizer_.second_moments(),
                                     best_values_, best_buffers_}});
}

bool Trainer::load(const std::filesystem::path& path) {
  ParameterSet& set = network_.parameters();
  Checkpoint state{
      .layout = layout_of(set),
      .values = {set.values(), set.buffer_values(), values_, buffers_, optimizer_.first_moments(),
                 optimizer_.second_moments(), best_values_, best_buffers_}};
  if (!read_checkpoint(path, state)) return false;
  steps_ = state.steps;
  optimizer_.set_steps(state.updates);
  minutes_before_ = state.minutes;
  started_ = seconds_now();
  frozen_ = state.frozen;
  best_score_ = state.best;
  network_.freeze_norm_statistics(frozen_ || options_.head_only);
  prefetcher_.reset();
  return true;
}

}  // namespace ptattn::train
