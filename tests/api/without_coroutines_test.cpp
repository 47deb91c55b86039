// infra from plain threads, as docs/without-coroutines.md shows it.

#include "support.hpp"

#include <infra/app.hpp>
#include <infra/queue/memory.hpp>

#include <boost/asio/co_spawn.hpp>

#include <gtest/gtest.h>

#include <future>

namespace api::plain {

using namespace std::chrono_literals;

struct order {
    std::string sku;
    int count = 0;
};
BOOST_DESCRIBE_STRUCT(order, (), (sku, count))

// [plain]
std::string ship_later(const infra::queue::job<order>& ship, const order& what) {
    return infra::wait(infra::queue::enqueue(ship, what, {.delay = 5s}));
}

std::string price_of(const std::string& sku) {
    static const auto prices = infra::cache::create_cache({.prefix = "prices:"});
    return infra::wait(prices.get_or_set(sku, 5min, [=] { return "price of " + sku; }));
}
// [/plain]

// [handlers]
infra::queue::job<order> define_shipping() {
    infra::health::register_health_check("warehouse", [] { // may block
        if (std::filesystem::exists("warehouse-is-closed"))
            throw std::runtime_error("the warehouse is closed");
    });
    return infra::queue::define_job<order>({
        .name = "ship",
        .handler = [](order what) { return std::to_string(what.count) + " of " + what.sku; }, // may block
    });
}
// [/handlers]

// [callback]
void count_jobs(
    std::function<void(std::size_t)> tell) { // tell is called on a loop of ours: post from there to your own
    auto done = [tell](std::exception_ptr failed, std::vector<infra::queue::queue_counts> all) {
        tell(failed ? 0 : all.size());
    };
    boost::asio::co_spawn(infra::default_executor(), infra::queue::counts({"ship"}), done);
}
// [/callback]

// [deadline]
bool is_known(const std::string& id) {
    const auto within = infra::deadline::after(500ms);
    return infra::wait(infra::with_deadline(infra::queue::find_job(id), within)).has_value(); // or throws timed_out
}
// [/deadline]

class WithoutCoroutines : public testing::Test {
protected:
    WithoutCoroutines() {
        infra::queue::default_registry()->clear();
        infra::queue::set_default_queue(infra::queue::queue(infra::queue::make_memory_backend()));
    }
    ~WithoutCoroutines() override { infra::health::remove_health_check("warehouse"); }
};

TEST_F(WithoutCoroutines, WaitsOnAPlainThread) {
    const auto ship = define_shipping();
    const auto id = ship_later(ship, {.sku = "A-1", .count = 2});
    EXPECT_TRUE(is_known(id));
    EXPECT_FALSE(is_known("nobody"));
    EXPECT_EQ(price_of("A-1"), "price of A-1");
}

TEST_F(WithoutCoroutines, TellsByACallback) {
    std::promise<std::size_t> told;
    count_jobs([&told](std::size_t n) { told.set_value(n); });
    EXPECT_EQ(told.get_future().get(), 1u);
}

TEST_F(WithoutCoroutines, RefusesToWaitOnALoop) {
    const auto on_a_loop = []() -> awaitable<void> {
        infra::wait(infra::queue::counts());
        co_return;
    };
    try {
        infra::wait(on_a_loop());
        FAIL();
    } catch (const infra::error& e) {
        EXPECT_EQ(e.code(), infra::errc::invalid_state);
    }
}

} // namespace api::plain
