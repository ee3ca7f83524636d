// Trains models on labelled clouds. See `ptattn-train --help`.

#include <CLI/CLI.hpp>
#include <string>

#include "checks.hpp"
#include "options.hpp"
#include "tool.hpp"
#include "train/run.hpp"
#include "train/settings.hpp"

namespace ptattn::tools {
namespace {

const About kAbout{
    .name = "ptattn-train",
    .summary =
        "Trains a point Transformer on labelled clouds, on the CPU. After the time that\n"
        "it is given it leaves a model folder for ptattn-segment or, for objects in one\n"
        "folder per class, for ptattn-classify.\n",
    .examples =
        "  ptattn-train survey/ -o mine --dry-run\n"
        "  ptattn-train survey/ -o mine --minutes 60\n"
        "  ptattn-train survey/ -o mine --minutes 60 --resume\n"
        "  ptattn-train survey/ -o mine --truth classification --classes classes.txt \\\n"
        "      --init aerial --hold-out 'north_*'\n"
        "  ptattn-train survey/ --classes classes.txt --hold-out 'north_*' --score mine\n"
        "  ptattn-train clicks.ply -o cars --init aerial --freeze encoder \\\n"
        "      --add-class car=20\n"
        "  ptattn-train objects/ -o mine  # objects/chair/17.ply, objects/lamp/3.ply ...\n"
        "\n"
        "Settings that are not given are chosen from the data; --dry-run prints the plan\n"
        "with its reasons. The held-out clouds, or a seventh of every cloud, take no\n"
        "part in training; the accuracy of the model is measured on them once, at the\n"
        "end. Its weights are those that did best on the clouds of --select, or on a\n"
        "tenth of every cloud, which take no part in training either.\n"
        "\n"
        "A file of classes has one line per value, such as `6 building`, or one line per\n"
        "class, numbered from 0; `*` stands for all other values. A value may also mean\n"
        "`ignore`, or what a point is not: `not_ground`, `not_ground_not_building`.\n"
        "\n"
        "The folder also holds training/: the learning curve, log.jsonl and the state of\n"
        "the run, from which --resume continues. Ctrl-C saves the state, and so does kill\n"
        "for a run in the background. With --steps, a run that was stopped and resumed\n"
        "leaves the same bytes as one that was not, for any number of threads.\n"};

void declare_data(CLI::App& app, TrainSettings& s) {
  app.add_option("DATA", s.data,
                 "Labelled clouds; folders, searched recursively; - for a list of paths on "
                 "standard input, one per line")
      ->type_name("");
  add_output(app, s.output, "Write the model to this folder", "FOLDER");
  app.add_option("--truth", s.truth,
                 "Read the labels from this field; folder: the name of a cloud's folder is its "
                 "class [the first of classification, label, class, ... that exists, else folder]")
      ->type_name("FIELD")
      ->check(not_empty());
  app.add_option("--classes", s.classes,
                 "Take the meaning of the labels from this file, or asprs for ASPRS codes [asprs "
                 "for a field called classification, else one class per value]")
      ->type_name("FILE")
      ->check(not_empty());
  app.add_option("--maps", s.maps,
                 "Take the meaning of the labels in single clouds from this JSON file: {NAME: "
                 "{\"map\": {VALUE: CLASS}}}")
      ->type_name("FILE")
      ->check(not_empty());
  add_frame_options(app, s.frame, "; the model takes metres");
  app.add_option("--select", s.select,
                 "Choose the best weights by the clouds whose names match, which are not trained "
                 "on; none: keep the last weights [a tenth of every cloud]")
      ->type_name("PATTERN")
      ->allow_extra_args(false)
      ->check(not_empty());
  app.add_option("--hold-out", s.hold_out,
                 "Hold out the clouds whose names match; * and ? are wildcards; may be given "
                 "several times [a seventh of every cloud]")
      ->type_name("PATTERN")
      ->allow_extra_args(false)
      ->check(not_empty());
}

void declare_init(CLI::App& app, TrainSettings& s) {
  app.add_option("--init", s.init, "Start with the weights and the channels of this model")
      ->type_name("MODEL")
      ->check(not_empty());
  add_list_models(app, s.list_models);
  app.add_option("--drop-class", s.drop_classes,
                 "With --init: leave out this class of the model; may be given several times")
      ->type_name("NAME")
      ->allow_extra_args(false)
      ->check(not_empty());
  app.add_option(
         "--add-class", s.add_classes,
         "With --init: also learn this class, labelled with VALUE; labels of the model's own "
         "classes are their ASPRS codes, or numbers from 0, and other values are unlabelled")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false)
      ->check(not_empty());
}

void declare_network(CLI::App& app, TrainSettings& s) {
  app.add_option_function<std::string>(
         "--freeze", [&s](const std::string& what) { s.freeze_encoder = what == "encoder"; },
         "Keep the weights of this part: encoder (with --init: only the head is trained, from few "
         "labels) or none [none]")
      ->type_name("PART")
      ->check(one_of({"encoder", "none"}));
  app.add_option("--head", s.head,
                 "With --freeze encoder: fit a linear head, or an attention head over the labelled "
                 "points, in seconds; unlabelled points keep the model's labels. gradient: train "
                 "the head in steps [linear]")
      ->type_name("KIND")
      ->check(one_of({"linear", "attention", "gradient"}));
  app.add_option(
         "--architecture", s.architecture,
         "Use this network: ptv3, litept or volt for points, pct for objects by class [ptv3, pct]")
      ->type_name("NAME")
      ->check(one_of({"ptv3", "litept", "volt", "pct"}));
  app.add_option("--size", s.size, "Set the size of the network: tiny, small or base [small]")
      ->type_name("SIZE")
      ->check(one_of({"tiny", "small", "base"}));
  app.add_option("--voxel", s.voxel, "Set the edge of a voxel, in metres [from the spacing]")
      ->type_name("X")
      ->check(positive_number());
  app.add_option("--channels", s.channels,
                 "Set the input channels of a voxel, separated by commas [from the fields]")
      ->type_name("NAMES")
      ->delimiter(',')
      ->allow_extra_args(false);
}

void declare_course(CLI::App& app, TrainSettings& s) {
  app.add_option("--minutes", s.minutes, "Train for N minutes, counted over resumed runs [60]")
      ->type_name("N")
      ->check(positive_number());
  app.add_option("--steps", s.steps, "Train for N steps instead")
      ->type_name("N")
      ->check(positive_number());
  app.add_option("--seed", s.seed, "Set the seed of the random numbers [1]")->type_name("N");
  app.add_flag("--resume", s.resume, "Continue the run in the folder");
  app.add_flag("--dry-run", s.dry_run, "Print the plan with its reasons and exit");
  CLI::Option* const score =
      app.add_option("--score", s.score,
                     "Print the scores of this model on the held-out clouds, and on thinned, "
                     "tilted and bare copies of them, and exit")
          ->type_name("MODEL")
          ->check(not_empty());
  app.add_option("--calibrate", s.calibrate,
                 "Fit the temperature of this model to the same clouds so that its confidence "
                 "matches its accuracy, write it to its config.json, print the scores and exit; "
                 "training does this by itself")
      ->type_name("MODEL")
      ->check(not_empty())
      ->excludes(score);
  app.add_option("--save-minutes", s.save_minutes, "Save the state every N minutes [3]")
      ->type_name("N");
  app.add_option("--validate-minutes", s.validate_minutes,
                 "Measure the model every N minutes and keep the best [10]")
      ->type_name("N");
  app.add_option(
         "--validate-steps", s.validate_steps,
         "With --steps: measure it every N steps instead [a tenth of the steps, at least 50]")
      ->type_name("N")
      ->check(positive_number());
  app.add_option("--patience", s.patience,
                 "Stop after N measurements without a better one; 0: never [0]")
      ->type_name("N");
  app.add_option("--weights", s.weights,
                 "Write matrices as float16 or float32; auto: float16 unless that is measured to "
                 "be worse [auto]")
      ->type_name("TYPE")
      ->check(one_of({"float16", "float32", "auto"}));
  app.add_option("--terms", s.terms, "Write these terms of use to config.json and the model card")
      ->type_name("TEXT")
      ->check(not_empty());
}

void declare_batches(CLI::App& app, TrainSettings& s) {
  app.add_option("--voxels-per-step", s.voxels_per_step,
                 "Set the voxels per batch of crops [18000]")
      ->type_name("N")
      ->check(whole_number(256, 1 << 20));
  app.add_option("--objects-per-step", s.objects_per_step,
                 "Set the objects per batch [32, with parts 8]")
      ->type_name("N")
      ->check(whole_number(2, 1024));
  app.add_option("--any-up", s.any_up,
                 "Turn this share of the objects to any side, for clouds whose vertical is not "
                 "known; from 0.5 on models of parts average over 8 rotations [0, with parts 0.15, "
                 "1 with --init of such a model]")
      ->type_name("X")
      ->check(number(0.0, 1.0));
  app.add_option("--accumulate", s.accumulate, "Set the batches per step [1]")
      ->type_name("N")
      ->check(whole_number(1, 1024));
  add_precision(
      app, s.precision, {Precision::kFloat32, Precision::kBf16},
      "Compute in float32, or in bf16 (bfloat16): faster steps on AMD CPUs with AVX512_BF16, "
      "slower ones on Intel's; weights and sums stay float32");
}

void declare_details(CLI::App& app, TrainSettings& s) {
  app.add_option("--learning-rate", s.learning_rate,
                 "Set the largest learning rate [0.003, with --init 0.0015]")
      ->type_name("X")
      ->check(positive_number());
  app.add_option("--layer-rate", s.layer_rate,
                 "Multiply the learning rate by X for each layer below the last [1]")
      ->type_name("X")
      ->check(number(0.01, 1.0));
  app.add_option("--block-rate", s.block_rate,
                 "Multiply the learning rate by X in the Transformer blocks of ptv3 and litept, "
                 "which go to waste at high rates [0.1]")
      ->type_name("X")
      ->check(number(0.001, 1.0));
  app.add_option("--balance", s.balance,
                 "Weigh classes in the loss by their rarity to the power X, within 0.7 to 1.5; 0: "
                 "all alike, so that probabilities follow the frequencies [0.15]")
      ->type_name("X")
      ->check(number(0.0, 1.0));
  app.add_option("--average", s.average, "Set the decay of the averaged weights per step [0.998]")
      ->type_name("X")
      ->check(number(0.0, 1.0));
  app.add_option("--freeze-norms", s.freeze_norms,
                 "Keep the statistics of batch norms after this share of the run [0.5]")
      ->type_name("X")
      ->check(number(0.0, 1.0));
  app.add_option("--drop-path", s.drop_path, "Set the stochastic depth of the deepest block [0]")
      ->type_name("X")
      ->check(number(0.0, 0.9));
  app.add_option("--augment", s.augment,
                 "Vary the data as: aerial (with relief and stray points), scene, object (clouds "
                 "are single objects with labelled parts), none or auto [auto]")
      ->type_name("KIND")
      ->check(one_of({"aerial", "scene", "object", "none", "auto"}));
  app.add_option("--mix", s.mix, "Overlay this share of the crops with another crop [0]")
      ->type_name("X")
      ->check(number(0.0, 1.0));
}

void declare(CLI::App& app, TrainSettings& s) {
  declare_data(app, s);
  declare_init(app, s);
  declare_network(app, s);
  declare_course(app, s);
  declare_batches(app, s);
  declare_details(app, s);
}

/// The command line as it was typed, words with blanks or patterns quoted.
std::string command_line(int argc, char** argv) {
  std::string text = kAbout.name;
  for (int i = 1; i < argc; ++i) {
    const std::string word = argv[i];
    const bool plain = word.find_first_of(" *?\"'$\\") == std::string::npos;
    text += plain ? " " + word : " '" + word + "'";
  }
  return text;
}

}  // namespace
}  // namespace ptattn::tools

int main(int argc, char** argv) {
  using namespace ptattn::tools;
  const std::string command = command_line(argc, argv);
  return run_tool<TrainSettings>(kAbout, argc, argv, declare, [&command](TrainSettings& settings) {
    return run_training(settings, command);
  });
}
