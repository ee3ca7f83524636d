#pragma once

#include <filesystem>
#include <string>
#include <string_view>

namespace ptattn {

/// Computes a hash of what a model is: of every byte of its config.json and its model.safetensors.
///
/// XXH3 with 128 bits (xxHash 0.8), of the length and the bytes of each file in turn; equal files
/// have equal hashes wherever they lie. It tells models apart, it does not withstand forgery.
/// @return  32 hexadecimal digits
/// @throws  Error(Fault::kModel) when one of the files cannot be read
/// Time O(bytes), several gigabytes a second.
[[nodiscard]] std::string hash_model(const std::filesystem::path& folder);

/// Computes the same of a text.
[[nodiscard]] std::string hash_text(std::string_view text);

}  // namespace ptattn
