#include <infra/email/failover.hpp>

#include "tests/support.hpp"

#include <infra/email/mailer.hpp>
#include <infra/email/memory.hpp>

#include <boost/asio/bind_cancellation_slot.hpp>
#include <boost/asio/cancellation_signal.hpp>

#include <gtest/gtest.h>

#include <deque>
#include <stdexcept>

namespace infra::email {
namespace {

using namespace std::chrono_literals;

/// Fails as the test says, and otherwise keeps what it gets.
class scripted final : public transport {
public:
    enum class once { accept, fail, accept_and_lose_the_answer, hang, throw_error };
    struct step {
        once what = once::accept;
        std::optional<send_error> why{};
    };

    explicit scripted(std::string name, transport_traits can = {.keeps_keys = true})
        : name_(std::move(name)), traits_(can) {}

    std::string_view name() const noexcept override { return name_; }
    transport_traits traits() const noexcept override { return traits_; }
    awaitable<std::vector<delivery>> deliver(std::vector<mail> mails, deadline limit) override {
        ++calls;
        std::vector<delivery> done;
        for (auto& each : mails) {
            const auto now = next();
            std::vector<mail> one{std::move(each)};
            if (now.what == once::hang)
                co_await real_clock().sleep_until(steady_time::max());
            if (now.what == once::throw_error)
                throw error(now.why->code(), now.why->what());
            if (now.what != once::fail)
                done.push_back((co_await kept.deliver(std::move(one), limit)).at(0));
            if (now.what == once::accept_and_lose_the_answer)
                done.back() = {};
            if (now.what == once::fail)
                done.emplace_back();
            done.back().failure = now.why;
        }
        co_return done;
    }

    std::deque<step> steps{};
    memory_transport kept{};
    int calls = 0;

private:
    step next() {
        if (steps.empty())
            return {};
        auto first = std::move(steps.front());
        steps.pop_front();
        return first;
    }

    std::string name_;
    transport_traits traits_;
};

using once = scripted::once;

const send_error down(infra::errc::unavailable, "no connection");
const send_error refused(errc::refused, "the mailbox is unknown", {.name = "550", .status = 550});
const send_error lost(infra::errc::unavailable, "the answer was lost",
                      {.name = "lost", .retryable = true, .uncertain = true});

mail make_mail(std::string id, std::string key = "") {
    return {.id = std::move(id),
            .from = "shop@x.org",
            .to = {"ann@example.org"},
            .subject = "S",
            .text = "t",
            .idempotency_key = std::move(key)};
}

struct FailoverTest : ::testing::Test {
    manual_clock time;
    std::shared_ptr<scripted> first = std::make_shared<scripted>("first");
    std::shared_ptr<scripted> second = std::make_shared<scripted>("second");
    std::shared_ptr<transport> both =
        make_failover_transport({.transports = {first, second}, .rest = 30s, .time = &time});

