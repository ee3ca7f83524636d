#include "head_fit.hpp"

#include <algorithm>
#include <chrono>
#include <filesystem>
#include <iostream>
#include <memory>
#include <utility>

#include "../output.hpp"
#include "../text.hpp"
#include "card.hpp"
#include "memory_limit.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/models/files/safetensors.hpp"
#include "ptattn/models/kernel_head.hpp"
#include "ptattn/models/model_folder.hpp"
#include "ptattn/models/registry.hpp"
#include "ptattn/train/familiar_fit.hpp"
#include "ptattn/train/heads/attention_head.hpp"
#include "ptattn/train/heads/linear_head.hpp"
#include "ptattn/train/model_spec.hpp"
#include "ptattn/train/safetensors_writer.hpp"
#include "ptattn/train/trainable_network.hpp"
#include "ptattn/train/validation.hpp"
#include "score.hpp"

namespace ptattn::tools {
namespace {

namespace fs = std::filesystem;
using train::LinearHead;
using train::Parameter;
using train::ParameterSet;

constexpr double kRidge = 0.1;
constexpr double kVoxelsApart = 8.0;  // neighbours that would give one another away

/// The weight matrix and the bias of the head.
struct HeadParameters {
  Parameter* weight = nullptr;
  Parameter* bias = nullptr;
};

HeadParameters head_of(ParameterSet& set, const std::string& subject) {
  HeadParameters head;
  for (Parameter& parameter : set.parameters()) {
    if (!parameter.is_head) continue;
    (parameter.shape.size() == 1 ? head.bias : head.weight) = &parameter;
  }
  if (head.weight == nullptr || head.bias == nullptr) {
    throw Error(Fault::kModel, subject, "has no linear head of its own");
  }
  return head;
}

/// The head as the model has it; rows of classes that it lacks are zero.
LinearHead start_of(const HeadParameters& head, const std::vector<std::string>& classes,
                    const std::vector<std::string>& known) {
  const std::size_t c = head.weight->size() / classes.size();
  LinearHead start{Matrix(classes.size(), c), std::vector<float>(classes.size()), {}};
  for (std::size_t k = 0; k < classes.size(); ++k) {
    const bool old = std::ranges::find(known, classes[k]) != known.end();
    start.known.push_back(old);
    for (std::size_t j = 0; j < c; ++j) {
      start.weight(k, j) = old ? head.weight->value[k * c + j] : 0.0F;
    }
    start.bias[k] = old ? head.bias->value[k] : 0.0F;
  }
  return start;
}

/// The channels of the examples that have a label.
ClassifiedFeatures labelled_channels(const train::HeadExamples& examples) {
  ClassifiedFeatures labelled;
  std::vector<float> values;
  for (std::size_t i = 0; i < examples.size(); ++i) {
    if (!examples.has_label[i]) continue;
    const float* const target = examples.targets.row(i);
    const auto best = std::max_element(target, target + examples.targets.cols()) - target;
    labelled.classes.push_back(static_cast<std::uint32_t>(best));
    const float* const row = examples.channels.row(i);
    values.insert(values.end(), row, row + examples.channels.cols());
  }
  labelled.features = Matrix(labelled.classes.size(), examples.channels.cols());
  std::ranges::copy(values, labelled.features.values().begin());
  return labelled;
}

class HeadFit {
 public:
  HeadFit(const TrainSettings& settings, TrainPlan plan, TrainData data, std::string command)
      : settings_(settings),
        plan_(std::move(plan)),
        data_(std::move(data)),
        command_(std::move(command)),
        folder_(fs::absolute(settings.output)),
        init_(plan_.init_folder / "model.safetensors") {
    train::ModelSpec& spec = plan_.spec;
    spec.name = folder_.filename().string();
    spec.purpose = purpose_text(spec.classes, data_.kind);
    spec.terms = terms_text(plan_, settings);
    spec.accuracy = "";
    network_ = train::make_trainable_network(spec.config(), {.seed = settings.seed});
    (void)train::take_weights(network_->parameters(), spec, init_, *plan_.init);
  }

  int run() {
    const auto started = std::chrono::steady_clock::now();
    fs::create_directories(folder_ / "training");
    const std::string note = settings_.head == "linear" ? fit_linear() : fit_attention();
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - started;
    say(note + ", " + fixed_text(seconds.count(), 1) + " s");
    const auto clouds = measure();
    remember_usual();
    write_card(note, clouds);
    say("wrote " + settings_.output + (clouds.empty() ? "" : "; held out: " + plan_.spec.accuracy));
    return 0;
  }

 private:
  static void say(const std::string& text) {
    std::cerr << "ptattn-train: " << text << "\n" << std::flush;
  }

  /// Collects examples and says how many there are of which class.
  train::HeadExamples collect(const LinearHead& start) {
    const auto features = make_feature_network(plan_.init->config(), init_);
    std::vector<train::LabelledCloud> clouds;
    for (const DataFile& file : data_.training) clouds.push_back(file.cloud);
    train::HeadExamples examples =
        train::collect_examples(*features, *plan_.profile, start, clouds,
                                {.seed = settings_.seed, .memory = default_memory()});
    std::size_t labelled = 0;
    std::string text;
    for (std::size_t c = 0; c < plan_.spec.classes.size(); ++c) {
      labelled += examples.labelled[c];
      if (examples.labelled[c] == 0) continue;
      text += ", " + plan_.spec.classes[c] + " " + std::to_string(examples.labelled[c]);
    }
    say("examples: " + std::to_string(examples.size()) + " voxels, " +
        std::to_string(examples.size() - labelled) + " of them without label" + text);
    labelled_ = labelled_channels(examples);
    return examples;
  }

