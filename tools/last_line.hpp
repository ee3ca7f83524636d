#pragma once

#include <string_view>

namespace ptattn::tools {

/// What a command says when memory has ended.
inline constexpr const char* kNoMemory = "not enough memory";

/// Notes the name of the command, which the last line of end_process begins with.
void set_command_name(std::string_view name);

/// Ends the process: removes temporary files, writes the line `<command>: <words><detail>` to
/// standard error and exits with `exit_code`. Asks for no memory and is safe in a signal handler.
/// Of several calls, by whatever threads, the first one ends the process.
/// @param detail  behind the words; what does not fit into the line is left out
[[noreturn]] void end_process(int exit_code, std::string_view words,
                              std::string_view detail = {}) noexcept;

/// Makes std::terminate end the process by end_process: an exception that nothing can catch, such
/// as a lack of memory inside a destructor or a worker thread, ends in one line and a documented
/// exit code, too.
void end_in_a_line_on_terminate();

}  // namespace ptattn::tools
