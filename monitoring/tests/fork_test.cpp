#include "stepwise.hpp"

#include <gtest/gtest.h>

#include <latch>
#include <thread>

#include <sys/wait.h>
#include <unistd.h>

namespace infra::monitoring::detail {
namespace {

/// What a child says that does nothing else; 0 is well. One that hangs is ended.
template <class F>
int in_a_child(F f) {
    const auto child = ::fork();
    if (child == 0) {
        ::alarm(20);
        ::_exit(f());
    }
    int status = -1;
    ::waitpid(child, &status, 0);
    return status;
}

// Its thread is not in the child and will not come back, so there is nothing to wait for.
TEST(Fork, LeavesObservationsReadableInsideOfWhichAThreadStood) {
    for (std::size_t step = 1; step < stepwise::steps; ++step) {
        registry all({});
        std::optional<stepwise> sizes;
        std::latch inside(1), over(1);
        std::jthread other([&] {
            sizes.emplace(all);
            sizes->go(step);
            inside.count_down();
            over.wait();
        });
        inside.wait();
        const auto* const asked = &sizes->cells()[own_histogram::asked_at];
        EXPECT_EQ(in_a_child([&] {
                      const bool counted = sizes->read().count == 3 && asked->load() == 0;
                      sizes->observe(5);
                      return counted && sizes->read().count == 4 && asked->load() == 0 ? 0 : 1;
                  }),
                  0)
            << step;
        over.count_down();
    }
}

TEST(Fork, FindsMetricsAtRest) {
    metrics m;
    const auto sizes = m.bind_histogram("sizes");
    std::vector<std::jthread> others;
    others.emplace_back([&](std::stop_token over) {
        while (!over.stop_requested()) {
            sizes.observe(1);
            (void)m.expose();
        }
    });
    others.emplace_back([&](std::stop_token over) {
        for (int i = 0; !over.stop_requested(); ++i)
            m.increment("a_total", {{"i", i % 500}});
    });
    others.emplace_back([&](std::stop_token over) {
        while (!over.stop_requested()) {
            m.clear();
            std::jthread([&] { sizes.observe(1); }).join(); // takes cells and gives them back
        }
    });
    for (int i = 0; i < 100; ++i)
        ASSERT_EQ(in_a_child([&] {
                      m.increment("child_total");
                      sizes.observe(1);
                      m.clear();
                      m.increment("child_total");
                      return m.get_counter("child_total") == 1 && !m.expose().body.empty() ? 0 : 1;
                  }),
                  0)
            << i;
}

} // namespace
} // namespace infra::monitoring::detail
