#include "ptattn/models/model_hash.hpp"

#include <xxhash.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <memory>
#include <new>
#include <span>
#include <vector>

#include "ptattn/models/files/model_file.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kBlock = std::size_t{1} << 18U;  // bytes read at a time

/// A hash in the making.
class Hash {
 public:
  Hash() : state_(XXH3_createState()) {
    if (!state_) throw std::bad_alloc();
    XXH3_128bits_reset(state_.get());
  }
  void add(std::span<const std::byte> bytes) {
    XXH3_128bits_update(state_.get(), bytes.data(), bytes.size());
  }
  void add_number(std::uint64_t number) {
    std::array<std::byte, sizeof number> bytes;
    for (std::size_t i = 0; i < bytes.size(); ++i) bytes[i] = std::byte(number >> (8 * i) & 0xffU);
    add(bytes);
  }
  [[nodiscard]] std::string text() const {
    const XXH128_hash_t hash = XXH3_128bits_digest(state_.get());
    std::array<char, 33> digits;
    std::snprintf(digits.data(), digits.size(), "%016llx%016llx",
                  static_cast<unsigned long long>(hash.high64),
                  static_cast<unsigned long long>(hash.low64));
    return digits.data();
  }

 private:
  struct Free {
    void operator()(XXH3_state_t* state) const { XXH3_freeState(state); }
  };
  std::unique_ptr<XXH3_state_t, Free> state_;
};

void add_file(Hash& hash, const std::filesystem::path& path) {
  const ModelFile file(path);
  hash.add_number(file.size());
  std::vector<std::byte> block(std::min(kBlock, file.size()));
  for (std::size_t at = 0; at < file.size(); at += block.size()) {
    block.resize(std::min(block.size(), file.size() - at));
    file.read(at, block);
    hash.add(block);
  }
}

}  // namespace

std::string hash_model(const std::filesystem::path& folder) {
  Hash hash;
  for (const char* const name : {"config.json", "model.safetensors"}) add_file(hash, folder / name);
  return hash.text();
}

std::string hash_text(std::string_view text) {
  Hash hash;
  hash.add(std::as_bytes(std::span(text)));
  return hash.text();
}

}  // namespace ptattn
