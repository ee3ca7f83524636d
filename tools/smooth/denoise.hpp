#pragma once

#include "../batch.hpp"
#include "settings.hpp"

namespace ptattn::tools {

/// Smooths one cloud: reads it, smooths what was asked for, writes the job's output.
/// @throws Error as the tool documents
[[nodiscard]] FileReport denoise(const SmoothSettings& s, const Job& job, Progress& progress);

}  // namespace ptattn::tools
