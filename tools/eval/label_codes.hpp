#pragma once

#include <optional>
#include <string>
#include <vector>

#include "../options.hpp"
#include "asprs_map.hpp"
#include "classes.hpp"
#include "ptattn/cloud/provenance.hpp"

namespace ptattn::tools {

/// What is known of the numbers on one side before any label is read.
struct SideOfLabels {
  std::string field;                     ///< that the labels are read from
  Codes codes = Codes::kByField;         ///< as the command line says
  std::optional<LabelMeaning> origin{};  ///< as the file says
  LabelMap map{};                        ///< empty: none was given
};

/// The classes that the user named.
struct NamedClasses {
  std::string whose{};  ///< "--classes", or a model's name; empty: none were named
  std::vector<std::string> names{};
  std::vector<int> codes{};  ///< ASPRS code of each, -1: none; empty: none of them has one
  bool of_model = false;
};

/// Classes, and maps of both sides to them.
struct SettledLabels {
  std::vector<std::string> names{};  ///< empty: labels are compared as they are
  LabelMap truth_map{};
  LabelMap predicted_map{};
  std::vector<std::string> notes{};
};

/// Decides what the numbers of both sides are, so that numbers of classes are never compared with
/// ASPRS codes.
///
/// What the command line says counts, then what the files say of their origin, then the name of the
/// field: `classification` holds ASPRS codes, if the classes have such. Where one side holds
/// numbers of a model's classes and the other ASPRS codes, both are mapped to the model's classes.
/// A side that has a map is left to it.
/// @throws Error(Fault::kUsage) for options that contradict each other or the files;
///         Error(Fault::kInput) for codes and numbers that nothing leads from one to the other
[[nodiscard]] SettledLabels settle_labels(const SideOfLabels& truth, const SideOfLabels& predicted,
                                          const NamedClasses& named);

}  // namespace ptattn::tools
