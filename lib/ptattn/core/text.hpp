#pragma once

#include <functional>
#include <string>

namespace ptattn {

/// Joins words with a comma and a blank between them, as messages list names: "x, y, z".
/// @param word  what to take of each item, such as &Field::name
template <class Items, class Word = std::identity>
[[nodiscard]] std::string comma_joined(const Items& items, const Word& word = {}) {
  std::string text;
  for (const auto& item : items) {
    text.append(text.empty() ? "" : ", ").append(std::invoke(word, item));
  }
  return text;
}

}  // namespace ptattn
