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
        "Trains a point Transformer on labelled clouds, on the CPU: after the minutes\n"
        "that it is given, a model folder is there that ptattn-segment opens, or, for\n"
        "folders of objects by class, ptattn-classify.\n",
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
        "What the command line leaves open is chosen by a look at the data; --dry-run\n"
        "prints the plan and why. Held-out clouds, or a seventh of every cloud, take no\n"
        "part in training; what the model is worth is measured on them, once, at the end.\n"
        "The model is the one that was best on other clouds that take no part, or on a\n"
        "tenth of every cloud.\n"
        "\n"
        "A file of classes has a line for each value, `6 building`, or for each class,\n"
        "whose values count from 0; `*` is any other value. Values may mean `ignore` or\n"
        "what is not known otherwise, `not_ground` or `not_ground_not_building`.\n"
        "\n"
        "The folder also holds training/: the curve, log.jsonl and the state of the run,\n"
        "which --resume goes on from. Ctrl-C saves. With --steps, a run that was stopped\n"
        "leaves the same bytes as one that was not, with any number of threads.\n"};

void declare_data(CLI::App& app, TrainSettings& s) {
  app.add_option("DATA", s.data,
                 "Labelled clouds; folders, searched with all below; - for a list on standard "
                 "input, a path per line")
      ->type_name("");
  add_output(app, s.output, "Folder for the model", "FOLDER");
  app.add_option("--truth", s.truth,
                 "Field of the labels; folder: the folder of a cloud names its class "
                 "[classification, label, class, ..., whichever is there, else folder]")
      ->type_name("FIELD")
      ->check(not_empty());
  app.add_option("--classes", s.classes,
                 "What its values mean: a file, or asprs for the codes of LAS files [ASPRS codes "
                 "in a field called classification, else a class per value]")
      ->type_name("FILE")
      ->check(not_empty());
  app.add_option("--maps", s.maps,
                 "What values mean in single clouds: JSON {NAME: {\"map\": {VALUE: CLASS}}}")
      ->type_name("FILE")
      ->check(not_empty());
  app.add_option("--select", s.select,
                 "Choose the best weights by clouds whose name matches, which nothing is learnt "
                 "from either; none: keep the last weights [a tenth of every cloud]")
      ->type_name("PATTERN")
      ->allow_extra_args(false)
      ->check(not_empty());
  app.add_option("--hold-out", s.hold_out,
                 "Hold out clouds whose name matches, * and ? stand for any characters; may be "
                 "given several times [a seventh of every cloud]")
      ->type_name("PATTERN")
      ->allow_extra_args(false)
      ->check(not_empty());
}

void declare_network(CLI::App& app, TrainSettings& s) {
  app.add_option("--init", s.init, "Begin with the weights of this model, and with its channels")
      ->type_name("MODEL")
      ->check(not_empty());
  add_list_models(app, s.list_models);
  app.add_option("--add-class", s.add_classes,
                 "With --init: learn this class as well, whose label has this value; the model's "
                 "own classes have their ASPRS codes, or count from 0, other values are unlabelled")
      ->type_name("NAME=VALUE")
      ->allow_extra_args(false)
      ->check(not_empty());
  app.add_option_function<std::string>(
         "--freeze", [&s](const std::string& what) { s.freeze_encoder = what == "encoder"; },
         "What keeps its weights: encoder (with --init: only the head learns, from few labels) or "
         "none [none]")
      ->type_name("PART")
      ->check(one_of({"encoder", "none"}));
  app.add_option("--head", s.head,
                 "With --freeze encoder: fit a linear head, or one of attention over the labelled "
                 "points, in seconds; points without label keep what the model says. gradient: "
                 "learn it in steps like all else [linear]")
      ->type_name("KIND")
      ->check(one_of({"linear", "attention", "gradient"}));
  app.add_option("--architecture", s.architecture,
                 "Network: ptv3, litept or volt for points, pct for objects by class [ptv3, pct]")
      ->type_name("NAME")
      ->check(one_of({"ptv3", "litept", "volt", "pct"}));
  app.add_option("--size", s.size, "Size of the network: tiny, small or base [small]")
      ->type_name("SIZE")
      ->check(one_of({"tiny", "small", "base"}));
  app.add_option("--voxel", s.voxel, "Edge of a voxel, in the unit of the clouds [by spacing]")
      ->type_name("X")
      ->check(positive_number());
  app.add_option("--channels", s.channels,
                 "What the network sees of a voxel, names with commas between [by the fields]")
      ->type_name("NAMES")
      ->delimiter(',')
      ->allow_extra_args(false);
}

