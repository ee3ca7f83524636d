// Preloaded into a program (LD_PRELOAD): its memory ends at the n-th allocation that main makes, by
// whatever library and thread. The environment says how:
//
//   END_OF_MEMORY=once:N    the N-th allocation fails
//   END_OF_MEMORY=from:N    so does every one behind it
//   END_OF_MEMORY=/a/file   none fails; their number is written to that file at the end
//
// Allocations are those of malloc and its relatives, so operator new as well, and anonymous maps,
// of which TBB makes its own memory. Those inside dlopen do not fail and are not counted:
// glibc 2.36 crashes where a library that it loads finds no memory in its own constructor, as TBB's
// does.

#include <dlfcn.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>

extern "C" {
// glibc's own, by the names that it gives them for this purpose.
void* __libc_malloc(std::size_t bytes);
void* __libc_calloc(std::size_t n, std::size_t bytes);
void* __libc_realloc(void* old, std::size_t bytes);
void* __libc_memalign(std::size_t alignment, std::size_t bytes);
}

namespace {

std::atomic<bool> armed = false;
std::atomic<std::uint64_t> count = 0;
std::uint64_t at = 0;  // 0: never
bool lasts = false;

thread_local bool is_loading = false;

bool fails() {
  if (is_loading || !armed.load(std::memory_order_relaxed)) return false;
  const std::uint64_t number = count.fetch_add(1, std::memory_order_relaxed) + 1;
  const bool now = at > 0 && (number == at || (lasts && number > at));
  if (now) errno = ENOMEM;
  return now;
}

void arm() {
  const char* const how = std::getenv("END_OF_MEMORY");
  if (how == nullptr) return;
  lasts = std::strncmp(how, "from:", 5) == 0;
  if (lasts || std::strncmp(how, "once:", 5) == 0) at = std::strtoull(how + 5, nullptr, 10);
  armed = true;
}

using Main = int (*)(int, char**, char**);
Main program = nullptr;

int armed_main(int argc, char** argv, char** environment) {
  arm();
  return program(argc, argv, environment);
}

__attribute__((destructor)) void write_count() {
  armed = false;
  const char* const path = std::getenv("END_OF_MEMORY");
  if (path == nullptr || *path != '/') return;
  char text[32];
  const int size =
      std::snprintf(text, sizeof text, "%llu", static_cast<unsigned long long>(count.load()));
  const int file = ::open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  (void)!::write(file, text, static_cast<std::size_t>(size));
  ::close(file);
}

}  // namespace

extern "C" {

int __libc_start_main(Main main, int argc, char** argv, void (*init)(), void (*fini)(),
                      void (*loader_fini)(), void* stack_end) {
  program = main;
  const auto start =
      reinterpret_cast<decltype(&__libc_start_main)>(::dlsym(RTLD_NEXT, "__libc_start_main"));
  return start(armed_main, argc, argv, init, fini, loader_fini, stack_end);
}

void* dlopen(const char* name, int mode) {
  const auto open = reinterpret_cast<decltype(&dlopen)>(::dlsym(RTLD_NEXT, "dlopen"));
  is_loading = true;
  void* const library = open(name, mode);
  is_loading = false;
  return library;
}
void* malloc(std::size_t bytes) {
  return fails() ? nullptr : __libc_malloc(bytes);
}
void* calloc(std::size_t n, std::size_t bytes) {
  return fails() ? nullptr : __libc_calloc(n, bytes);
}
void* realloc(void* old, std::size_t bytes) {
  return fails() ? nullptr : __libc_realloc(old, bytes);
}
void* aligned_alloc(std::size_t alignment, std::size_t bytes) {
  return fails() ? nullptr : __libc_memalign(alignment, bytes);
}
void* memalign(std::size_t alignment, std::size_t bytes) {
  return fails() ? nullptr : __libc_memalign(alignment, bytes);
}
int posix_memalign(void** memory, std::size_t alignment, std::size_t bytes) {
  if (fails()) return ENOMEM;
  *memory = __libc_memalign(alignment, bytes);
  return *memory == nullptr ? ENOMEM : 0;
}
void* mmap(void* address, std::size_t bytes, int protection, int flags, int file, off_t offset) {
  if ((flags & MAP_ANONYMOUS) != 0 && fails()) return MAP_FAILED;
  return reinterpret_cast<void*>(
      ::syscall(SYS_mmap, address, bytes, protection, flags, file, offset));
}

}  // extern "C"
