#include "ptattn/io/binary_values.hpp"

#include <algorithm>
#include <string>
#include <string_view>

#include "ptattn/io/ascii_numbers.hpp"
#include "ptattn/io/record_codec.hpp"

namespace ptattn::io {

bool BinaryValues::read(FieldType type, std::size_t count, std::byte* out) {
  if (!stream_.read(out, count * size_of(type))) return false;
  if (swap_) swap_bytes(out, size_of(type), count);
  return true;
}

void BinaryValues::expect_end() {
  do {
    const std::string_view rest = stream_.window();
    if (!std::ranges::all_of(rest, is_space)) {
      stream_.source().fail("goes on behind the last value that the header announces, at byte " +
                            std::to_string(stream_.offset()));
    }
    stream_.take(rest.size());
  } while (stream_.refill());
}

std::unique_ptr<ValueReader> BinaryValues::clone() const {
  return std::make_unique<BinaryValues>(*this);
}

}  // namespace ptattn::io
