// Replaces the allocation functions of a test program by one of its own. To be included in one
// file of the program, which defines ptattn::test::allocate.
#pragma once

#include <cstddef>
#include <cstdlib>
#include <new>

namespace ptattn::test {

/// Returns memory, to be released by std::free.
/// @throws std::bad_alloc
void* allocate(std::size_t bytes, std::size_t alignment);

}  // namespace ptattn::test

// In libstdc++ all other forms call these; sanitizers bring every form that is not here.
void* operator new(std::size_t bytes) {
  return ptattn::test::allocate(bytes, alignof(std::max_align_t));
}
void* operator new(std::size_t bytes, std::align_val_t alignment) {
  return ptattn::test::allocate(bytes, static_cast<std::size_t>(alignment));
}
void* operator new[](std::size_t bytes) {
  return operator new(bytes);
}
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  try {
    return operator new(bytes);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}
void operator delete[](void* p) noexcept {
  std::free(p);
}
void operator delete[](void* p, std::size_t) noexcept {
  std::free(p);
}
void operator delete(void* p, const std::nothrow_t&) noexcept {
  std::free(p);
}
void operator delete(void* p) noexcept {
  std::free(p);
}
void operator delete(void* p, std::size_t) noexcept {
  std::free(p);
}
void operator delete(void* p, std::align_val_t) noexcept {
  std::free(p);
}
void operator delete(void* p, std::size_t, std::align_val_t) noexcept {
  std::free(p);
}
