#pragma once

/// `.env`: variables for development, in a file beside the program.
///
///     const auto process = infra::environment::of_process();
///     const auto file = app::read_dotenv(process);
///     const auto env = infra::over(process, file.values);
///
/// An application does this by itself, and gives the values to whatever asks environment::of_process() later.

#include <infra/runtime/environment.hpp>

#include <string>
#include <string_view>
#include <vector>

namespace infra::app {

struct dotenv {
    environment values;
    std::vector<std::string> problems; ///< ".env:3: expected NAME=value"; never a value
};

/// One `NAME=value` a line, `export` before it or not; lines that begin with `#`, and what stands behind ` #`, say nothing. A value
/// between single quotes or backticks is taken as it is, between double quotes with `\n`, `\t`, `\"`, `\\` and `\$` read; both may go
/// over several lines. Nothing is expanded or run: a `$` is a `$`. Of two values of a name the later counts. `file` is its name in
/// problems.
dotenv parse_dotenv(std::string_view text, std::string_view file = ".env");

/// That of the working directory; nothing where there is none, or where APP_ENV (without it NODE_ENV) is `production`. What is larger
/// than 64 KiB, or no file, is a problem.
dotenv read_dotenv(const environment& process, const std::string& file = ".env");

/// A file that somebody named, whatever APP_ENV says. One that is not there is a problem too.
dotenv read_env_file(const std::string& file);

} // namespace infra::app
