#include "earlier_output.hpp"

#include <optional>
#include <system_error>
#include <vector>

#include "made_by.hpp"
#include "ptattn/core/error.hpp"
#include "ptattn/io/cloud_io.hpp"
#include "ptattn/io/cloud_stream.hpp"
#include "ptattn/io/png.hpp"
#include "target.hpp"

namespace ptattn::tools {
namespace {

namespace fs = std::filesystem;

/// The comments of a cloud or picture; absent for other outputs.
std::optional<std::vector<std::string>> comments_of(const fs::path& output) {
  std::error_code ignored;
  if (!fs::is_regular_file(output, ignored)) return std::nullopt;
  if (has_cloud_extension(output)) return read_comments(output);
  if (has_extension(output.string(), ".png")) return read_png_comments(output);
  return std::nullopt;
}

void judge_origin(const Job& job, const Provenance& run, EarlierOutput& earlier) {
  try {
    const auto comments = comments_of(job.output);
    const std::vector<Provenance> runs =
        comments ? read_provenance(*comments) : std::vector<Provenance>();
    if (runs.empty()) {
      earlier.says_origin = false;
    } else {
      earlier.outdated = difference_of(runs.back(), run);
      if (!earlier.outdated.empty()) earlier.outdated.insert(0, "was ");
    }
  } catch (const Error&) {
    earlier.outdated = "cannot be read";
  }
}

/// The number of points of a file that is read in pieces, by its header alone; absent for others.
std::optional<std::size_t> points_of(const fs::path& path) {
  std::error_code ignored;
  if (!fs::is_regular_file(path, ignored)) return std::nullopt;
  try {
    const auto stream = open_cloud_stream(path);
    return stream == nullptr ? std::nullopt : std::optional(stream->shape().size());
  } catch (const Error&) {  // which is said when the cloud is read
    return std::nullopt;
  }
}

/// True when an output is of another cloud, such as one of the same name in another folder.
bool has_other_points(const Job& job) {
  if (!has_cloud_extension(job.output)) return false;
  const auto made = points_of(job.output);
  return made && points_of(job.input.path).value_or(*made) != *made;
}

}  // namespace

bool is_newer(const fs::path& source, const fs::path& output) {
  std::error_code failed;
  const auto made = fs::last_write_time(output, failed);
  if (failed || !fs::is_regular_file(source, failed)) return false;
  const auto changed = fs::last_write_time(source, failed);
  return !failed && changed > made;
}

EarlierOutput look_at_output(const Job& job, const Provenance& run,
                             std::span<const fs::path> sources) {
  EarlierOutput earlier;
  // A path that cannot be looked at (too long, a loop of links) fails later, by itself.
  std::error_code ignored;
  earlier.exists = !job.output.empty() && fs::exists(job.output, ignored);
  if (!earlier.exists) return earlier;
  std::vector<fs::path> inputs{job.input.path};
  inputs.insert(inputs.end(), sources.begin(), sources.end());
  for (const fs::path& input : inputs) {
    if (!is_newer(input, job.output)) continue;
    earlier.outdated = "is older than " + input.string();
    return earlier;
  }
  if (has_other_points(job)) {
    earlier.outdated = "has other points than " + job.input.path.string();
    return earlier;
  }
  if (!run.tool.empty()) judge_origin(job, run, earlier);
  return earlier;
}

}  // namespace ptattn::tools
