// The stub as a program: for benchmarks, for Node, and to be killed.
//
//     storage_stub [--port N] [--threads N] [--profile aws|r2|old|bare] [--region R] [--directory D]
//                  [--synthetic] [--unchecked] [--pattern KEY=SIZE]… [--with-md5]
//
// Prints its endpoint, and serves until SIGTERM, or until whoever started it has ended. --synthetic keeps no bodies: every object is the pattern (pattern.hpp), of the
// length that was put. --unchecked computes no digest of what is put. --with-md5 keeps that of patterns in
// their metadata, as rclone does.

#include "server.hpp"

#include <sys/prctl.h>

#include <csignal>
#include <iostream>
#include <stdexcept>
#include <vector>

namespace stub = infra::storage::stub;

namespace {

stub::profile profile_of(const std::string& name) {
    for (const auto& each : {stub::aws(), stub::r2(), stub::old(), stub::bare()})
        if (each.name == name)
            return each;
    throw std::invalid_argument("there is no profile " + name);
}

struct plan {
    stub::options options{};
    std::vector<std::pair<std::string, std::uint64_t>> patterns{};
    bool with_md5 = false;
};

plan plan_of(const std::vector<std::string>& given) {
    plan p;
    p.options.remember = false;
    for (std::size_t i = 0; i < given.size(); ++i) {
        const auto& name = given[i];
        if (name == "--synthetic") {
            p.options.keep_bodies = false;
            continue;
        }
        if (name == "--with-md5") {
            p.with_md5 = true;
            continue;
        }
        if (name == "--unchecked") {
            p.options.check_hashes = false;
            continue;
        }
        const auto value = i + 1 < given.size() ? given[++i] : throw std::invalid_argument(name + " needs a value");
        if (name == "--port")
            p.options.port = static_cast<std::uint16_t>(std::stoi(value));
        else if (name == "--threads")
            p.options.threads = std::stoul(value);
        else if (name == "--profile")
            p.options.profile = profile_of(value);
        else if (name == "--region")
            p.options.region = value;
        else if (name == "--directory")
            p.options.directory = value;
        else if (name == "--pattern")
            p.patterns.emplace_back(value.substr(0, value.find('=')), std::stoull(value.substr(value.find('=') + 1)));
        else
            throw std::invalid_argument("what is " + name + "?");
    }
    return p;
}

} // namespace

int main(int count, char** values) try {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL); // does not outlive whoever started it
    sigset_t ending;
    ::sigemptyset(&ending);
    ::sigaddset(&ending, SIGINT);
    ::sigaddset(&ending, SIGTERM);
    ::pthread_sigmask(SIG_BLOCK, &ending, nullptr); // of all threads
    std::signal(SIGPIPE, SIG_IGN);
    const auto p = plan_of({values + 1, values + count});
    stub::server server(p.options);
    for (const auto& [key, size] : p.patterns)
        server.s3().put_pattern(key, size, p.with_md5);
    std::cout << server.endpoint() << std::endl;
    int signal = 0;
    ::sigwait(&ending, &signal);
} catch (const std::exception& e) {
    std::cerr << "storage_stub: " << e.what() << '\n';
    return 1;
}
