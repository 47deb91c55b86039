#include "frame.hpp"
#include "verbs.hpp"

#include <cstdlib>
#include <iostream>

#include <fcntl.h>
#include <unistd.h>

namespace {

// Whose input, output or error is closed would have a file or socket opened there, and written to in its stead. This goes on failing.
void keep_standard_descriptors() {
    for (const int each : {STDIN_FILENO, STDOUT_FILENO, STDERR_FILENO}) // what is opened takes the lowest place
        if (::fcntl(each, F_GETFD) < 0 && ::open("/dev/null", each == STDIN_FILENO ? O_WRONLY : O_RDONLY) < 0)
            return; // where there is none they stay closed
}

} // namespace

int main(int argc, char** argv) {
    keep_standard_descriptors();
    infra::cli::frame frame(std::cout, std::cerr);
    infra::cli::add_all(frame);
    const int code = frame.run({argv + 1, argv + argc});
    std::cout.flush();
    std::cerr.flush();
    std::_Exit(code); // joins no thread: one may wait for the system's resolver, which nobody can call off
}