void declare_course(CLI::App& app, TrainSettings& s) {
  app.add_option("--minutes", s.minutes, "Train that long, all runs together [60]")
      ->type_name("N")
      ->check(positive_number());
  app.add_option("--steps", s.steps, "Train that many steps instead")
      ->type_name("N")
      ->check(positive_number());
  app.add_option("--seed", s.seed, "Of all that is random [1]")->type_name("N");
  app.add_flag("--resume", s.resume, "Go on with the run that the folder holds");
  app.add_flag("--dry-run", s.dry_run, "Print the plan and why, and end");
  CLI::Option* const score =
      app.add_option("--score", s.score,
                     "Print how well this model does on the held-out clouds, and on thinned, "
                     "tilted and bare copies of them, and end")
          ->type_name("MODEL")
          ->check(not_empty());
  app.add_option("--calibrate", s.calibrate,
                 "Fit the temperature of this model to the same clouds, so that its confidence is "
                 "as often right as it says, write it into its config.json, print its scores, and "
                 "end. Training does so by itself")
      ->type_name("MODEL")
      ->check(not_empty())
      ->excludes(score);
  app.add_option("--save-minutes", s.save_minutes, "Save the state that often [3]")->type_name("N");
  app.add_option("--validate-minutes", s.validate_minutes,
                 "Measure the model that often, and keep it if it is the best [10]")
      ->type_name("N");
  app.add_option("--validate-steps", s.validate_steps,
                 "With --steps: measure it that often [a tenth of the steps, at least 50]")
      ->type_name("N")
      ->check(positive_number());
  app.add_option("--patience", s.patience,
                 "End after that many measurements without a better one; 0: never [0]")
      ->type_name("N");
  app.add_option("--weights", s.weights,
                 "Write matrices as float16 or float32; auto: float16 unless that is measured to "
                 "be worse [auto]")
      ->type_name("TYPE")
      ->check(one_of({"float16", "float32", "auto"}));
  app.add_option("--terms", s.terms, "Terms of use, for config.json and the model card")
      ->type_name("TEXT")
      ->check(not_empty());
}

void declare_details(CLI::App& app, TrainSettings& s) {
  app.add_option("--voxels-per-step", s.voxels_per_step, "Voxels of a batch of crops [18000]")
      ->type_name("N")
      ->check(whole_number(256, 1 << 20));
  app.add_option("--objects-per-step", s.objects_per_step, "Objects of a batch [32, with parts 8]")
      ->type_name("N")
      ->check(whole_number(2, 1024));
  app.add_flag("--any-up", s.any_up, "Objects may lie on any side: learn them turned in all ways");
  app.add_option("--accumulate", s.accumulate, "Batches per step [1]")
      ->type_name("N")
      ->check(whole_number(1, 1024));
  app.add_option("--learning-rate", s.learning_rate,
                 "Largest learning rate [0.003, with --init 0.0015]")
      ->type_name("X")
      ->check(positive_number());
  app.add_option("--layer-rate", s.layer_rate,
                 "Factor of the learning rate for each layer below the last [1]")
      ->type_name("X")
      ->check(number(0.01, 1.0));
  app.add_option("--balance", s.balance,
                 "Power of its rarity by which a class weighs more in the loss, from 0.7 to 1.5 at "
                 "most; 0 leaves probabilities as frequent as they come [0.15]")
      ->type_name("X")
      ->check(number(0.0, 1.0));
  app.add_option("--average", s.average, "Decay of the averaged weights per step [0.998]")
      ->type_name("X")
      ->check(number(0.0, 1.0));
  app.add_option("--freeze-norms", s.freeze_norms,
                 "Share of the run after which batch norms keep their statistics [0.5]")
      ->type_name("X")
      ->check(number(0.0, 1.0));
  app.add_option("--drop-path", s.drop_path, "Stochastic depth of the deepest block [0]")
      ->type_name("X")
      ->check(number(0.0, 0.9));
  app.add_option("--augment", s.augment,
                 "What is varied: aerial (also relief and stray points), scene, object (labels are "
                 "parts of single objects), none or auto [auto]")
      ->type_name("KIND")
      ->check(one_of({"aerial", "scene", "object", "none", "auto"}));
  app.add_option("--mix", s.mix, "Share of crops that another crop is laid over [0]")
      ->type_name("X")
      ->check(number(0.0, 1.0));
}

void declare(CLI::App& app, TrainSettings& s) {
  declare_data(app, s);
  declare_network(app, s);
  declare_course(app, s);
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
