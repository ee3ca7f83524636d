#include "volt_sizes.hpp"

#include <nlohmann/json.hpp>

namespace ptattn::tools {

std::string volt_hyper_parameters(const std::string& size, std::size_t classes,
                                  std::size_t channels) {
  struct Size {
    std::size_t heads;  // 64 channels each
    std::size_t depth;
    std::size_t decoder;  // channels
  };
  const Size own = size == "tiny"    ? Size{1, 3, 32}
                   : size == "small" ? Size{3, 6, 64}
                                     : Size{6, 12, 128};
  constexpr std::size_t kHeadChannels = 64;
  const nlohmann::ordered_json json{
      {"num_classes", classes}, {"in_channels", channels}, {"embed_dim", kHeadChannels * own.heads},
      {"num_heads", own.heads}, {"depth", own.depth},      {"up_mlp_dim", own.decoder}};
  return json.dump();
}

}  // namespace ptattn::tools
