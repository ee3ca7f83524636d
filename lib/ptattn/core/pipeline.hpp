#pragma once

#include <atomic>
#include <cstddef>
#include <exception>
#include <limits>
#include <optional>
#include <type_traits>
#include <utility>
#include <vector>

#include <tbb/parallel_pipeline.h>
#include <tbb/task_arena.h>

#include "ptattn/core/loop_context.hpp"
#include "ptattn/core/stop.hpp"

namespace ptattn {
namespace detail {

/// Represents one run of ordered_pipeline. Items carry a number; what is made of them waits in a
/// ring of slots: at most as many are under way as there are slots, and they leave in order, so a
/// slot is free again when its turn comes.
template <class Take, class Work, class Deliver>
class PipelineRun {
 public:
  using Item = typename std::invoke_result_t<const Take&>::value_type;
  using Result = std::invoke_result_t<const Work&, Item>;

  PipelineRun(std::size_t in_flight, const Take& take, const Work& work, const Deliver& deliver)
      : slots_(in_flight > 0 ? in_flight : 1), take_(take), work_(work), deliver_(deliver) {}

  void operator()() {
    LoopContext context;
    using tbb::filter_mode;
    tbb::parallel_pipeline(
        slots_.size(),
        tbb::make_filter<void, std::size_t>(filter_mode::serial_in_order,
                                            [&](tbb::flow_control& c) { return take_next(c); }) &
            tbb::make_filter<std::size_t, std::size_t>(filter_mode::parallel,
                                                       [&](std::size_t i) { return work_on(i); }) &
            tbb::make_filter<std::size_t, void>(filter_mode::serial_in_order,
                                                [&](std::size_t i) { deliver_next(i); }),
        context.tbb());
    if (error_) std::rethrow_exception(error_);
    context.finish();
  }

 private:
  static constexpr std::size_t kNone = std::numeric_limits<std::size_t>::max();

  struct Slot {
    std::optional<Item> item;
    std::optional<Result> result;
    std::exception_ptr error;
  };

  /// Calls `stage()`; what it throws is the error of item `i` and ends the run behind it.
  template <class Stage>
  void guarded(std::size_t i, const Stage& stage) noexcept {
    try {
      stage();
    } catch (...) {
      slots_[i % slots_.size()].error = std::current_exception();
      std::size_t first = first_failed_.load();
      while (i < first && !first_failed_.compare_exchange_weak(first, i)) {
      }
    }
  }

  std::size_t take_next(tbb::flow_control& control) {
    if (first_failed_.load() != kNone) {
      control.stop();
      return kNone;
    }
    Slot& slot = slots_[taken_ % slots_.size()];
    slot.item.reset();
    guarded(taken_, [&] {
      throw_if_stopped();
      slot.item = take_();
    });
    if (!slot.item && !slot.error) {
      control.stop();
      return kNone;
    }
    return taken_++;
  }

  std::size_t work_on(std::size_t i) {
    Slot& slot = slots_[i % slots_.size()];
    if (slot.error || i > first_failed_.load()) return i;  // will not be delivered
    // Isolated, a thread that waits inside one item does not begin another and hold both.
    tbb::this_task_arena::isolate(
        [&] { guarded(i, [&] { slot.result.emplace(work_(std::move(*slot.item))); }); });
    return i;
  }

  void deliver_next(std::size_t i) {
    if (error_) return;
    Slot& slot = slots_[i % slots_.size()];
    if (slot.result) guarded(i, [&] { deliver_(std::move(*slot.result)); });
    slot.result.reset();
    error_ = slot.error;
  }

  std::vector<Slot> slots_;
  const Take& take_;
  const Work& work_;
  const Deliver& deliver_;
  std::size_t taken_ = 0;
  std::atomic<std::size_t> first_failed_ = kNone;
  std::exception_ptr error_;  // of the first item, in order, that failed
};

}  // namespace detail

/// Takes items one after the other, works on many at a time and delivers the results in order.
///
/// When a stage throws, no item behind that one is begun; those under way end; those before it are
/// delivered, none behind it; then the exception is thrown here. So what was delivered and which
/// error is reported do not depend on the thread count. The loops inside `work` are never cut short
/// by another item's error.
/// @param in_flight  most items under way at a time; each may hold memory
/// @param take       () -> std::optional<Item>, empty at the end; one call at a time
/// @param work       (Item) -> Result, in parallel; a thread finishes one item before the next
/// @param deliver    (Result), one call at a time, in the order of taking
/// @throws what the first item to fail threw; Stopped once a stop was requested
template <class Take, class Work, class Deliver>
void ordered_pipeline(std::size_t in_flight, const Take& take, const Work& work,
                      const Deliver& deliver) {
  detail::PipelineRun<Take, Work, Deliver>(in_flight, take, work, deliver)();
}

}  // namespace ptattn
