#pragma once

#include <string>
#include <vector>

#include "classes.hpp"
#include "cloud_labels.hpp"
#include "settings.hpp"

namespace ptattn::tools {

/// Settles which classes there are and what the labels of both sides mean: as the command line
/// says, then as the files say.
/// @param pairs  the clouds; none when results are evaluated
/// @param notes  gets what the user should know
/// @throws Error(Fault::kUsage) for options that contradict each other or the files;
///         Error(Fault::kInput) for files that differ in the meaning of their labels
[[nodiscard]] ClassSettings settle_classes(const EvalSettings& s,
                                           const std::vector<CloudPair>& pairs,
                                           std::vector<std::string>& notes);

}  // namespace ptattn::tools
