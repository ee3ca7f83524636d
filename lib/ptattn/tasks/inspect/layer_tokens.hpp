#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "ptattn/core/matrix.hpp"
#include "ptattn/models/trace.hpp"

namespace ptattn {

/// Represents a named intermediate result of a network.
struct LayerDescription {
  std::string name;
  std::size_t tokens = 0;  ///< points or voxels that its rows describe; 0: one row, of the whole
  std::size_t channels = 0;
};

/// Holds what a layer says about its tokens, and where they are in the network's coordinates.
struct LayerTokens {
  Matrix positions;  ///< [t, 3]
  Matrix values;     ///< [t, channels]
};

/// Lists what a trace hears while `forward` runs, in that order. Results that describe nothing
/// (indices of samples) are left out.
[[nodiscard]] std::vector<LayerDescription> layers_of(const TracedPass& forward);

/// Runs `forward` and keeps what `layer` says.
/// @param model  what error messages call the network
/// @throws Error(Fault::kUsage) when nothing of that name is heard, or it describes the cloud as a
///         whole
[[nodiscard]] LayerTokens listen_to(const TracedPass& forward, std::string_view layer,
                                    std::string_view model);

/// Returns `count` points on a spiral from pole to pole of a sphere about the origin, no two alike:
/// a made-up cloud for networks that are asked for their layers. [count, 3]
[[nodiscard]] Matrix spiral(std::size_t count, double radius);

}  // namespace ptattn
