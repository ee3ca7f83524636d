// Nothing of its own: CMake wants a source file where the headers of all tests are compiled once.
