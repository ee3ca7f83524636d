#include "jobs.hpp"

#include <map>
#include <system_error>

#include "../target.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/io/cloud_io.hpp"

namespace ptattn::tools {
namespace {

namespace fs = std::filesystem;

/// The path of an input below the output folder.
fs::path place_of(const fs::path& input, const std::string& argument) {
  std::error_code ignored;
  if (argument == "-") {
    const fs::path plain = input.lexically_normal();
    const bool inside = plain.is_relative() && !plain.empty() && *plain.begin() != "..";
    return inside ? plain : input.filename();
  }
  if (fs::is_directory(argument, ignored)) return input.lexically_relative(argument);
  return input.filename();
}

/// "out.txt" is a slip of the pen rather than a folder for a cloud.
void check_output_name(const fs::path& output, bool single_file) {
  std::error_code ignored;
  if (fs::is_directory(output, ignored)) return;
  const bool is_there = fs::exists(output, ignored);
  if (output == "-" || is_there || (single_file && output.has_extension())) {
    throw Error(Fault::kUsage, output.string(),
                std::string(is_there ? "is no folder, " : "") +
                    "expected a name ending in .ply, .pcd, .las or .laz, or a folder (new ones "
                    "with a / behind "
                    "them)");
  }
}

/// True when `path` lies below `folder`, which is another folder than `above` and exists.
bool is_inside(const fs::path& path, const fs::path& folder, const fs::path& above) {
  std::error_code failed;
  const fs::path base = fs::canonical(folder, failed);
  if (failed || fs::equivalent(folder, above, failed)) return false;
  const fs::path place = fs::weakly_canonical(path.parent_path(), failed);
  const fs::path relative = place.lexically_relative(base);
  return !failed && !relative.empty() && *relative.begin() != "..";
}

void check_outputs(const std::vector<Job>& jobs, const std::vector<Input>& inputs) {
  const FileSet files = files_of(inputs);
  std::map<fs::path, fs::path> taken;
  for (const Job& job : jobs) {
    const auto [at, fresh] = taken.emplace(job.output.lexically_normal(), job.input.path);
    if (!fresh) {
      throw Error(Fault::kUsage, job.output.string(),
                  "would be made of both " + at->second.string() + " and " +
                      job.input.path.string() + ", expected inputs of different names");
    }
    refuse_overwriting(job.output.string(), files);
  }
}

}  // namespace

std::vector<Job> plan_jobs(const std::vector<std::string>& arguments, const fs::path& output,
                           std::istream& list) {
  std::vector<Job> jobs;
  std::vector<Input> inputs;
  std::error_code ignored;
  const bool single = arguments.size() == 1 && arguments[0] != "-" &&
                      !fs::is_directory(arguments[0], ignored) && has_cloud_extension(output) &&
                      !fs::is_directory(output, ignored);
  if (!single) {
    check_output_name(output, arguments.size() == 1 && arguments[0] != "-" &&
                                  !fs::is_directory(arguments[0], ignored));
  }
  for (const std::string& argument : arguments) {
    const bool is_folder = argument != "-" && fs::is_directory(argument, ignored);
    for (const Input& input : expand_inputs({argument}, list)) {
      if (is_folder && is_inside(input.path, output, argument)) continue;
      inputs.push_back(input);
      if (single) {
        jobs.push_back({input, output});
      } else {
        jobs.push_back(
            {input, input.problem.empty() ? output / place_of(input.path, argument) : fs::path()});
      }
    }
  }
  std::vector<Job> readable;
  for (const Job& job : jobs) {
    if (job.input.problem.empty()) readable.push_back(job);
  }
  check_outputs(readable, inputs);
  return jobs;
}

}  // namespace ptattn::tools
