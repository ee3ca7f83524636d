#pragma once

#include <string>

#include "ptattn/view/class_table.hpp"
#include "ptattn/view/coloring.hpp"
#include "shown_cloud.hpp"

namespace ptattn::tools {

/// What stdout is told about a cloud: points, field and, of those drawn, how many have each label.
[[nodiscard]] std::string summary_text(const ShownCloud& shown, const view::Legend& legend);

/// How many points differ and which labels became which.
[[nodiscard]] std::string comparison_text(const Comparison& comparison,
                                          const view::ClassTable& classes);

/// The keys of the window, a line each; the same text in --help and on the key h.
[[nodiscard]] const std::string& keys_text();

}  // namespace ptattn::tools