  /// What the model is used to: what the one is that it was made from, else the training clouds.
  void remember_usual() const {
    const fs::path known = plan_.init_folder / kFamiliarFile;
    const Reliability before = read_model_description(plan_.init_folder).reliability;
    const std::vector<std::string>& names = plan_.spec.classes;
    Reliability reliability;
    std::optional<double>& usual = reliability.usual.distance;
    for (std::size_t c = 0; c < names.size(); ++c) {  // what was not found is not found now either
      const auto old = std::ranges::find(plan_.init->classes, names[c]);
      const bool known_class = old != plan_.init->classes.end();
      const auto number = static_cast<std::size_t>(old - plan_.init->classes.begin());
      if (known_class && !before.proves(number)) reliability.unproven.push_back(c);
    }
    if (fs::exists(known) && plan_.init->channels() == plan_.spec.channels()) {
      usual = before.usual.distance;
      train::write_familiar(
          folder_,
          train::take_over_familiar(SafetensorsFile(known), plan_.init->classes, names, labelled_));
    } else {
      std::vector<train::LabelledCloud> clouds;
      for (const DataFile& file : data_.training) clouds.push_back(file.cloud);
      train::ValidationSample sample;
      (void)train::validate(load_segmenter(folder_), clouds, data_.truth.space,
                            {.memory = default_memory(), .sample = &sample});
      usual = remember_features(sample.features, names.size(), folder_);
    }
    if (!usual) say("too few clouds to tell what is usual: unusual ones get no warning");
    train::write_reliability(folder_, reliability, names);
  }

  [[nodiscard]] LinearHead start(const HeadParameters& head) const {
    const bool has_head = init_.shape(head.weight->name) != nullptr;
    return start_of(head, plan_.spec.classes,
                    has_head ? plan_.init->classes : std::vector<std::string>{});
  }

  std::string fit_linear() {
    ParameterSet& set = network_->parameters();
    const HeadParameters head = head_of(set, plan_.spec.name);
    const LinearHead before = start(head);
    const train::HeadExamples examples = collect(before);
    const train::LinearFit fit = train::fit_linear_head(examples, before, kRidge);
    std::ranges::copy(fit.head.weight.values(), head.weight->value.begin());
    std::ranges::copy(fit.head.bias, head.bias->value.begin());
    train::write_model(folder_, plan_.spec, set, set.values(), set.buffer_values(), plan_.weights);
    return "linear head, cross entropy " + fixed_text(fit.loss, 3) + " after " +
           std::to_string(fit.rounds) + " rounds";
  }

  std::string fit_attention() {
    ParameterSet& set = network_->parameters();
    const train::HeadExamples examples = collect(start(head_of(set, plan_.spec.name)));
    const train::AttentionFit fit =
        train::fit_attention_head(examples, {.apart = kVoxelsApart * plan_.profile->voxel});
    auto tensors = set.tensors(set.values(), set.buffer_values(), plan_.weights);
    for (const Parameter& parameter : set.parameters()) {
      if (!parameter.is_head) continue;
      std::erase_if(tensors, [&](const auto& t) { return t.name == parameter.name; });
    }
    const KernelHeadWeights& head = fit.head;
    tensors.push_back({std::string(kHeadScale), {head.scale.size()}, head.scale});
    const auto add = [&](std::string_view name, const Matrix& x) {
      tensors.push_back({std::string(name), {x.rows(), x.cols()}, x.values(), plan_.weights});
    };
    add(kHeadKeys, head.keys);
    add(kHeadValues, head.values);
    train::write_safetensors(folder_ / "model.safetensors", tensors);
    train::write_model_config(folder_, plan_.spec);
    return "head of attention over " + std::to_string(head.keys.rows()) + " examples, width " +
           fixed_text(fit.bandwidth, 2) + ", squared error " + fixed_text(fit.loss, 3) +
           " (without attention " + fixed_text(fit.constant, 3) + ")";
  }

  std::vector<train::CloudScores> measure() {
    if (data_.held_out.empty()) return {};
    std::vector<train::LabelledCloud> clouds;
    for (const DataFile& file : data_.held_out) clouds.push_back(file.cloud);
    auto scores = train::validate(load_segmenter(folder_), clouds, data_.truth.space,
                                  {.memory = default_memory()});
    const Headline head = headline(sum_of(scores, data_.truth.space), data_.kind);
    plan_.spec.accuracy = accuracy_text(head, data_);
    train::write_model_config(folder_, plan_.spec);
    return scores;
  }

  void write_card(const std::string& note, const std::vector<train::CloudScores>& clouds) const {
    Output output = Output::replacing(folder_ / "README.md");
    output.write(model_card({.plan = plan_,
                             .data = data_,
                             .settings = settings_,
                             .command = command_,
                             .parameters = network_->parameters().parameter_count(),
                             .steps = 0,
                             .best_step = 0,
                             .weights_note = "",
                             .head_note = note,
                             .jumps = "",
                             .minutes = 0.0,
                             .clouds = clouds,
                             .reliability = {}}));
    output.commit();
  }

  const TrainSettings& settings_;
  TrainPlan plan_;
  TrainData data_;
  std::string command_;
  fs::path folder_;
  SafetensorsFile init_;
  std::unique_ptr<train::TrainableNetwork> network_;
  ClassifiedFeatures labelled_;
};

}  // namespace

int fit_head(const TrainSettings& settings, TrainPlan plan, TrainData data,
             const std::string& command) {
  if (data.kind == TrainKind::kObjects) {
    throw Error(Fault::kUsage, "--head", settings.head + " is for points, use gradient");
  }
  return HeadFit(settings, std::move(plan), std::move(data), command).run();
}

}  // namespace ptattn::tools
