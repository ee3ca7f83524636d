#include "survey_options.hpp"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <charconv>
#include <optional>
#include <sstream>
#include <string_view>
#include <utility>

#include "ptattn/core/error.hpp"

namespace ptattn::tools {
namespace {

using Pair = std::pair<std::size_t, std::size_t>;

std::optional<std::size_t> whole_number(std::string_view text) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return number;
}

/// Two numbers from 1 on with `mark` between them.
std::optional<Pair> numbers_around(std::string_view text, char mark) {
  const std::size_t at = text.find(mark);
  if (at == std::string_view::npos) return std::nullopt;
  const auto first = whole_number(text.substr(0, at));
  const auto second = whole_number(text.substr(at + 1));
  if (!first || !second || *first == 0 || *second < *first) return std::nullopt;
  return Pair{*first, *second};
}

/// "7" or "5-7".
std::optional<Pair> range_of(std::string_view text) {
  if (const auto range = numbers_around(text, '-')) return range;
  const auto one = whole_number(text);
  if (!one || *one == 0) return std::nullopt;
  return Pair{*one, *one};
}

std::optional<std::vector<Pair>> ranges_of(const std::string& list) {
  std::vector<Pair> ranges;
  std::istringstream parts(list);
  for (std::string part; std::getline(parts, part, ',');) {
    const auto range = range_of(part);
    if (!range) return std::nullopt;
    ranges.push_back(*range);
  }
  if (ranges.empty() || list.ends_with(',')) return std::nullopt;
  return ranges;
}

std::string wrong_list(const std::string& list) {
  if (numbers_around(list, '/') || ranges_of(list)) return "";
  return list + " is no list of tiles, expected K/N, or numbers and ranges such as 2,5-7";
}

}  // namespace

SurveyStep SurveyOptions::step() const {
  if (plan) return SurveyStep::kPlan;
  if (!tiles.empty()) return SurveyStep::kTiles;
  return merge ? SurveyStep::kMerge : SurveyStep::kAll;
}

void add_scratch_options(CLI::App& app, ScratchOptions& options, const std::string& words,
                         const std::string& bytes) {
  app.add_flag("--out-of-core", options.out_of_core,
               words +
                   " piece by piece, with its points sorted into a scratch folder [only clouds "
                   "that would take more than --memory]");
  app.add_option("--scratch", options.scratch,
                 "Make scratch folders in FOLDER; they take " + bytes +
                     " bytes a point [beside the output, as NAME.scratch]")
      ->type_name("FOLDER");
}

void add_survey_options(CLI::App& app, SurveyOptions& options) {
  add_scratch_options(app, options, "Label every cloud", "15 to 30");
  app.add_flag("--plan", options.plan,
               "Only fill the scratch folder of one cloud and cut it into tiles, whose number is a "
               "result; for many machines");
  app.add_option("--tile", options.tiles,
                 "Only label these tiles of a cloud that was planned: K/N, every Nth from the Kth "
                 "on, or numbers and ranges, such as 2,5-7; those that are labelled are skipped")
      ->type_name("TILES")
      ->check(wrong_list);
  app.add_flag("--merge", options.merge,
               "Only write the output of a cloud whose tiles are labelled, and remove its scratch "
               "folder");
}

void check_survey_options(const SurveyOptions& options, std::size_t inputs) {
  const int steps = static_cast<int>(options.plan) + static_cast<int>(!options.tiles.empty()) +
                    static_cast<int>(options.merge);
  if (steps > 1) {
    throw Error(Fault::kUsage, "--plan, --tile, --merge", "are steps, expected one at a time");
  }
  if (steps == 1 && inputs != 1) {
    const char* const name = options.plan ? "--plan" : options.merge ? "--merge" : "--tile";
    throw Error(Fault::kUsage, name, "is a step of the work on one cloud, expected one input");
  }
}

std::vector<std::size_t> listed_tiles(const std::string& list, std::size_t tiles) {
  std::vector<std::size_t> found;
  if (const auto share = numbers_around(list, '/')) {
    for (std::size_t t = share->first - 1; t < tiles; t += share->second) found.push_back(t);
    return found;
  }
  for (const auto& [first, last] : ranges_of(list).value_or(std::vector<Pair>())) {
    if (last > tiles) {
      throw Error(
          Fault::kUsage, "--tile",
          "there is no tile " + std::to_string(last) + ", the plan has " + std::to_string(tiles));
    }
    for (std::size_t t = first - 1; t < last; ++t) found.push_back(t);
  }
  std::ranges::sort(found);
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

}  // namespace ptattn::tools
