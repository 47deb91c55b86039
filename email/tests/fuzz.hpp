#pragma once

#include <cstdio>
#include <cstdlib>
#include <string>

namespace infra::email {

/// For a fuzzer: ends the program, and says what was promised and what came of it, unless `holds`.
inline void require(bool holds, const char* promise, const std::string& seen) {
    if (holds)
        return;
    std::fprintf(stderr, "a promise was broken: %s\n%s\n", promise, seen.c_str());
    std::abort();
}

} // namespace infra::email
