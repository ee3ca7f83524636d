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

/// What a network is to say.
enum class TrainKind {
  kScenes,   ///< the class of every point of scenes
  kParts,    ///< the class of every point of single objects
  kObjects,  ///< the class of single objects
};

/// All that there is to learn from and to be measured by.
struct TrainData {
  TrainKind kind = TrainKind::kScenes;
  std::string field;  ///< of the labels; empty: the folder of an object names its class
  TruthPlan truth;
  std::vector<DataFile> training;
  std::vector<DataFile> selection;  ///< to choose weights by; may be empty
  std::vector<DataFile> held_out;
  std::vector<std::string> notes;  ///< how the parts were made, a line each
};

/// Reads the clouds that the command line names.
///
/// Clouds without labels in folders of different names are objects, whose class is the name of the
/// folder; so are clouds with `--truth folder`. Labelled clouds are scenes, or, with
/// `--augment object`, objects with labelled parts.
///
/// Held out are the files whose name matches a pattern of --hold-out (`*` and `?`), or else a
/// seventh of every scene, at the end of its longer side, or a tenth of the objects. For selection
/// are those of --select, or else a tenth of every other scene, at the beginning of its longer
/// side, or of the other objects, as far as each class keeps something to learn from; with
/// --freeze encoder there is nothing to select, and unless --hold-out names files, a head that is
/// fitted in one go learns from all.
/// @throws Error(Fault::kInput), Error(Fault::kUsage) before anything is computed: no files, a
///         missing field, values that mean nothing, no labelled point, nothing left to learn from
/// @param init  the model to begin with, or null
[[nodiscard]] TrainData read_data(const TrainSettings& settings, const train::ModelSpec* init);

/// Counts the training clouds that have an attribute of this kind.
[[nodiscard]] std::size_t files_with(const TrainData& data, train::AttributeKind kind);

/// Points of each label.
[[nodiscard]] std::vector<std::size_t> count_labels(const std::vector<DataFile>& files,
                                                    const train::LabelSpace& space);

}  // namespace ptattn::tools
