#include "ptattn/train/checkpoint.hpp"

#include <cstring>
#include <optional>
#include <string_view>
#include <system_error>

#include "ptattn/core/error.hpp"
#include "ptattn/core/random.hpp"
#include "ptattn/io/atomic_file.hpp"
#include "ptattn/io/whole_file.hpp"

namespace ptattn::train {
namespace {

constexpr std::string_view kMagic = "ptattnck";
constexpr std::size_t kBestBlocks = 2;  // at the end, behind the selection

template <class T>
std::string_view bytes_of(const T& value) {
  return {reinterpret_cast<const char*>(&value), sizeof value};
}

std::string_view bytes_of(std::span<const float> values) {
  return {reinterpret_cast<const char*>(values.data()), values.size_bytes()};
}

/// FNV-1a over eight bytes a round, the last ones one by one.
std::uint64_t checksum(std::string_view bytes) {
  std::uint64_t hash = 0xcbf29ce484222325ULL;
  const auto mix = [&hash](std::uint64_t word) { hash = (hash ^ word) * 0x100000001b3ULL; };
  std::size_t i = 0;
  for (; i + 8 <= bytes.size(); i += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, bytes.data() + i, 8);
    mix(word);
  }
  for (; i < bytes.size(); ++i) mix(static_cast<unsigned char>(bytes[i]));
  return splitmix64_mix(hash);
}

std::filesystem::path previous_of(std::filesystem::path path) {
  return path += ".previous";
}

/// What stands between magic and checksum; nullopt where the file is missing or damaged.
std::optional<std::string> read_body(const std::filesystem::path& path) {
  if (!std::filesystem::exists(path)) return std::nullopt;
  const std::string text = io::read_whole_file(path);
  std::uint64_t expected = 0;
  const std::size_t around = kMagic.size() + sizeof expected;
  if (text.size() < around || !text.starts_with(kMagic)) return std::nullopt;
  std::string body = text.substr(kMagic.size(), text.size() - around);
  std::memcpy(&expected, text.data() + text.size() - sizeof expected, sizeof expected);
  if (checksum(body) != expected) return std::nullopt;
  return body;
}

/// Takes values from the front of bytes whose checksum is right.
class Reader {
 public:
  Reader(std::string_view bytes, std::string subject)
      : left_(bytes), subject_(std::move(subject)) {}

  std::string_view take(std::size_t size) {
    if (left_.size() < size) refuse();
    const std::string_view taken = left_.substr(0, size);
    left_.remove_prefix(size);
    return taken;
  }
  template <class T>
  void take_value(T& value) {
    std::memcpy(&value, take(sizeof value).data(), sizeof value);
  }
  void take_values(std::span<float> values) {
    std::uint64_t count = 0;
    take_value(count);
    if (count != values.size()) refuse();
    std::memcpy(values.data(), take(values.size_bytes()).data(), values.size_bytes());
  }
  [[nodiscard]] bool at_end() const { return left_.empty(); }
  void expect(std::string_view text) {
    std::uint64_t size = 0;
    take_value(size);
    if (size != text.size() || take(size) != text) refuse();
  }

 private:
  [[noreturn]] void refuse() const {
    throw Error(Fault::kInput, subject_,
                "is the state of another network, train into another folder or remove it");
  }

  std::string_view left_;
  std::string subject_;
};

}  // namespace

std::string layout_of(const ParameterSet& set) {
  std::string text;
  const auto add = [&text](const auto& tensors) {
    for (const auto& tensor : tensors) {
      text += tensor.name;
      for (const std::size_t size : tensor.shape) text.append(" ").append(std::to_string(size));
      text.append("\n");
    }
  };
  add(set.parameters());
  add(set.buffers());
  return text;
}

void write_checkpoint(const std::filesystem::path& path, const CheckpointView& state) {
  std::string body;
  const auto add_number = [&body](std::uint64_t number) { body += bytes_of(number); };
  add_number(state.layout.size());
  body += state.layout;
  add_number(state.steps);
  add_number(state.updates);
  body += bytes_of(state.minutes);
  add_number(state.frozen ? 1 : 0);
  for (std::size_t i = 0; i < kCheckpointBlocks; ++i) {
    if (i + kBestBlocks == kCheckpointBlocks) body += bytes_of(state.best);
    add_number(state.values[i].size());
    body += bytes_of(state.values[i]);
  }
  const std::uint64_t sum = checksum(body);
  io::AtomicFile file(path);
  file.append(kMagic);
  file.append(body);
  file.append(bytes_of(sum));
  std::error_code missing;
  std::filesystem::rename(path, previous_of(path), missing);
  file.commit();
}

bool read_checkpoint(const std::filesystem::path& path, Checkpoint& state) {
  std::optional<std::string> body = read_body(path);
  if (!body) body = read_body(previous_of(path));
  if (!body) return false;
  Reader reader(*body, path.string());
  reader.expect(state.layout);
  std::uint64_t frozen = 0;
  reader.take_value(state.steps);
  reader.take_value(state.updates);
  reader.take_value(state.minutes);
  reader.take_value(frozen);
  state.frozen = frozen != 0;
  for (std::size_t i = 0; i < kCheckpointBlocks; ++i) {
    if (i + kBestBlocks == kCheckpointBlocks) {
      if (reader.at_end()) break;
      reader.take_value(state.best);
    }
    reader.take_values(state.values[i]);
  }
  return true;
}

}  // namespace ptattn::train
