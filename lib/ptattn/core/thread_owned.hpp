#pragma once

#include <pthread.h>

#include <memory>
#include <new>

namespace ptattn {

/// Owns an object for each thread, made when the thread first asks for it and destroyed at the
/// thread's end; the main thread's lives as long as the process.
///
/// As `thread_local T`, but where memory has ended `get` throws std::bad_alloc: the C library ends
/// the process when it cannot note the destructor of a `thread_local` object.
template <class T>
class ThreadOwned {
 public:
  /// Returns the calling thread's object.
  /// @throws std::bad_alloc, and what the constructor of T throws
  [[nodiscard]] static T& get() {
    if (mine_ == nullptr) mine_ = make();
    return *mine_;
  }

 private:
  static T* make() {
    static const pthread_key_t kKey = make_key();
    auto made = std::make_unique<T>();
    if (::pthread_setspecific(kKey, made.get()) != 0) throw std::bad_alloc();
    return made.release();
  }
  static pthread_key_t make_key() {
    pthread_key_t key{};
    const auto destroy = [](void* object) {
      mine_ = nullptr;
      delete static_cast<T*>(object);
    };
    if (::pthread_key_create(&key, destroy) != 0) throw std::bad_alloc();
    return key;
  }

  static inline thread_local T* mine_ = nullptr;
};

}  // namespace ptattn
