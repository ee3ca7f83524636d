#include "ptattn/survey/survey_labels.hpp"

#include "ptattn/core/error.hpp"
#include "ptattn/tasks/segment/point_certainty.hpp"

namespace ptattn {

SurveyLabels::SurveyLabels(const SurveyPlan& plan, const SurveyFolder& folder, std::size_t memory)
    : records_(plan, folder, memory) {
  if (summary().points > 0 && summary().record != label_bytes(summary().classes)) {
    throw Error(Fault::kInput, folder.path().string(), "holds no labels");
  }
}

Segmentation SurveyLabels::next(PointCloud& piece) {
  Segmentation result;
  result.valid.assign(piece.size(), false);
  allocate_results(piece.size(), summary().classes, result);
  records_.next(piece, {.record =
                            [&](std::size_t i, const std::byte* record) {
                              take_record(record, i, result);
                              result.valid[i] = true;
                            },
                        .stray =
                            [&](std::size_t i, bool high) {
                              result.strays.push_back(static_cast<std::uint32_t>(i));
                              if (high) result.high_strays.push_back(result.strays.back());
                            }});
  return result;
}

}  // namespace ptattn
