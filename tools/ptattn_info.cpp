// Says what point clouds hold and what can be done with them. See `ptattn-info --help`.

#include <CLI/CLI.hpp>
#include <iostream>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "batch.hpp"
#include "cloud_options.hpp"
#include "info/report.hpp"
#include "models.hpp"
#include "options.hpp"
#include "ptattn/io/cloud_io.hpp"
#include "tool.hpp"

namespace ptattn::tools {
namespace {

const About kAbout{
    .name = "ptattn-info",
    .summary =
        "Describes point clouds: fields, extent, density, unit, up axis, reference\n"
        "system, the model they suit, what is missing or unusual, and the command to\n"
        "try. Start here when results look wrong, for example when everything becomes\n"
        "building.\n",
    .examples =
        "  ptattn-info tile.laz\n"
        "  ptattn-info survey/ --format csv\n"
        "  ptattn-info survey/ --format jsonl | jq -r 'select(.warnings != []).path'\n"
        "  ptattn-info scan.ply --format json | jq -r '.[0].command'\n"
        "\n"
        "Unit, axis and kind are guesses from the shape of the cloud; the warnings are\n"
        "those that ptattn-segment and ptattn-classify would give.\n"};

struct Settings {
  FileOptions files;
  ReadOptions read;
  bool list_models = false;
};

void declare(CLI::App& app, Settings& s) {
  add_inputs(app, s.files);
  add_format(app, s.files.format);
  add_list_models(app, s.list_models);
  add_read_options(app, s.read);
  add_reading_course(app, s.files);
}

FileReport look_at(const Settings& s, const Job& job, Progress& progress) {
  const std::string path = job.input.path.string();
  progress.status("reading " + path);
  const PointCloud cloud = read_cloud(job.input.path, s.read);
  tell_notes(cloud, path, progress);
  progress.status("looking at " + path);
  const CloudFacts facts = facts_of(cloud);
  const Advice advice = advise(cloud, facts, path);
  return {.points = cloud.size(),
          .json = as_json(facts, advice),
          .table = as_text(path, facts, advice)};
}

int run(const Settings& s) {
  if (s.list_models) return print_models(std::nullopt, s.files.format);
  check_files(s.files, false);
  std::vector<Job> jobs;
  for (const InputList::Entry& entry : list_inputs(s.files, std::cin).entries) {
    jobs.push_back({entry.input});
  }
  const Batch batch = make_batch(kAbout.name, s.files);
  if (s.files.dry_run) return print_plan(jobs, batch);
  bool first = true;
  return run_batch(std::move(jobs), batch, [&](const Job& job, Progress& progress) {
    FileReport report = look_at(s, job, progress);
    if (!std::exchange(first, false)) report.table.insert(0, "\n");
    return report;
  });
}

}  // namespace
}  // namespace ptattn::tools

int main(int argc, char** argv) {
  using namespace ptattn::tools;
  return run_tool(kAbout, argc, argv, declare, run);
}
