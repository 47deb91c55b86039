#pragma once

/// Allocations that fail when a test wants them to. operator new is replaced for it, where no sanitizer wants it for
/// itself; tests that need it stand under INFRA_TESTS_RUN_SHORT_OF_MEMORY.

#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__) && !__has_feature(address_sanitizer) &&            \
    !__has_feature(thread_sanitizer) && !__has_feature(memory_sanitizer)
#define INFRA_TESTS_RUN_SHORT_OF_MEMORY 1
#endif

namespace infra::redis {

/// As long as it lives, only so many allocations of its thread succeed.
struct shortage {
    explicit shortage(long of) noexcept;
    ~shortage();
    shortage(const shortage&) = delete;
    shortage& operator=(const shortage&) = delete;

    /// Under the last one an allocation has failed.
    static bool felt() noexcept;
};

} // namespace infra::redis
