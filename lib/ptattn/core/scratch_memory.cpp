#include "ptattn/core/scratch_memory.hpp"

#include <algorithm>
#include <memory>
#include <new>
#include <vector>

#include "ptattn/core/error.hpp"
#include "ptattn/core/thread_owned.hpp"

namespace ptattn {
namespace {

constexpr std::size_t kAlignment = 64;
constexpr std::size_t kSmallestBlock = std::size_t{64} << 10;

/// Bytes that a value takes of a block.
std::size_t padded(std::size_t bytes) {
  return (bytes + kAlignment - 1) / kAlignment * kAlignment;
}

struct Free {
  void operator()(std::byte* p) const noexcept {
    ::operator delete (p, std::align_val_t{kAlignment});
  }
};

}  // namespace

/// Blocks that are used one after the other. Nothing moves while it is in use: where the current
/// block is full, another one follows. When all is given back, one block replaces several.
class ScratchMemory::Stack {
 public:
  struct Block {
    explicit Block(std::size_t bytes)
        : data(static_cast<std::byte*>(::operator new (bytes, std::align_val_t{kAlignment}))),
          size(bytes) {}
    std::unique_ptr<std::byte, Free> data;
    std::size_t size;
  };

  void* take(std::size_t count) {
    count = padded(count);
    reserve(count);
    void* const taken = blocks[block].data.get() + used;
    used += count;
    return taken;
  }

  /// Sees to it that the next `count` bytes lie in one block. What follows the blocks in use is
  /// empty: where the first of these is too small, a larger one takes the place of them all.
  void reserve(std::size_t count) {
    if (block < blocks.size() && blocks[block].size - used >= count) return;
    if (used > 0) ++block;
    used = 0;
    if (block < blocks.size() && blocks[block].size >= count) return;
    while (blocks.size() > block) blocks.pop_back();  // before the larger one, not beside them
    blocks.emplace_back(std::max(count, kSmallestBlock));
  }

  /// Gives back the end of the value taken last.
  void shrink(const void* taken, std::size_t from, std::size_t to) {
    if (from == to) return;
    const std::byte* const begin = blocks[block].data.get() + used - padded(from);
    if (begin != taken) throw Error(Fault::kUsage, "scratch memory", "is not what was taken last");
    used -= padded(from) - padded(to);
  }

  /// After the outermost ScratchMemory.
  void settle() noexcept {
    std::size_t total = 0;
    for (const Block& b : blocks) total += b.size;
    if (total > kKept) {
      blocks.clear();
    } else if (blocks.size() > 1) {
      blocks.clear();  // before the larger one, not beside it
      try {
        blocks.emplace_back(total);
      } catch (const std::bad_alloc&) {  // the next call asks for its own
      }
    }
  }

  std::vector<Block> blocks;
  std::size_t block = 0;  // the next value goes here,
  std::size_t used = 0;   // behind this many bytes
  ScratchMemory* newest = nullptr;
};

ScratchMemory::Stack& ScratchMemory::stack_of_this_thread() {
  return ThreadOwned<Stack>::get();
}

ScratchMemory::ScratchMemory()
    : stack_(stack_of_this_thread()),
      below_(stack_.newest),
      block_(stack_.block),
      used_(stack_.used) {
  stack_.newest = this;
}

ScratchMemory::~ScratchMemory() {
  stack_.newest = below_;
  stack_.block = block_;
  stack_.used = used_;
  if (below_ == nullptr) stack_.settle();
}

void ScratchMemory::check_newest() const {
  if (stack_.newest != this) {
    throw Error(Fault::kUsage, "scratch memory", "is not the newest of its thread");
  }
}

void* ScratchMemory::bytes(std::size_t count) {
  check_newest();
  return stack_.take(count);
}

void ScratchMemory::shrink(const void* taken, std::size_t from, std::size_t to) {
  check_newest();
  stack_.shrink(taken, from, to);
}

void ScratchMemory::reserve(std::size_t bytes) {
  check_newest();
  stack_.reserve(padded(bytes));
}

}  // namespace ptattn
