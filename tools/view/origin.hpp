#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "ptattn/view/class_table.hpp"

namespace ptattn::tools {

/// The comments of one file.
using FileComments = std::vector<std::string>;

/// Returns whether the files that say what the labels in `field` stand for say the same, or all
/// hold ASPRS codes.
[[nodiscard]] bool agree_on(std::span<const FileComments> files, const std::string& field);

/// Returns some of the classes that a file says the labels in `field` to be of, where these are not
/// the ones of `table` under the same numbers; empty where they are, or no file says anything.
[[nodiscard]] std::string unlike_classes(std::span<const FileComments> files,
                                         const std::string& field, const view::ClassTable& table);

/// Makes names and colours of the labels in `field` from what the comments of files say of them
/// (cloud/provenance.hpp); nullopt where they say nothing. Where they do not agree, labels are
/// numbers.
///
/// Colours are those of ASPRS codes, or of the model that made the labels where that is found under
/// its name and has these classes; else hues of their own.
[[nodiscard]] std::optional<view::ClassTable> classes_by_origin(std::span<const FileComments> files,
                                                                const std::string& field);

}  // namespace ptattn::tools
