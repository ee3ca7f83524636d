// Reads arbitrary bytes as a safetensors file: an Error of the model, or tensors that lie within
// the file and can be read.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "ptattn/core/error.hpp"
#include "ptattn/core/random.hpp"
#include "ptattn/models/files/safetensors.hpp"
#include "ptattn/models/files/safetensors_header.hpp"
#include "scratch.hpp"

namespace {

using namespace ptattn;

/// Through the file system, as models are read.
void read_file(std::string_view bytes) {
  const SafetensorsFile file(fuzz::scratch_file("model.safetensors", bytes));
  for (const std::string& name : file.names()) {
    if (file.holds_integers(name)) {
      (void)file.integers(name);
    } else {
      (void)file.values(name);
    }
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  constexpr std::uint64_t kFileEvery = 16;  // files cost ten times as much
  try {
    for (const auto& [name, entry] : read_safetensors_header(bytes, bytes.size(), "input")) {
      if (entry.begin > size || entry.bytes > size - entry.begin) std::abort();
    }
    if (fnv1a64(bytes) % kFileEvery == 0) read_file(bytes);
  } catch (const Error& error) {
    if (error.fault() != Fault::kModel) std::abort();
  }
  return 0;
}
