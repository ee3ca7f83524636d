#include "ptattn/io/binary_values.hpp"

#include <algorithm>
#include <string>
#include <string_view>

#include "ptattn/io/ascii_numbers.hpp"
#include "ptattn/io/record_codec.hpp"

namespace ptattn::io {

bool is_padding(std::string_view bytes) {
  return std::ranges::all_of(bytes, [](char c) { return c == '\0' || is_space(c); });
}

std::string note_of_rest(const ByteSource& source, std::uint64_t offset, std::string_view last) {
  constexpr std::uint64_t kMostPadding = std::uint64_t{1}
                                         << 17;  // PCL fills pages, which have up to 64 KiB
  const std::uint64_t rest = source.size() - offset;
  if (rest <= kMostPadding) {
    Scratch scratch;
    const auto bytes = source.view(offset, static_cast<std::size_t>(rest), scratch);
    if (is_padding({reinterpret_cast<const char*>(bytes.data()), bytes.size()})) return "";
  }
  return std::to_string(rest) + " more byte" + (rest == 1 ? "" : "s") + " after " +
         std::string(last) + " are left out";
}

bool BinaryValues::read(FieldType type, std::size_t count, std::byte* out) {
  if (!stream_.read(out, count * size_of(type))) return false;
  if (swap_) swap_bytes(out, size_of(type), count);
  return true;
}

std::string BinaryValues::note_of_rest() {
  return io::note_of_rest(stream_.source(), stream_.offset());
}

std::unique_ptr<ValueReader> BinaryValues::clone() const {
  return std::make_unique<BinaryValues>(*this);
}

}  // namespace ptattn::io