    static awaitable<std::vector<delivery>> deliver_all(transport& to, std::vector<mail> all) {
        co_return co_await to.deliver(std::move(all), deadline::never());
    }
    std::vector<delivery> deliver(std::vector<mail> all) { return run(deliver_all(*both, std::move(all))); }
    delivery deliver(mail one) { return deliver(std::vector{std::move(one)}).at(0); }
};

TEST_F(FailoverTest, AsksTheFirstAndSaysWhoTookTheMail) {
    const auto done = deliver(make_mail("a"));
    EXPECT_FALSE(done.failure);
    EXPECT_EQ(done.id, "a");
    EXPECT_EQ(done.transport, "first");
    EXPECT_EQ(second->calls, 0);
}

TEST_F(FailoverTest, MovesOnAndLetsTheOneThatFailedRest) {
    first->steps = {{once::fail, down}};
    EXPECT_EQ(deliver(make_mail("a")).transport, "second");
    EXPECT_EQ(deliver(make_mail("b")).transport, "second");
    EXPECT_EQ(first->calls, 1) << "it rests";
    time.advance(30s);
    EXPECT_EQ(deliver(make_mail("c")).transport, "first");
}

TEST_F(FailoverTest, RestsAsLongAsTheProviderAsks) {
    first->steps = {{once::fail, send_error(infra::errc::overloaded, "too many",
                                            {.name = "rate", .retryable = true, .retry_after = 120s})}};
    EXPECT_EQ(deliver(make_mail("a")).transport, "second");
    time.advance(119s);
    EXPECT_EQ(deliver(make_mail("b")).transport, "second");
    time.advance(1s);
    EXPECT_EQ(deliver(make_mail("c")).transport, "first");
}

TEST_F(FailoverTest, AsksOneThatRestsWhenTheOtherFailsToo) {
    first->steps = {{once::fail, down}};
    deliver(make_mail("a"));
    second->steps = {{once::fail, down}};
    EXPECT_EQ(deliver(make_mail("b")).transport, "first");
    EXPECT_EQ(deliver(make_mail("c")).transport, "first") << "it is awake again, and the second rests";
}

TEST_F(FailoverTest, TakesWhatIsThrownForAFailureOfAllMails) {
    first->steps = {{once::throw_error, send_error(infra::errc::io, "the disk is full")}};
    for (const auto& done : deliver({make_mail("a"), make_mail("b")}))
        EXPECT_EQ(done.transport, "second");
}

TEST_F(FailoverTest, RefusesWhatIsRefused) {
    first->steps = {{once::fail, refused}};
    const auto done = deliver(make_mail("a"));
    ASSERT_TRUE(done.failure);
    EXPECT_EQ(done.failure->code(), errc::refused);
    EXPECT_STREQ(done.failure->what(), "first: the mailbox is unknown");
    EXPECT_EQ(second->calls, 0);
    EXPECT_EQ(deliver(make_mail("b")).transport, "first") << "no reason to rest";
}

TEST_F(FailoverTest, SaysHowAllOfThemFailed) {
    first->steps = {{once::fail, down}};
    second->steps = {{once::fail, send_error(errc::unauthorized, "the password is wrong")}};
    const auto done = deliver(make_mail("a"));
    ASSERT_TRUE(done.failure);
    EXPECT_STREQ(done.failure->what(), "first: no connection; second: the password is wrong");
    EXPECT_TRUE(done.failure->retryable());
    EXPECT_FALSE(done.failure->uncertain());
}

// The mail that may be out must not go out again, however often it is tried and whoever rests.
TEST_F(FailoverTest, LeavesAMailWithTheTransportThatLostTheAnswer) {
    first->steps = {{once::accept_and_lose_the_answer, lost}, {once::fail, down}, {once::accept, {}}};
    EXPECT_TRUE(deliver(make_mail("a")).failure->uncertain());
    EXPECT_EQ(deliver(make_mail("other")).transport, "second") << "the first failed; it rests";
    EXPECT_TRUE(deliver(make_mail("a")).failure);
    EXPECT_EQ(second->kept.sent().size(), 1u);
    const auto again = deliver(make_mail("a"));
    EXPECT_EQ(again.transport, "first");
    EXPECT_TRUE(again.duplicate);
    EXPECT_EQ(first->kept.sent().size(), 1u);
    EXPECT_EQ(second->kept.sent().size(), 1u);
}

TEST_F(FailoverTest, LeavesAKeyWithTheTransportThatAcceptedIt) {
    first->steps = {{once::fail, down}};
    EXPECT_EQ(deliver(make_mail("a", "order-7")).transport, "second");
    time.advance(1h);
    const auto again = deliver(make_mail("b", "order-7"));
    EXPECT_EQ(again.transport, "second");
    EXPECT_EQ(again.id, "a");
    EXPECT_TRUE(first->kept.sent().empty());
}

TEST_F(FailoverTest, LeavesAMailWithTheTransportThatWasCancelledOverIt) {
    first->steps = {{once::hang, {}}};
    asio::io_context loop{1};
    asio::cancellation_signal cancel;
    std::exception_ptr thrown;
    asio::co_spawn(with_context(loop.get_executor()), deliver_all(*both, {make_mail("a")}),
                   asio::bind_cancellation_slot(cancel.slot(), [&](std::exception_ptr e, auto) { thrown = e; }));
    loop.poll();
    ASSERT_EQ(first->calls, 1);
    cancel.emit(asio::cancellation_type::terminal);
    loop.run();
    ASSERT_TRUE(thrown);
    first->steps = {{once::fail, down}};
    EXPECT_TRUE(deliver(make_mail("a")).failure) << "it may be out";
    EXPECT_EQ(second->calls, 0);
}

// A list is no less safe than its first transport, though its last one keeps no keys.
TEST_F(FailoverTest, LetsAMailerAskTheOneThatMayHaveAMailAgainWhereThatKeepsKeys) {
    const auto keyless = std::make_shared<scripted>("keyless", transport_traits{});
    both = make_failover_transport({.transports = {first, keyless}, .time = &time});
    ASSERT_FALSE(both->traits().keeps_keys);
    first->steps = {{once::accept_and_lose_the_answer, lost}, {once::fail, down}, {once::fail, lost}};
    const mailer m({.transport = both, .from = "shop@x.org", .pause = fixed(1ms)});
    run(m.send({.to = "ann@example.org", .content = rendered_email{.subject = "S", .text = "t"}}));
    EXPECT_EQ(first->calls, 4);
    EXPECT_EQ(first->kept.sent().size(), 1u);
    EXPECT_EQ(keyless->calls, 0);
}

TEST_F(FailoverTest, EndsWithAMailThatOneWithoutKeysMayHave) {
    const auto keyless = std::make_shared<scripted>("keyless", transport_traits{});
    both = make_failover_transport({.transports = {first, keyless}, .time = &time});
    first->steps = {{once::fail, down}};
    keyless->steps = {{once::accept_and_lose_the_answer, lost}};
    const mailer m({.transport = both, .from = "shop@x.org", .pause = fixed(1ms)});
    try {
        run(m.send({.to = "ann@example.org", .content = rendered_email{.subject = "S", .text = "t"}}));
        ADD_FAILURE() << "it was sent";
    } catch (const send_error& e) {
        EXPECT_TRUE(e.uncertain());
    }
    EXPECT_EQ(first->calls, 1);
    EXPECT_EQ(keyless->calls, 1);
}

TEST_F(FailoverTest, LeavesTheNextOneAloneWhenTheTimeIsOver) {
    const send_error late(infra::errc::timed_out, "no connection in time", {.name = "timed_out", .retryable = true});
    first->steps = {{once::fail, late}};
    const auto done = run(both->deliver({make_mail("a")}, time.steady())).at(0);
    ASSERT_TRUE(done.failure);
    EXPECT_TRUE(done.failure->retryable());
    EXPECT_EQ(second->calls, 0);
    EXPECT_EQ(deliver(make_mail("a")).transport, "second") << "the next attempt";
}

TEST_F(FailoverTest, SendsEachMailOfABatchItsOwnWay) {
    first->steps = {{once::accept, {}}, {once::fail, down}, {once::fail, refused}, {once::fail, lost}};
    const auto done = deliver({make_mail("a"), make_mail("b"), make_mail("c"), make_mail("d")});
    ASSERT_EQ(done.size(), 4u);
    EXPECT_EQ(done[0].transport, "first");
    EXPECT_EQ(done[1].transport, "second");
    EXPECT_EQ(done[1].id, "b");
    EXPECT_EQ(done[2].failure->code(), errc::refused);
    EXPECT_TRUE(done[3].failure->uncertain());
    EXPECT_EQ(second->calls, 1);
}

TEST_F(FailoverTest, AnswersAnEmptyBatchByItself) {
    EXPECT_TRUE(deliver(std::vector<mail>()).empty());
    EXPECT_EQ(first->calls + second->calls, 0);
}

TEST(Failover, CanDoWhatAllOfThemCan) {
    const auto a = std::make_shared<scripted>(
        "a", transport_traits{.keeps_keys = true, .schedules = true, .hosts_templates = true, .max_batch = 50});
    const auto b = std::make_shared<scripted>(
        "b", transport_traits{.keeps_keys = true, .hosts_templates = true, .has_topics = true, .max_batch = 10});
    const auto can = make_failover_transport({.transports = {a, b}})->traits();
    EXPECT_TRUE(can.keeps_keys);
    EXPECT_TRUE(can.hosts_templates);
    EXPECT_FALSE(can.schedules);
    EXPECT_FALSE(can.has_topics);
    EXPECT_EQ(can.max_batch, 10u);
}

TEST(Failover, RefusesBadOptions) {
    const auto one = std::make_shared<memory_transport>();
    EXPECT_THROW(make_failover_transport({.transports = {one}}), std::invalid_argument);
    EXPECT_THROW(make_failover_transport({.transports = {one, nullptr}}), std::invalid_argument);
    EXPECT_THROW(make_failover_transport({.transports = {one, one}, .rest = 0ms}), std::invalid_argument);
    EXPECT_THROW(make_failover_transport({.transports = {one, one}, .time = nullptr}), std::invalid_argument);
}

} // namespace
} // namespace infra::email
