#pragma once

#include <filesystem>
#include <iosfwd>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "inputs.hpp"

namespace ptattn::tools {

/// A cloud to read and the file that is made of it.
struct Job {
  Input input;
  std::filesystem::path output{};  ///< empty: none
};

/// The inputs of a run and where each of them lies below an output folder.
struct InputList {
  struct Entry {
    Input input;
    std::filesystem::path place;
  };
  std::vector<Entry> entries;
  /// One file, named on the command line.
  bool single = false;
};

/// Lists the inputs that `arguments` stand for (see expand_inputs).
///
/// What comes from a folder keeps its path below it, what comes from the list its path if that is
/// relative and does not lead upwards, else its name; a file named on the command line its name.
/// Where `output` lies inside an input folder, what is in it already is no input.
/// @param delimiter  between the paths of the list
[[nodiscard]] InputList list_inputs(const std::vector<std::string>& arguments, std::istream& list,
                                    char delimiter = '\n',
                                    const std::filesystem::path& output = {});

/// What an option says about output names.
struct OutputRule {
  std::string option = "--output";
  /// Endings of a file named for a single input, with their dots.
  std::span<const std::string_view> extensions;
  /// Takes the place of the input's ending in an output folder; empty: the ending stays.
  std::string_view new_extension{};
};

/// Finds an output for each input. An `output` that ends with a slash, or is a folder, is a folder;
/// any other name is a file, which only a single input can have.
/// @throws Error(Fault::kUsage) when two inputs would get the same output, an output is an input,
/// or
///         `output` does not suit the inputs
[[nodiscard]] std::vector<std::filesystem::path> place_outputs(const InputList& inputs,
                                                               const std::string& output,
                                                               const OutputRule& rule);

/// The two together.
[[nodiscard]] std::vector<Job> plan_jobs(const InputList& inputs, const std::string& output,
                                         const OutputRule& rule);

/// Finds outputs below a folder for inputs that become known one after the other, by the rules of
/// list_inputs for paths of a list.
class JobStream {
 public:
  /// @param folder  exists, or has a slash at its end
  /// @throws Error(Fault::kUsage) for any other name
  explicit JobStream(const std::string& folder);

  /// What would overwrite its own input, or the output of an earlier one, becomes a job whose input
  /// has a problem.
  [[nodiscard]] Job place(const Input& input);

 private:
  std::filesystem::path folder_;
  std::map<std::filesystem::path, std::filesystem::path> taken_{};  // outputs and their inputs
};

/// Refuses outputs that are links into the model's folder.
/// @throws Error(Fault::kUsage)
void refuse_overwriting_model(const std::vector<Job>& jobs, const std::filesystem::path& folder,
                              const std::string& option = "--output");

}  // namespace ptattn::tools
