#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "ptattn/train/labelled_cloud.hpp"
#include "settings.hpp"
#include "truth.hpp"

namespace ptattn::tools {

/// A labelled file and what a look at it says.
struct DataFile {
  train::LabelledCloud cloud;  ///< with all attributes that channels can be made of
  double extent = 0.0;         ///< longer side in plan
  double height = 0.0;
  double spacing = 0.0;  ///< 1 / sqrt(points per square unit of occupied ground)
};

/// All that there is to learn from and to be measured by.
struct TrainData {
  std::string field;
  TruthPlan truth;
  std::vector<DataFile> training;
  std::vector<DataFile> held_out;
  std::vector<std::string> notes;  ///< how the held-out part was made, a line each
};

/// Reads the clouds that the command line names.
///
/// Held out are the files whose name matches a pattern of --hold-out (`*` and `?`), or else a
/// seventh of every file, at the end of its longer side.
/// @throws Error(Fault::kInput), Error(Fault::kUsage) before anything is computed: no files, a
///         missing field, values that mean nothing, no labelled point, nothing left to learn from
[[nodiscard]] TrainData read_data(const TrainSettings& settings,
                                  const std::vector<std::string>& init_classes);

/// Points of each label.
[[nodiscard]] std::vector<std::size_t> count_labels(const std::vector<DataFile>& files,
                                                    const train::LabelSpace& space);

}  // namespace ptattn::tools
