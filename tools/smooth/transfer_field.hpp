#pragma once

#include "settings.hpp"

namespace ptattn::tools {

/// Reads both clouds, carries the field over, writes the output and reports.
/// @throws Error as the tool documents
void transfer_field(const SmoothSettings& s);

}  // namespace ptattn::tools
