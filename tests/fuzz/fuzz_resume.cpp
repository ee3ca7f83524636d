// Reads arbitrary bytes as the JSON Lines output of an earlier run of ptattn-classify. What is kept
// of it are whole lines.

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "classify/resume.hpp"
#include "ptattn/core/error.hpp"
#include "scratch.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace ptattn;
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  try {
    const tools::EarlierRun earlier =
        tools::read_earlier_run(fuzz::scratch_file("out.jsonl", text), {"tiny"});
    const bool whole = earlier.keep_bytes == 0 ||
                       (earlier.keep_bytes <= size && text[earlier.keep_bytes - 1] == '\n');
    if (!whole) std::abort();
  } catch (const Error&) {
  }
  return 0;
}
