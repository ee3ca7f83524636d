#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "ptattn/models/files/weights.hpp"

namespace ptattn {

/// Represents a safetensors file, open for reading: eight bytes of header length (little endian), a
/// JSON header {name: {"dtype", "shape", "data_offsets"}}, then the tensors' bytes one after the
/// other.
///
/// The file is not trusted. The constructor checks the header's length against the file's, every
/// tensor's extent against its shape and type, and that the extents cover the data exactly: no
/// overlap, no gap. Nothing large is allocated before that. Tensors need not be aligned.
class SafetensorsFile final : public WeightSource {
 public:
  /// @throws Error(Fault::kModel) one line, for whatever is wrong with the file
  explicit SafetensorsFile(const std::filesystem::path& path);
  ~SafetensorsFile() override;

  [[nodiscard]] std::vector<std::string> names() const override;
  [[nodiscard]] const std::vector<std::size_t>* shape(std::string_view name) const override;
  /// Returns f32, F16 and BF16 tensors, the latter two converted exactly.
  /// @throws Error(Fault::kModel) when there is no such tensor or it holds integers
  [[nodiscard]] std::vector<float> values(std::string_view name) const override;
  [[nodiscard]] std::string subject() const override;

  /// Returns I32 and I64 tensors.
  /// @throws Error(Fault::kModel) when there is no such tensor or it holds something else
  [[nodiscard]] std::vector<std::int64_t> integers(std::string_view name) const;
  /// Returns true for tensors that `integers` reads.
  [[nodiscard]] bool holds_integers(std::string_view name) const;

 private:
  struct Contents;
  std::unique_ptr<const Contents> contents_;
};

}  // namespace ptattn
