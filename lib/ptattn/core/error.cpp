#include "ptattn/core/error.hpp"

namespace ptattn {
namespace {

std::string one_line(std::string_view subject, std::string_view problem) {
  std::string line;
  line.reserve(subject.size() + 2 + problem.size());
  line.append(subject).append(": ").append(problem);
  for (char& c : line) {
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  }
  return line;
}

}  // namespace

Error::Error(Fault fault, std::string_view subject, std::string_view problem)
    : std::runtime_error(one_line(subject, problem)), fault_(fault) {}

}  // namespace ptattn
