#pragma once

#include <optional>
#include <span>
#include <string>

#include "ptattn/view/class_table.hpp"

namespace ptattn::tools {

/// Makes names and colours of the labels in `field` from what the comments of a cloud say of them
/// (cloud/provenance.hpp); nullopt where they say nothing.
///
/// Colours are those of ASPRS codes, or of the model that made the labels where that is found under
/// its name and has these classes; else hues of their own.
[[nodiscard]] std::optional<view::ClassTable> classes_by_origin(
    std::span<const std::string> comments, const std::string& field);

}  // namespace ptattn::tools
