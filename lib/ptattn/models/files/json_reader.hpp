#pragma once

#include <cstddef>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "ptattn/models/files/json_tree.hpp"

namespace ptattn {

/// Bounds numbers: [min, max].
template <class T>
struct Range {
  T min;
  T max;
};

/// Reads an object key by key; every key must have been asked for when `finish` is called.
///
/// Every function throws Error(Fault::kModel), with the key's full path, when a value is missing
/// without a default, has the wrong type or is out of range.
class JsonObject {
 public:
  /// @param path     of the object inside the file, such as "groups[0]"; empty: the whole file
  /// @param subject  what error messages call the file
  JsonObject(const nlohmann::json& value, std::string path, std::string subject);

  [[nodiscard]] std::size_t integer(const std::string& key, Range<std::size_t> range,
                                    std::optional<std::size_t> fallback = {});
  [[nodiscard]] double number(const std::string& key, Range<double> range,
                              std::optional<double> fallback = {});
  [[nodiscard]] bool flag(const std::string& key, std::optional<bool> fallback = {});
  [[nodiscard]] std::string text(const std::string& key);
  /// Returns the position of the value among `choices`.
  [[nodiscard]] std::size_t choice(const std::string& key, const std::vector<std::string>& choices);
  /// Returns an array of whole numbers, at most `max_size` of them.
  [[nodiscard]] std::vector<std::size_t> integers(const std::string& key, Range<std::size_t> range,
                                                  std::size_t max_size);
  /// Returns nullptr when the key is absent.
  [[nodiscard]] const nlohmann::json* find(const std::string& key);
  /// Returns an array of at most `max_size` items.
  [[nodiscard]] const nlohmann::json& array(const std::string& key, std::size_t max_size);
  [[nodiscard]] const nlohmann::json& object(const std::string& key);
  /// Refuses unknown keys.
  void finish() const;

  [[noreturn]] void fail(const std::string& key, const std::string& problem) const;

 private:
  [[nodiscard]] const nlohmann::json& required(const std::string& key);

  const nlohmann::json& value_;
  std::string path_;
  std::string subject_;
  std::set<std::string> asked_;
};

}  // namespace ptattn
