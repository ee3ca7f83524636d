#include "ptattn/survey/survey_folder.hpp"

#include <algorithm>
#include <array>
#include <string_view>
#include <system_error>
#include <vector>

#include "ptattn/core/error.hpp"

namespace ptattn {
namespace {

namespace fs = std::filesystem;

/// True for "plan.json", "labels-7", and what an AtomicFile calls such a file while it is written.
bool is_of_survey(std::string name) {
  constexpr std::array<std::string_view, 8> kNames{"plan.json", "points", "lowest", "chunks",
                                                   "voxels",    "codes",  "cuts",   "ranks"};
  if (name.starts_with('.') && name.ends_with(".tmp")) name = name.substr(1, name.find('.', 1) - 1);
  if (name == "plan") return true;  // of ".plan.json.1.0.tmp"
  if (name.starts_with("labels-") || name.starts_with("spool-")) return true;
  return std::ranges::find(kNames, name) != kNames.end();
}

}  // namespace

bool SurveyFolder::has_labels(std::size_t tile) const {
  std::error_code ignored;
  return fs::is_regular_file(labels(tile), ignored);
}

void SurveyFolder::make() const {
  std::error_code failed;
  fs::create_directories(path_, failed);
  if (failed) throw Error(Fault::kInput, path_.string(), "cannot be made: " + failed.message());
}

void SurveyFolder::remove() const {
  std::error_code failed;
  std::vector<fs::path> files;
  for (fs::directory_iterator entry(path_, failed); !failed && entry != fs::directory_iterator();
       entry.increment(failed)) {
    if (is_of_survey(entry->path().filename().string())) files.push_back(entry->path());
  }
  for (const fs::path& file : files) fs::remove(file, failed);
  fs::remove(path_, failed);  // unless something else lies there
}

std::uint64_t SurveyFolder::free_bytes() const {
  std::error_code failed;
  const fs::space_info space = fs::space(path_, failed);
  if (failed) throw Error(Fault::kInput, path_.string(), "cannot be used: " + failed.message());
  return space.available;
}

}  // namespace ptattn
