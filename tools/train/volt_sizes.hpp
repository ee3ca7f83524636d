#pragma once

#include <cstddef>
#include <string>

namespace ptattn::tools {

/// Hyper-parameters of Volt (Yilmaz et al. 2026), see read_volt_config.
/// @param size  tiny, small or base, which is the published S
[[nodiscard]] std::string volt_hyper_parameters(const std::string& size, std::size_t classes,
                                                std::size_t channels);

}  // namespace ptattn::tools
