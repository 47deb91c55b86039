#include "memory_shortage.hpp"

#ifdef INFRA_TESTS_RUN_SHORT_OF_MEMORY

#include <cstdlib>
#include <new>

namespace {

thread_local constinit long succeed = 0;
thread_local constinit long fail = 0; // after those; none: there is no shortage
thread_local constinit bool has_failed = false;

bool fails() noexcept {
    if (fail == 0)
        return false;
    if (succeed > 0) {
        --succeed;
        return false;
    }
    --fail;
    has_failed = true;
    return true;
}

} // namespace

void* operator new(std::size_t size) {
    if (void* made = fails() ? nullptr : std::malloc(size))
        return made;
    throw std::bad_alloc();
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }

namespace infra::testing {

shortage::shortage(long succeed_, long fail_) noexcept {
    succeed = succeed_;
    fail = fail_;
    has_failed = false;
}

shortage::~shortage() { end(); }

void shortage::end() noexcept { fail = 0; }

bool shortage::felt() noexcept { return has_failed; }

} // namespace infra::testing

#endif
