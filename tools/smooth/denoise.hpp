#pragma once

#include "settings.hpp"

namespace ptattn::tools {

/// Reads the input, smooths what was asked for, writes the output and reports.
/// @throws Error as the tool documents
void denoise(const SmoothSettings& s);

}  // namespace ptattn::tools
