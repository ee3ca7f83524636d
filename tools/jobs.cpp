#include "jobs.hpp"

#include <algorithm>
#include <map>
#include <system_error>

#include "ptattn/core/error.hpp"
#include "ptattn/io/cloud_io.hpp"
#include "target.hpp"

namespace ptattn::tools {
namespace {

namespace fs = std::filesystem;

bool is_folder(const fs::path& path) {
  std::error_code ignored;
  return fs::is_directory(path, ignored);
}

/// The path of an input below the output folder.
fs::path place_of(const fs::path& input, const std::string& argument) {
  if (argument == "-") {
    const fs::path plain = input.lexically_normal();
    const bool inside = plain.is_relative() && !plain.empty() && *plain.begin() != "..";
    return inside ? plain : input.filename();
  }
  if (is_folder(argument)) return input.lexically_relative(argument);
  return input.filename();
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

/// True for the name of a folder: one that exists, or a name with a slash at its end.
bool names_folder(const std::string& output) {
  return output.ends_with('/') || is_folder(output);
}

/// The name of an output beside others: not compressed, and in a format that is written.
/// scan.ply.gz becomes scan.ply, 000001.bin becomes 000001.ply and sweep.pcd.bin sweep.pcd.
fs::path writable_name(const fs::path& input) {
  fs::path path = without_gz(input);
  if (!has_extension(path.string(), ".bin")) return path;
  path.replace_extension();
  if (!has_cloud_extension(path)) path += ".ply";
  return path;
}

void check_file_name(const InputList& inputs, const std::string& output, const OutputRule& rule) {
  const std::string folder = "a folder, which exists or ends in /";
  std::error_code ignored;
  if (!inputs.single) {
    const bool is_file = fs::exists(output, ignored);
    throw Error(Fault::kUsage, output,
                (is_file ? "is a file, " : "") + std::string("expected ") + folder +
                    ", for several inputs");
  }
  const auto fits = [&](std::string_view extension) { return has_extension(output, extension); };
  if (std::ranges::any_of(rule.extensions, fits)) return;
  throw Error(Fault::kUsage, output,
              "expected a name ending in " + extension_list(rule.extensions) + ", or " + folder);
}

void check_outputs(const InputList& inputs, const std::vector<fs::path>& outputs,
                   const OutputRule& rule) {
  FileSet files;
  for (const InputList::Entry& entry : inputs.entries) files.insert(entry.input.path);
  std::map<fs::path, fs::path> taken;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    const Input& input = inputs.entries[i].input;
    if (!input.problem.empty()) continue;
    const auto [at, fresh] = taken.emplace(outputs[i].lexically_normal(), input.path);
    if (!fresh) {
      throw Error(Fault::kUsage, outputs[i].string(),
                  "would be made from both " + at->second.string() + " and " + input.path.string() +
                      ", expected inputs of different names");
    }
    refuse_overwriting(outputs[i].string(), files, rule.option);
  }
}

}  // namespace

InputList list_inputs(const std::vector<std::string>& arguments, std::istream& list, char delimiter,
                      const fs::path& output) {
  InputList inputs;
  inputs.single = arguments.size() == 1 && arguments[0] != "-" && !is_folder(arguments[0]);
  for (const std::string& argument : arguments) {
    const bool searched = argument != "-" && is_folder(argument);
    for (const Input& input : expand_inputs({argument}, list, delimiter)) {
      if (searched && !output.empty() && is_inside(input.path, output, argument)) continue;
      inputs.entries.push_back({input, place_of(input.path, argument)});
    }
  }
  return inputs;
}

std::vector<fs::path> place_outputs(const InputList& inputs, const std::string& output,
                                    const OutputRule& rule) {
  const bool in_folder = names_folder(output);
  if (!in_folder) check_file_name(inputs, output, rule);
  std::vector<fs::path> outputs;
  for (const InputList::Entry& entry : inputs.entries) {
    fs::path path = in_folder ? fs::path(output) / entry.place : fs::path(output);
    if (in_folder) path = writable_name(path);
    if (in_folder && !rule.new_extension.empty()) path.replace_extension(rule.new_extension);
    outputs.push_back(entry.input.problem.empty() ? path : fs::path());
  }
  check_outputs(inputs, outputs, rule);
  return outputs;
}

std::vector<Job> plan_jobs(const InputList& inputs, const std::string& output,
                           const OutputRule& rule) {
  const std::vector<fs::path> outputs = place_outputs(inputs, output, rule);
  std::vector<Job> jobs;
  for (std::size_t i = 0; i < outputs.size(); ++i) {
    jobs.push_back({inputs.entries[i].input, outputs[i]});
  }
  return jobs;
}

JobStream::JobStream(const std::string& folder) : folder_(folder) {
  if (names_folder(folder)) return;
  throw Error(Fault::kUsage, folder,
              "expected a folder, which exists or ends in /, for several inputs");
}

Job JobStream::place(const Input& input) {
  Job job{input, writable_name(folder_ / place_of(input.path, "-"))};
  if (!input.problem.empty()) return job;
  FileSet own;
  own.insert(input.path);
  const auto [at, fresh] = taken_.emplace(job.output.lexically_normal(), input.path);
  if (own.contains(job.output)) {
    job.input.problem = "lies where its output would be written";
  } else if (!fresh && at->second != input.path) {
    job.input.problem = "would overwrite the output of " + at->second.string();
  }
  return job;
}

void refuse_overwriting_model(const std::vector<Job>& jobs, const fs::path& folder,
                              const std::string& option) {
  FileSet files;
  files.insert_folder(folder);
  for (const Job& job : jobs) refuse_overwriting(job.output.string(), files, option);
}

}  // namespace ptattn::tools
