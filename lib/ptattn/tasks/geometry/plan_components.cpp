#include "ptattn/tasks/geometry/plan_components.hpp"

#include <algorithm>

namespace ptattn {

std::vector<PlanCell> occupied_cells(std::span<const PlanCell> cells) {
  std::vector<PlanCell> occupied(cells.begin(), cells.end());
  std::ranges::sort(occupied);
  occupied.erase(std::unique(occupied.begin(), occupied.end()), occupied.end());
  return occupied;
}

std::size_t place_of(std::span<const PlanCell> occupied, const PlanCell& cell) {
  const auto found = std::ranges::lower_bound(occupied, cell);
  if (found == occupied.end() || *found != cell) return occupied.size();
  return static_cast<std::size_t>(found - occupied.begin());
}

std::vector<std::int32_t> plan_components(std::span<const PlanCell> cells) {
  const std::vector<PlanCell> occupied = occupied_cells(cells);
  std::vector<std::int32_t> component(occupied.size(), -1);
  std::int32_t count = 0;
  std::vector<std::size_t> reached;
  for (std::size_t start = 0; start < occupied.size(); ++start) {
    if (component[start] >= 0) continue;
    component[start] = count;
    reached.push_back(start);
    while (!reached.empty()) {
      const PlanCell at = occupied[reached.back()];
      reached.pop_back();
      for (std::int64_t dx = -1; dx <= 1; ++dx) {
        for (std::int64_t dy = -1; dy <= 1; ++dy) {
          const std::size_t next = place_of(occupied, {at.first + dx, at.second + dy});
          if (next == occupied.size() || component[next] >= 0) continue;
          component[next] = count;
          reached.push_back(next);
        }
      }
    }
    ++count;
  }
  std::vector<std::int32_t> numbers(cells.size());
  std::ranges::transform(cells, numbers.begin(),
                         [&](const PlanCell& cell) { return component[place_of(occupied, cell)]; });
  return numbers;
}

}  // namespace ptattn
