#include <algorithm>
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

/// Equal in all fields. A LAS file may come back with counts and bounds put right.
bool same_fields(const PointCloud& a, const PointCloud& b) {
  return std::ranges::equal(a.fields(), b.fields(), [](const Field& left, const Field& right) {
    return left.name() == right.name() && left.type() == right.type() &&
           std::ranges::equal(left.bytes(), right.bytes());
  });
}

/// Writes and reads `cloud`; a refusal to write is fine, a difference is not.
void check_round_trip(const PointCloud& cloud) {
  const bool las = cloud.metadata().las != nullptr;
  const bool ply = !cloud.metadata().elements.empty() || !cloud.metadata().point_lists.empty();
  const auto path =
      std::filesystem::temp_directory_path() / ("ptattn-fuzz-" + std::to_string(::getpid()) +
                                                (las   ? ".laz"
                                                 : ply ? ".ply"
                                                       : ".pcd"));
  try {
    write_cloud(path, cloud);
  } catch (const Error&) {
    return;
  }
  const PointCloud again = read_cloud(path);
  const bool same = las ? same_fields(again, cloud) : identical(again, cloud);
  std::filesystem::remove(path);
  if (!same) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  constexpr std::uint64_t kRoundTripEvery = 64;  // they cost a hundred times as much
  try {
    const ReadOptions options{.salvage = fnv1a64(text) % 2 == 0,
                              .keep_compressed = fnv1a64(text) % kRoundTripEvery == 1};
    PointCloud cloud = parse_cloud(std::as_bytes(std::span(data, size)), "input", options);
    if (Field* const codes = cloud.find("classification")) (void)codes->bytes();  // coded anew
    if (fnv1a64(text) % kRoundTripEvery < 2) check_round_trip(cloud);
  } catch (const Error&) {
  }
  return 0;
}
