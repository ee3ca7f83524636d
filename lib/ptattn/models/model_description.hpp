#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "ptattn/cloud/paint.hpp"
#include "ptattn/models/architecture.hpp"
#include "ptattn/models/object_profile.hpp"
#include "ptattn/models/registry.hpp"
#include "ptattn/models/reliability.hpp"
#include "ptattn/models/scene_profile.hpp"

namespace ptattn {

/// Holds what the config.json of every model says, whatever its task.
struct ModelDescription {
  std::string name;
  ArchitectureConfig architecture;
  std::vector<std::string> classes;  ///< class i is column i of the scores; empty: an encoder
  std::string purpose;               ///< in a few words; empty: not said
  std::string terms;                 ///< of use, weights and training data; empty: not said
  std::string accuracy;              ///< as measured, with its data; empty: not said
  Reliability reliability;           ///< what validation has found; absent keys: nothing
};

/// Holds what the config.json of a classifier says.
struct ClassifierDescription : ModelDescription {
  ObjectProfile preprocessing;
};

/// The category that a model was taught for objects of none of the others; its one part is the
/// whole object.
inline constexpr std::string_view kNoKnownCategory = "Other";

/// Holds what the config.json of a model over points says.
struct SegmenterDescription : ModelDescription {
  SceneProfile preprocessing;
  std::vector<Rgb> palette;             ///< a colour for each class
  std::vector<std::string> categories;  ///< of objects whose parts the model labels; else empty
  std::vector<std::size_t> category_of_class;  ///< where classes are parts; empty: they are not
  std::vector<std::uint8_t> asprs_codes;       ///< the ASPRS code of each class; empty: it has none
};

/// Finds the task of the model in `folder`, by the architecture that its config.json names.
/// @throws Error(Fault::kModel) when that is unknown or the file cannot be read
[[nodiscard]] ModelTask read_model_task(const std::filesystem::path& folder);

/// Reads what the config.json of a model of any task says.
/// @throws Error(Fault::kModel) as the functions below
[[nodiscard]] ModelDescription read_model_description(const std::filesystem::path& folder);

/// Reads what `folder`/config.json says of a classifier.
///
/// The schema (format 1) is strict: unknown or repeated keys, wrong types and values out of range
/// are refused, and so is a format that this version does not know.
/// @throws Error(Fault::kModel), also for a model of another task
[[nodiscard]] ClassifierDescription read_classifier_description(
    const std::filesystem::path& folder);

/// Reads what `folder`/config.json says of a model over points, as strictly. Without a `palette`
/// the classes get colours of evenly spread hues. Classes called CATEGORY.PART are parts of
/// objects; `categories` lists the categories where their order matters.
/// @throws Error(Fault::kModel), also for a model of another task
[[nodiscard]] SegmenterDescription read_segmenter_description(const std::filesystem::path& folder);

}  // namespace ptattn
