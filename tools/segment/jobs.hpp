#pragma once

#include <filesystem>
#include <iosfwd>
#include <string>
#include <vector>

#include "../inputs.hpp"

namespace ptattn::tools {

/// A cloud to read and the file that is made of it.
struct Job {
  Input input;
  std::filesystem::path output;
};

/// The inputs that `arguments` stand for (see expand_inputs) and where their results go.
///
/// One input file and an `output` that ends like a cloud: that file. Else `output` is a folder:
/// what comes from a folder keeps its path below it, what comes from the list its path if that is
/// relative and does not lead upwards, else its name; a file named on the command line its name.
/// Where the output folder lies inside an input folder, what is in it already is no input.
/// @throws Error(Fault::kUsage) when two inputs would get the same output, an output is an input,
///         or `output` is a file, or looks like one, that is no cloud
[[nodiscard]] std::vector<Job> plan_jobs(const std::vector<std::string>& arguments,
                                         const std::filesystem::path& output, std::istream& list);

}  // namespace ptattn::tools
