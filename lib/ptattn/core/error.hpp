#pragma once

#include <stdexcept>
#include <string>
#include <string_view>

namespace ptattn {

/// Holds what went wrong, from the user's side. The value is the process exit code.
enum class Fault : int {
  kUsage = 2,  ///< the command line or an argument of a library call
  kInput = 3,  ///< a cloud or a list of clouds
  kModel = 4,  ///< a model folder, its configuration or its weights
};

/// Represents the only exception the library throws, but for std::bad_alloc and, after a stop was
/// requested, Stopped (stop.hpp).
///
/// `what()` is one line: `<subject>: <what is wrong>, <what was expected>`. Control characters of
/// either part are replaced by '?', so that a hostile file name cannot break the line.
class Error : public std::runtime_error {
 public:
  Error(Fault fault, std::string_view subject, std::string_view problem);

  [[nodiscard]] Fault fault() const noexcept { return fault_; }
  [[nodiscard]] int exit_code() const noexcept { return static_cast<int>(fault_); }

 private:
  Fault fault_;
};

}  // namespace ptattn
