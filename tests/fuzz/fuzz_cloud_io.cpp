#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>

#include <unistd.h>

#include "ptattn/core/error.hpp"
#include "ptattn/core/random.hpp"
#include "ptattn/io/cloud_io.hpp"

// Reads arbitrary bytes as a cloud. Whatever they are, the answer is a cloud or an Error; a cloud
// must come back the same when it is written and read again. Builds with libFuzzer
// (clang++ -fsanitize=fuzzer,address,undefined) or with the driver beside it.

namespace {

using namespace ptattn;

/// Writes and reads `cloud`; a refusal to write is fine, a difference is not.
void check_round_trip(const PointCloud& cloud) {
  const bool ply = !cloud.metadata().elements.empty();
  const auto path = std::filesystem::temp_directory_path() /
                    ("ptattn-fuzz-" + std::to_string(::getpid()) + (ply ? ".ply" : ".pcd"));
  try {
    write_cloud(path, cloud);
  } catch (const Error&) {
    return;
  }
  const bool same = identical(read_cloud(path), cloud);
  std::filesystem::remove(path);
  if (!same) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  constexpr std::uint64_t kRoundTripEvery = 64;  // they cost a hundred times as much
  try {
    const PointCloud cloud = parse_cloud(std::as_bytes(std::span(data, size)), "input");
    if (fnv1a64(text) % kRoundTripEvery == 0) check_round_trip(cloud);
  } catch (const Error&) {
  }
  return 0;
}
