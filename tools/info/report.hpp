#pragma once

#include <nlohmann/json.hpp>
#include <string>

#include "advice.hpp"
#include "facts.hpp"

namespace ptattn::tools {

/// Says for people what a file holds and what to do with it: a heading, a table of the fields, the
/// shape, what was noticed and a command.
[[nodiscard]] std::string as_text(const std::string& path, const CloudFacts& facts,
                                  const Advice& advice);

/// The keys of a record: points, invalid, stray, low, high, spacing, density, up, tilt, unit,
/// system, las, kind, model, command, warnings, models, fields, made_by.
[[nodiscard]] nlohmann::ordered_json as_json(const CloudFacts& facts, const Advice& advice);

}  // namespace ptattn::tools
