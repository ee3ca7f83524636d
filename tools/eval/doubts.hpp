#pragma once

#include <span>
#include <string>
#include <vector>

#include "classes.hpp"
#include "cloud_labels.hpp"
#include "ptattn/tasks/geometry/hint.hpp"
#include "results.hpp"

namespace ptattn::tools {

/// Says so where true labels were made by a model, by what the files say of their origin: a model
/// compared with a model is no measurement.
[[nodiscard]] std::vector<Hint> doubts_about_truth(std::span<const CloudPair> pairs,
                                                   const std::string& field);

/// Says so where true labels look like "no label" (255, 65535, -1, -100) and are never predicted.
/// @param inputs   whose labels no map and no named classes explain
/// @param ignored  labels that are left out
[[nodiscard]] std::vector<Hint> doubts_about_labels(std::span<const LabelledInput> inputs,
                                                    std::span<const std::string> ignored);

/// Says so where both sides seem to number the same classes differently: more than half of the
/// points have predicted labels that mostly stand where the truth has another one, and these are
/// two labels or more.
/// @param inputs  whose labels are compared as they are
[[nodiscard]] std::vector<Hint> doubts_about_numbering(std::span<const LabelledInput> inputs);

/// Says so where results name a cloud twice, or come from several models.
[[nodiscard]] std::vector<Hint> doubts_about_results(std::span<const ClassifyResult> results);

/// Says so where true classes of clouds are none of the classes of the model that classified them,
/// as far as that model is found by its name.
/// @param truths  the true class of each result
[[nodiscard]] std::vector<Hint> doubts_about_classes(std::span<const ClassifyResult> results,
                                                     std::span<const std::string> truths);

}  // namespace ptattn::tools
