#pragma once

/// What stands at the other end of a stream: a terminal that understands colours, one that does not, or a program.
///
///     to.print(to.painted(ink::red, "unhealthy"), document);

#include <infra/runtime/environment.hpp>

#include <cstddef>
#include <iosfwd>
#include <string>
#include <string_view>

namespace infra::cli {

/// Whether the stream is the process's standard output or error, and that a terminal.
bool is_terminal(const std::ostream& stream);

/// Whether the stream is the process's standard input, and somebody types there.
bool is_terminal(const std::istream& stream);

/// How many columns that terminal has; 0 where it is none, and nothing has to fit.
std::size_t columns_of(const std::ostream& stream);

/// Whether a terminal can be told to write over what it shows: not where TERM is `dumb` or nothing.
bool obeys_escapes(const environment& variables);

/// Puts it on the terminal that the stream is, past the stream. What the terminal does not take is lost.
void write_to_terminal(const std::ostream& stream, std::string_view text);

/// Colours are for terminals that understand them and whose owner wants them: neither with NO_COLOR nor where TERM is `dumb` or nothing.
bool has_colours(bool terminal, const environment& variables);

/// What a colour says, whatever words stand beside it: nothing may be said by colour alone.
enum class ink {
    good,  ///< green
    doubt, ///< yellow
    bad,   ///< red
    faint,
    strong,
};

/// The text so; as it is where there are no colours.
std::string painted(bool colours, ink with, std::string_view text);

} // namespace infra::cli
