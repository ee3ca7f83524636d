#pragma once

#include <string>

#include "log.hpp"
#include "ptattn/cloud/image.hpp"

namespace ptattn::tools {

/// The training curve as a picture: loss over steps below, the validation score above it.
[[nodiscard]] Image curve_image(const TrainLog& log);

/// The same as an SVG document.
[[nodiscard]] std::string curve_svg(const TrainLog& log);

}  // namespace ptattn::tools
