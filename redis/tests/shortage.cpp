#include "tests/shortage.hpp"

#ifdef INFRA_TESTS_RUN_SHORT_OF_MEMORY

#include <cstdlib>
#include <new>

namespace {

thread_local constinit long allowed = -1; // allocations, before one fails, and all after it; below zero: all
thread_local constinit bool has_failed = false;

bool fails() noexcept {
    const bool none_is_left = allowed == 0;
    has_failed |= none_is_left;
    allowed -= allowed > 0 ? 1 : 0;
    return none_is_left;
}

} // namespace

void* operator new(std::size_t size) {
    if (void* made = fails() ? nullptr : std::malloc(size))
        return made;
    throw std::bad_alloc();
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }

namespace infra::redis {

shortage::shortage(long of) noexcept {
    allowed = of;
    has_failed = false;
}

shortage::~shortage() { allowed = -1; }

bool shortage::felt() noexcept { return has_failed; }

} // namespace infra::redis

#endif
