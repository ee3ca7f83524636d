#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <nlohmann/json.hpp>

#include "ptattn/core/random.hpp"
#include "scratch.hpp"

namespace ptattn::test {
namespace {

static_assert(std::endian::native == std::endian::little, "safetensors is little endian");

constexpr std::size_t kEmbed = 8;
constexpr std::size_t kChannels = 16;
constexpr std::size_t kQueryKey = 4;
constexpr std::size_t kFuse = 32;
constexpr std::size_t kHead = 16;

/// Builds a safetensors file tensor by tensor; a weight's values depend on its name alone.
class Weights {
 public:
  /// Uniform weights of variance 1 / `in`.
  void layer(const std::string& name, std::size_t in, std::size_t out, bool bias) {
    add(name + ".weight", {out, in}, 0.0F, std::sqrt(3.0F / static_cast<float>(in)));
    if (bias) add(name + ".bias", {out}, 0.0F, 0.1F);
  }

  void norm(const std::string& name, std::size_t channels) {
    add(name + ".weight", {channels}, 1.0F, 0.2F);
    add(name + ".bias", {channels}, 0.0F, 0.1F);
    add(name + ".running_mean", {channels}, 0.0F, 0.1F);
    add(name + ".running_var", {channels}, 1.0F, 0.2F);
  }

  [[nodiscard]] std::string file() const {
    std::string header = header_.dump();
    header.resize((header.size() + 7) / 8 * 8, ' ');  // aligns the tensors
    const auto length = static_cast<std::uint64_t>(header.size());
    std::string text(sizeof length, '\0');
    std::memcpy(text.data(), &length, sizeof length);
    return text + header + data_;
  }

 private:
  void add(const std::string& name, std::vector<std::size_t> shape, float mean, float spread) {
    std::size_t count = 1;
    for (const std::size_t size : shape) count *= size;
    std::vector<float> values(count);
    Random random(fnv1a64(name));
    for (float& v : values) v = mean + spread * static_cast<float>(2.0 * random.uniform() - 1.0);
    const std::size_t begin = data_.size();
    data_.append(reinterpret_cast<const char*>(values.data()), count * sizeof(float));
    header_[name] = {{"dtype", "F32"}, {"shape", shape}, {"data_offsets", {begin, data_.size()}}};
  }

  nlohmann::json header_ = nlohmann::json::object();
  std::string data_;
};

void add_grouping(Weights& w, const std::string& name, std::size_t in) {
  w.layer(name + ".conv1", 2 * in, kChannels, false);
  w.norm(name + ".bn1", kChannels);
  w.layer(name + ".conv2", kChannels, kChannels, false);
  w.norm(name + ".bn2", kChannels);
}

std::string weights(std::size_t classes) {
  Weights w;
  w.layer("conv1", 3, kEmbed, false);
  w.norm("bn1", kEmbed);
  w.layer("conv2", kEmbed, kEmbed, false);
  w.norm("bn2", kEmbed);
  add_grouping(w, "gather_local_0", kEmbed);
  add_grouping(w, "gather_local_1", kChannels);
  for (const std::string n : {"1", "2"}) {
    w.layer("pt_last.conv" + n, kChannels, kChannels, false);
    w.norm("pt_last.bn" + n, kChannels);
  }
  // Queries and keys share their weights: one name is enough.
  w.layer("pt_last.sa1.k_conv", kChannels, kQueryKey, false);
  w.layer("pt_last.sa1.v_conv", kChannels, kChannels, true);
  w.layer("pt_last.sa1.trans_conv", kChannels, kChannels, true);
  w.norm("pt_last.sa1.after_norm", kChannels);
  w.layer("conv_fuse.0", 2 * kChannels, kFuse, false);
  w.norm("conv_fuse.1", kFuse);
  w.layer("linear1", kFuse, kHead, false);
  w.norm("bn6", kHead);
  w.layer("linear2", kHead, kHead, true);
  w.norm("bn7", kHead);
  w.layer("linear3", kHead, classes, true);
  return w.file();
}

}  // namespace

void write_tiny_model(const std::filesystem::path& folder) {
  const std::vector<std::string> classes{"airplane", "chair", "cone", "lamp", "table"};
  const nlohmann::json config{{"format", 1},
                              {"name", folder.filename().string()},
                              {"architecture", "pct_cls"},
                              {"hyper_parameters",
                               {{"num_classes", classes.size()},
                                {"embed_channels", kEmbed},
                                {"groups",
                                 {{{"points", 32}, {"neighbors", 8}, {"channels", kChannels}},
                                  {{"points", 16}, {"neighbors", 8}, {"channels", kChannels}}}},
                                {"attention_layers", 1},
                                {"qk_channels", kQueryKey},
                                {"fuse_channels", kFuse},
                                {"head_channels", {kHead, kHead}}}},
                              {"preprocessing",
                               {{"points", 256},
                                {"min_points", 128},
                                {"resample", "fps_or_repeat"},
                                {"center", "centroid"},
                                {"scale", "unit_sphere"},
                                {"up", "z"},
                                {"vote_rotation_z_degrees", 180}}},
                              {"classes", classes}};
  write_file(folder / "config.json", config.dump(2));
  write_file(folder / "model.safetensors", weights(classes.size()));
}

}  // namespace ptattn::test
