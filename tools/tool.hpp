#pragma once

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <type_traits>
#include <vector>

#include "ptattn/models/model_description.hpp"

namespace CLI {
class App;
}

namespace ptattn::tools {

/// What a command says about itself.
struct About {
  std::string name;      ///< "ptattn-classify"
  std::string summary;   ///< one or two sentences, the head of --help
  std::string examples;  ///< worked command lines, two blanks before each
  /// Of the models that --model takes; nullopt: any. Completion offers those.
  std::optional<ModelTask> task{};
  /// The layers of a model that --layer takes, for completion.
  std::function<std::vector<std::string>(const std::string& model)> layers{};
};

struct ExitCode {
  int value;
  const char* meaning;
};
inline constexpr int kInternalError = 1;
inline constexpr std::array kExitCodes{
    ExitCode{0, "done"},
    ExitCode{kInternalError, "internal error, please report it"},
    ExitCode{2, "usage error"},
    ExitCode{3, "an input could not be read or used, or the output could not be written"},
    ExitCode{4, "the model could not be loaded"},
    ExitCode{130, "interrupted"},
};

/// An environment variable that changes what commands do.
struct Variable {
  const char* name;
  const char* meaning;
};
inline constexpr Variable kCpuVariable{
    "PTATTN_CPU",
    "CPU level to use instead of the best one available: amx, avx512_dl, avx512, avx2, sse4, "
    "ssse3, scalar (x86-64); neon (arm64); or baseline, the lowest of either. Results are the same "
    "bytes for any number of threads, but may differ between levels; --version prints the one in "
    "use."};
inline constexpr Variable kModelsVariable{
    "PTATTN_MODELS",
    "Folders, separated by colons, in which models are searched for before the installed ones. A "
    "model is a folder that holds config.json and model.safetensors."};

/// The life of a command, from argv to the exit code; `main` returns what it returns.
///
/// Adds --help, --version, --quiet, --verbose, --no-progress and --threads to the options that
/// `declare` adds, parses, takes the CPU level of PTATTN_CPU, limits the threads, calls `body` and
/// turns whatever is thrown into one line
/// `<name>: <what>` on stderr:
///
///   0 done   1 our bug   2 usage   3 input or output   4 model   130 interrupted
///
/// A hidden option, --generate, prints the manual page or the completion script for bash, zsh or
/// fish, which the build installs for every command, and answers what these scripts ask.
/// So does what nothing can catch, in a destructor or another thread (last_line.hpp).
/// A reader of stdout that went away (`| head`) ends the command quietly with 0.
int run_tool(const About& about, int argc, char** argv,
             const std::function<void(CLI::App&)>& declare, const std::function<int()>& body);

/// The same for a command whose options fill a struct: `declare` binds them to its members, `body`
/// gets it once they are parsed.
template <class Settings>
int run_tool(const About& about, int argc, char** argv, void (*declare)(CLI::App&, Settings&),
             const std::type_identity_t<std::function<int(Settings&)>>& body) {
  Settings settings;
  return run_tool(
      about, argc, argv, [&](CLI::App& app) { declare(app, settings); },
      [&] { return body(settings); });
}

}  // namespace ptattn::tools
