#pragma once

#include <tbb/parallel_sort.h>

#include "ptattn/core/parallel.hpp"

namespace ptattn {

/// Sorts `values` in ascending order, in parallel; ends finished or throws, as parallel_ranges
/// does. Equal values must not be told apart: their order depends on the thread count.
template <class Values>
void parallel_sort(Values&& values) {
  throw_if_stopped();
  // The loops inside tbb::parallel_sort are bound to the task that they are started from.
  detail::in_own_context([&] { tbb::parallel_sort(values.begin(), values.end()); });
}

}  // namespace ptattn
