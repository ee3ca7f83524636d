#include "scratch.hpp"

#include <algorithm>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <numeric>
#include <system_error>

#include "../made_by.hpp"
#include "ptattn/models/model_hash.hpp"
#include "ptattn/survey/survey_pieces.hpp"

namespace ptattn::tools {
namespace {

namespace fs = std::filesystem;

constexpr std::uint64_t kMebi = std::uint64_t{1} << 20U;

std::string short_hash(const std::string& text) {
  return hash_text(text).substr(0, 8);
}

SurveyFolder folder_of(const Job& job, const std::string& scratch) {
  const std::string name = job.output.filename().string() + ".scratch";
  if (scratch.empty()) return SurveyFolder(fs::path(job.output).replace_filename(name));
  std::error_code ignored;
  const fs::path whole = fs::weakly_canonical(fs::absolute(job.output, ignored), ignored);
  return SurveyFolder(fs::path(scratch) / (short_hash(whole.string()) + "." + name));
}

std::string made_for(const Job& job, const Provenance& run) {
  std::error_code ignored;
  const fs::path input = fs::weakly_canonical(fs::absolute(job.input.path, ignored), ignored);
  nlohmann::ordered_json json = as_json(run);
  json["input"] = input.string();
  json["bytes"] = fs::file_size(input, ignored);
  json["written"] = fs::last_write_time(input, ignored).time_since_epoch().count();
  return json.dump(-1, ' ', false, nlohmann::ordered_json::error_handler_t::replace);
}

}  // namespace

SurveyProgress ScratchWork::show() const {
  return [this](std::string_view what, std::size_t done, std::size_t total) {
    progress.status(std::string(what) + " " + path);
    progress.show_parts(100 * done / std::max<std::size_t>(total, 1), 100, "%");
  };
}

ScratchWork scratch_work(const Job& job, const std::string& scratch, const Provenance& run,
                         Progress& progress) {
  return {job.input.path.string(), made_for(job, run), folder_of(job, scratch), progress};
}

bool is_planned(const ScratchWork& work) {
  return read_plan_key(work.folder) == hash_text(work.made_by);
}

std::string planned_difference(const std::string& planned, const ScratchWork& work) {
  const auto earlier = nlohmann::json::parse(planned, nullptr, false);
  const auto now = nlohmann::json::parse(work.made_by);
  const auto run = run_of_json(earlier);
  if (!run) return "was not made by " + run_of_json(now)->tool;
  const std::string other = difference_of(*run, *run_of_json(now));
  if (!other.empty()) return "was " + other;
  for (const char* const key : {"version", "input"}) {
    const auto was = earlier.find(key);
    if (was == earlier.end() || *was != now[key])
      return "was made with another " + std::string(key);
  }
  return "was made before " + work.path + " was written";
}

SurveyPlan plan_in(const ScratchWork& work,
                   const std::function<SurveyPlan(const std::string& key)>& make) {
  work.folder.remove();
  work.folder.make();
  try {
    return make(hash_text(work.made_by));
  } catch (...) {
    work.folder.remove();  // what is there of a plan is of no use
    throw;
  }
}

PointCloud usual_points(const SurveyLook& look, const SurveyPlan& plan) {
  const RawVector<Position> positions = look.sample.positions();
  std::vector<std::size_t> rows;
  for (std::size_t i = 0; i < positions.size(); ++i) {
    if (belongs_to_scene(in_frame(positions[i], plan.frame), plan.strays)) rows.push_back(i);
  }
  SampleTaker taker(look.sample);
  taker.add(look.sample, rows);
  return taker.finish();
}

void note_needs(const ScratchWork& work, const SurveyPlan& plan, std::string_view done,
                std::uint64_t disk, std::uint64_t needed) {
  work.progress.note(
      work.path, "is " + std::string(done) + " in " + std::to_string(plan.tiles.size()) +
                     (plan.tiles.size() == 1 ? " tile" : " tiles") + ", with up to " +
                     std::to_string(disk / kMebi + 1) + " MiB in " + work.folder.path().string());
  if (plan.memory == 0 || needed <= plan.memory) return;
  work.progress.note(work.path, "its tiles take " + std::to_string(needed / kMebi + 1) +
                                    " MiB, more than was allowed, and cannot be smaller");
}

void work_on_tiles(
    const ScratchWork& work, std::span<const std::size_t> wanted,
    const std::function<void(std::size_t tile, const ProgressCallback& progress)>& work_on,
    const std::function<void(std::size_t next)>& expect) {
  const auto is_done = [&](std::size_t tile) { return work.folder.has_labels(tile); };
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    if (is_done(wanted[i])) continue;
    const auto next = std::find_if_not(wanted.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                                       wanted.end(), is_done);
    if (next != wanted.end()) expect(*next);
    work_on(wanted[i], [&](std::size_t done, std::size_t total) {
      work.progress.show_parts((100 * i + 100 * done / total) / wanted.size(), 100, "%");
    });
  }
}

std::vector<std::size_t> all_tiles(const SurveyPlan& plan) {
  std::vector<std::size_t> tiles(plan.tiles.size());
  std::iota(tiles.begin(), tiles.end(), std::size_t{0});
  return tiles;
}

}  // namespace ptattn::tools
