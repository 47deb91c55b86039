// What must not allocate. Counts this program's calls of operator new, where no sanitizer wants them for itself.

#include <infra/base/context.hpp>
#include <infra/monitoring.hpp>

#include <gtest/gtest.h>

#include <cstdlib>
#include <new>

#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
#define SANITIZED
#endif
#endif

#ifndef SANITIZED

namespace {
thread_local constinit long allocations = 0;
}

void* operator new(std::size_t size) {
    ++allocations;
    if (void* made = std::malloc(size))
        return made;
    throw std::bad_alloc();
}
void* operator new(std::size_t size, std::align_val_t alignment) {
    ++allocations;
    const auto to = static_cast<std::size_t>(alignment);
    if (void* made = std::aligned_alloc(to, (size + to - 1) / to * to))
        return made;
    throw std::bad_alloc();
}
void operator delete(void* p) noexcept { std::free(p); }
void operator delete(void* p, std::size_t) noexcept { std::free(p); }
void operator delete(void* p, std::align_val_t) noexcept { std::free(p); }
void operator delete(void* p, std::size_t, std::align_val_t) noexcept { std::free(p); }

namespace infra::monitoring {
namespace {

template <class F>
long allocations_of(F f) {
    for (int i = 0; i < 10; ++i) // the first may make what the rest uses
        f();
    const auto before = allocations;
    for (int i = 0; i < 100; ++i)
        f();
    return allocations - before;
}

TEST(Allocation, IsNotMadeByASpanThatIsNotSampled) {
    tracer t({.sampler = {.ratio = 0}});
    t.install();
    const auto work = [] {
        telemetry::span root("root");
        telemetry::span child("child");
        child.set({{"a", 1}});
    };
    EXPECT_EQ(allocations_of(work), 0);
    const context_scope request(context().with_request_id("r"));
    EXPECT_EQ(allocations_of(work), 0);
}

TEST(Allocation, IsNotMadeByARecordedSpanWithoutAttributesOnceTheRingIsFull) {
    tracer t({.max_recent = 5});
    t.install();
    EXPECT_EQ(allocations_of([] { const telemetry::span root("a name longer than a short string"); }), 0);
}

TEST(Allocation, IsNotMadeByCounting) {
    metrics m;
    const auto bound = m.bind_counter("bound");
    const auto seconds = m.bind_histogram("took_seconds");
    EXPECT_EQ(allocations_of([&] {
                  bound.increment();
                  seconds.observe(0.1);
                  m.increment("dynamic", {{"method", "GET"}, {"status", 200}});
                  m.observe("sizes", 3, {{"method", "GET"}});
                  m.gauge("level", 3);
              }),
              0);
}

} // namespace
} // namespace infra::monitoring

#endif
