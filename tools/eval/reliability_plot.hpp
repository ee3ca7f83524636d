#pragma once

#include <string>

#include "ptattn/io/png.hpp"
#include "ptattn/tasks/reliability_table.hpp"

namespace ptattn::tools {

/// A reliability diagram: a bar for each range of confidence, as high as its accuracy, beside the
/// diagonal where both agree; below it how many items there are.
[[nodiscard]] Image reliability_image(const ReliabilityTable& table);
[[nodiscard]] std::string reliability_svg(const ReliabilityTable& table);

}  // namespace ptattn::tools
