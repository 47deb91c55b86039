#include "frame.hpp"
#include "verbs.hpp"

#include <iostream>

int main(int argc, char** argv) {
    infra::cli::frame frame(std::cout, std::cerr);
    infra::cli::add_all(frame);
    return frame.run({argv + 1, argv + argc});
}
