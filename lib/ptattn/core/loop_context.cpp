#include "ptattn/core/loop_context.hpp"

#include <utility>

namespace ptattn::detail {

void LoopContext::fail(std::exception_ptr error) noexcept {
  if (failed_.exchange(true)) return;
  first_ = std::move(error);
  context_.cancel_group_execution();
}

void LoopContext::finish() {
  if (first_) std::rethrow_exception(first_);
  // Not reachable as long as no piece can name the context: the promise does not rest on that.
  if (context_.is_group_execution_cancelled()) throw Stopped();
}

}  // namespace ptattn::detail
