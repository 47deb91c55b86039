#include "frame.hpp"
#include "verbs.hpp"

#include <iostream>

int main(int argc, char** argv) {
    infra::cli::frame frame(std::cout, std::cerr);
    infra::cli::add_cache(frame);
    infra::cli::add_cron(frame);
    infra::cli::add_email(frame);
    infra::cli::add_health(frame);
    infra::cli::add_queue(frame);
    infra::cli::add_realtime(frame);
    infra::cli::add_storage(frame);
    infra::cli::add_version(frame);
    return frame.run({argv + 1, argv + argc});
}
