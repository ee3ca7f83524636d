// Reads arbitrary bytes as what ptattn-eval reads: a map of labels, a table of true classes,
// results of ptattn-classify; and evaluates what they say. An input is three parts with NULs
// between.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "eval/classes.hpp"
#include "eval/label_map.hpp"
#include "eval/report.hpp"
#include "eval/results.hpp"
#include "ptattn/core/error.hpp"
#include "scratch.hpp"

namespace {

using namespace ptattn;
using namespace ptattn::tools;

void evaluate_all(std::string_view map, std::string_view table, std::string_view results) {
  ClassSettings settings;
  if (!map.empty())
    settings.truth_map = LabelMap(fuzz::scratch_file("map", map), LabelKind::kNames);
  settings.predicted_map = settings.truth_map;
  const TruthTable truth(fuzz::scratch_file("truth", table).string());
  LabelledInput input{.name = "results"};
  for (const ClassifyResult& result :
       read_results(fuzz::scratch_file("results", results).string())) {
    ++input.pairs[{truth.class_of(result.path), result.predicted}];
  }
  Classes classes(settings);
  classes.discover({input});
  classes.check_names({input});
  Report report;
  report.items = "clouds";
  report.classes = classes.names();
  report.confusion = ConfusionMatrix(report.classes.size());
  report.ignored = classes.add(input, report.confusion);
  if (table_text(report).empty() || json_text(report).empty()) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  std::string_view rest(reinterpret_cast<const char*>(data), size);
  const std::string_view map = fuzz::take_part(rest);
  const std::string_view table = fuzz::take_part(rest);
  try {
    evaluate_all(map, table, rest);
  } catch (const Error&) {
  }
  return 0;
}
