#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "ptattn/view/coloring.hpp"
#include "shown_cloud.hpp"

namespace ptattn::tools {

/// Describes a cloud on standard output: points, field and, of those drawn, how many have each
/// label.
[[nodiscard]] std::string summary_text(const ShownCloud& shown, const view::Legend& legend);

/// The same as keys of a record: points, drawn, field, strays (points far away from the others, if
/// any), range {low, high} or classes {name: points}.
[[nodiscard]] nlohmann::ordered_json summary_json(const ShownCloud& shown,
                                                  const view::Legend& legend);

/// How many points differ and which labels became which.
[[nodiscard]] std::string comparison_text(const Comparison& comparison, const ClassNames& classes);

}  // namespace ptattn::tools
