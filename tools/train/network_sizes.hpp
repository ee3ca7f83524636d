#pragma once

#include <cstddef>
#include <string>

namespace ptattn::tools {

/// Writes the hyper-parameters of a new Point Transformer V3 as JSON text.
/// @param size      tiny, small or base
/// @param channels  that the network sees of a voxel
[[nodiscard]] std::string ptv3_hyper_parameters(const std::string& size, std::size_t classes,
                                                std::size_t channels);

/// Writes those of a new LitePT; base is the published S.
[[nodiscard]] std::string litept_hyper_parameters(const std::string& size, std::size_t classes,
                                                  std::size_t channels);

/// Writes those of a new PCT; base has the published width.
[[nodiscard]] std::string pct_hyper_parameters(const std::string& size, std::size_t classes);

}  // namespace ptattn::tools
