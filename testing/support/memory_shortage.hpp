#pragma once

/// Allocations that fail when a test wants them to. memory_shortage.cpp replaces operator new of a test program for it, where no
/// sanitizer wants it for itself; tests that need it stand under INFRA_TESTS_RUN_SHORT_OF_MEMORY.
///
///     bool fell_short = true;
///     for (long succeed = 0; fell_short; ++succeed) {
///         const infra::testing::shortage begun(succeed);
///         subject.do_something();                            // must hold what it holds, whichever allocation fails
///         fell_short = infra::testing::shortage::felt();
///     }

#include <limits>

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && !__has_feature(address_sanitizer) &&            \
    !__has_feature(thread_sanitizer) && !__has_feature(memory_sanitizer)
#define INFRA_TESTS_RUN_SHORT_OF_MEMORY 1
#endif

namespace infra::testing {

/// As long as it lives, of the allocations of its thread so many succeed, and so many after them fail. One at a time in a
/// thread.
class shortage {
public:
    static constexpr long all = std::numeric_limits<long>::max();

    explicit shortage(long succeed, long fail = all) noexcept;
    ~shortage();
    shortage(const shortage&) = delete;
    shortage& operator=(const shortage&) = delete;

    /// Before its life does.
    static void end() noexcept;

    /// Under the last one of the thread an allocation has failed.
    static bool felt() noexcept;
};

} // namespace infra::testing
