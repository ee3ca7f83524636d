// Preloaded by the test preset `asan`. Mesa's drivers are unloaded before a program ends: what
// their variables point to would count as leaked, by a module that has no name any more. So no
// module is unloaded.
extern "C" int dlclose(void*) noexcept {
  return 0;
}
