#pragma once

#include <string>
#include <string_view>
#include <utility>

#include <nlohmann/json.hpp>

namespace ptattn {

/// Holds a JSON value and takes it apart without allocating.
///
/// nlohmann's destructor asks for memory to end what holds something, and the process ends where
/// there is none. So a value that nests lives in here, is not copied and not built elsewhere.
class JsonTree {
 public:
  JsonTree() = default;
  JsonTree(JsonTree&& other) noexcept : root_(std::move(other.root_)) {}
  JsonTree& operator=(JsonTree&& other) noexcept {
    std::swap(root_, other.root_);
    return *this;
  }
  JsonTree(const JsonTree&) = delete;
  JsonTree& operator=(const JsonTree&) = delete;
  ~JsonTree();

  [[nodiscard]] nlohmann::json& root() { return root_; }
  [[nodiscard]] const nlohmann::json& root() const { return root_; }

 private:
  nlohmann::json root_;
};

/// Parses JSON from an untrusted source.
/// @throws Error(Fault::kModel) with `subject` when it is not JSON, nests deeper than 16 levels or
///         names a key twice in one object (of which a plain parser keeps the last)
[[nodiscard]] JsonTree parse_json(std::string_view text, const std::string& subject);

}  // namespace ptattn
