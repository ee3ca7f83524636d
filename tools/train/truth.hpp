#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <string>
#include <vector>

#include "ptattn/cloud/provenance.hpp"
#include "ptattn/train/label_fields.hpp"
#include "ptattn/train/model_spec.hpp"
#include "settings.hpp"

namespace ptattn::tools {

/// What the labels of all files mean.
struct TruthPlan {
  train::LabelSpace space;
  train::Truth common;
  std::map<std::string, train::Truth> by_file;  ///< by name without extension
  std::vector<std::uint8_t> asprs_codes;  ///< the first value of each class, where values are such
  std::string note{};                     ///< what was guessed that may be wrong; empty: nothing

  [[nodiscard]] const train::Truth& of(const std::filesystem::path& path) const;
};

/// Reads what --classes and --maps say.
///
/// --classes: a line `VALUE CLASS` each, `*` as VALUE for all others; or a line per class, whose
/// values count from 0. CLASS may be `ignore`, `not_A` or `not_A_not_B`. `#` begins a comment.
/// --maps: JSON {FILE: {"map": {VALUE: CLASS}}}, FILE without folder and extension.
/// @param classes  of the model to begin with, whose order they keep; others follow
/// @throws Error(Fault::kInput) for files that cannot be read or say something else
[[nodiscard]] TruthPlan read_truth(const TrainSettings& settings, const std::string& field,
                                   const std::vector<std::string>& classes);

/// What values mean to a model that is trained on: ASPRS codes, or the numbers of its classes.
/// Other values mean unlabelled.
/// @param added  NAME=VALUE, classes that the model lacks
/// @param asprs  the values are ASPRS codes, where the model has such
/// @throws Error(Fault::kUsage) for an added class that is none, or that the model has
[[nodiscard]] TruthPlan truth_of_model(const train::ModelSpec& model, const std::string& field,
                                       const std::vector<std::string>& added, bool asprs);

/// Lets the numbers of a plan for `model` be those that the files say, by the names of the classes;
/// others mean unlabelled. Values of added classes stay.
/// @throws Error(Fault::kInput) where no name is that of a class of the model
void match_names(TruthPlan& plan, const LabelMeaning& origin, const train::ModelSpec& model);

/// What values mean by what the files say of them; -1, unsure, means unlabelled.
[[nodiscard]] TruthPlan truth_of_origin(const LabelMeaning& origin, const std::string& field);

/// @throws Error(Fault::kInput) for more classes than LabelSpace takes
void check_number_of_classes(const std::vector<std::string>& classes, const std::string& subject);

/// What the values of a field mean where no file of classes says it: the classes of ASPRS LAS, or a
/// class for each value. Unlabelled mean -1; of ASPRS codes those that say nothing of the surface
/// (0, 1, noise, overlap); of other values 255 and 65535, far above all others.
[[nodiscard]] TruthPlan guess_truth(const std::string& field,
                                    const std::map<std::int64_t, std::size_t>& values, bool asprs);

}  // namespace ptattn::tools
