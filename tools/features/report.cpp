#include "report.hpp"

#include <algorithm>
#include <utility>

#include "../text.hpp"
#include "ptattn/core/json.hpp"
#include "result.hpp"

namespace ptattn::tools {

FileReport begin_report(const FeatureSettings& settings, std::size_t points,
                        std::span<const std::string> fields,
                        std::span<const std::string> meanings) {
  FileReport report{.points = points};
  report.json = {{"points", points}, {"channels", fields.size()}};
  if (!settings.names) return report;
  report.table = name_lines(fields, meanings);
  for (std::size_t c = 0; c < fields.size(); ++c) {
    object_at(report.json, "names")[fields[c]] = meanings[c];
  }
  return report;
}

void end_report(const FeatureSettings& settings, const Job& job, std::size_t fields,
                std::span<const std::string> notes, FileReport& report) {
  report.json["output"] = job.output.string();
  report.json["notes"] = notes;
  if (settings.names) return;
  report.table = job.input.path.string() + " -> " + job.output.string() + ": " +
                 std::to_string(report.points) + " points, " + std::to_string(fields) +
                 " channels\n";
}

void warn_of_lonely(std::size_t lonely, std::size_t points, std::vector<Hint>& warnings) {
  constexpr double kMany = 0.5;
  const double share =
      static_cast<double>(lonely) / std::max<double>(1.0, static_cast<double>(points));
  if (share < kMany) return;
  warnings.push_back({"lonely", percent_text(share, 0) +
                                    " of the points have zeros only: their neighbourhoods are "
                                    "empty, see --radius"});
}

std::vector<std::string> tell_all(Remarks remarks, const std::string& path, Progress& progress) {
  tell(remarks.notes, remarks.warnings, path, progress);
  for (Hint& warning : remarks.warnings) remarks.notes.push_back(std::move(warning.text));
  return std::move(remarks.notes);
}

}  // namespace ptattn::tools
