// What users' tests have: docs/testing.md shows these.

#include "support.hpp"

#include <infra/app.hpp>
#include <infra/testing.hpp>
#include <infra/testing/captured_mail.hpp>
#include <infra/testing/captured_telemetry.hpp>
#include <infra/testing/inline_queue.hpp>
#include <infra/testing/test_loop.hpp>

#include <infra/queue/memory.hpp>
#include <infra/realtime/testing.hpp>
#include <infra/storage/memory.hpp>

#include <gtest/gtest.h>

namespace api::book {

using namespace std::chrono_literals;

// What is tested: a piece of a shop.
struct signup {
    std::string name;
    std::string email;
};
BOOST_DESCRIBE_STRUCT(signup, (), (name, email))

struct remind {
    std::string email;
};
BOOST_DESCRIBE_STRUCT(remind, (), (email))

struct shop {
    infra::queue::job<remind> reminder = infra::queue::define_job<remind>({
        .name = "remind",
        .handler = [](remind whom) -> awaitable<void> {
            co_await infra::email::send_email({.to = whom.email, .subject = "Still there?", .body = "We miss you."});
        },
        .attempts = 3,
        .backoff = infra::queue::exponential(1min),
    });

    awaitable<void> sign_up(signup who) const {
        co_await infra::queue::enqueue(reminder, {.email = who.email}, {.delay = 72h});
    }
};

// [clock]
TEST(Users, AreForgottenAfterAMinute) {
    infra::testing::manual_clock time; // stands still until it is told otherwise
    infra::cache::cache users(infra::cache::make_memory_store({}, time), {.default_ttl = 1min}, time);
    infra::wait(users.set("42", "Ada"));
    time.advance(59s);
    EXPECT_TRUE(infra::wait(users.get<std::string>("42")));
    time.advance(1s);
    EXPECT_FALSE(infra::wait(users.get<std::string>("42")));
}
// [/clock]

// [shop]
class Shop : public testing::Test {
protected:
    Shop() {
        infra::queue::set_default_queue(work.jobs());
        infra::email::set_default_mailer(infra::email::mailer({.transport = mail, .from = "shop@example.org"}));
    }
    ~Shop() override { infra::queue::default_registry()->clear(); } // the next test defines its jobs anew

    infra::testing::inline_queue work;
    std::shared_ptr<infra::testing::captured_mail> mail = std::make_shared<infra::testing::captured_mail>();
    shop tested;
};

TEST_F(Shop, RemindsThreeDaysAfterASignUp) {
    infra::wait(tested.sign_up({.name = "Ada", .email = "ada@example.org"}));
    const auto added = work.was_enqueued(tested.reminder, {.email = "ada@example.org"}, {.delay = 72h});
    EXPECT_TRUE(added) << added; // and what was enqueued instead

    EXPECT_TRUE(work.run_for(71h).all.empty());
    EXPECT_EQ(work.run_for(1h).completed(), 1u);
    const auto reminded = mail->was_sent({.to = "ada@example.org", .subject = "Still there?"});
    EXPECT_TRUE(reminded) << reminded;
}

TEST_F(Shop, TriesAgainWhenMailIsDown) {
    mail->fail_next(infra::email::send_error(infra::errc::unavailable, "the server is out of order"));
    infra::wait(tested.sign_up({.name = "Ada", .email = "ada@example.org"}));
    const auto runs = work.run_all(); // delays and retries too, at once
    EXPECT_EQ(runs.completed(), 1u) << runs;
    EXPECT_EQ(mail->count_to("ada@example.org"), 1u);
}
// [/shop]

// [storage]
TEST(Avatars, AreReplacedWhole) {
    auto files = infra::storage::create_storage({.bucket = infra::storage::make_memory_bucket()});
    infra::wait(files.put("avatars/ada", "one"));
    infra::wait(files.put("avatars/ada", "two"));
    EXPECT_EQ(infra::wait(files.get("avatars/ada")).bytes, "two");
}
// [/storage]

// [realtime]
TEST(Room, TellsWhoeverComesBackWhatWasSaidMeanwhile) {
    infra::testing::test_loop loop;
    infra::testing::manual_clock time;
    infra::realtime::hub rooms({.channels = {{"room:*", {.history = {.size = 10}}}},
                                .authorize = [](infra::realtime::access_request) { return true; },
                                .on = loop.get_executor(),
                                .time = &time});
    infra::realtime::test_client anna(rooms, {.user = "anna"}); // the real session and limits, and no socket
    anna.say({.type = "subscribe", .channel = "room:1"});
    loop.settle();

    anna.drop(); // the network is gone
    rooms.publish("room:1", {.type = "said", .data = {{"text", "hello?"}}});
    anna.reconnect();
    loop.settle();
    ASSERT_EQ(anna.heard("said").size(), 1u);
}
// [/realtime]

// [telemetry]
TEST_F(Shop, TellsNobodyTheAddress) {
    infra::testing::captured_telemetry told("queue_"); // lines, spans, and of metrics those
    infra::wait(tested.sign_up({.name = "Ada", .email = "ada@example.org"}));
    EXPECT_TRUE(work.run_all().all_completed());
    EXPECT_EQ(told.counted("queue_jobs_completed_total queue=remind"), 1) << told.everything();
    EXPECT_EQ(told.everything().find("ada@example.org"), std::string::npos);
}
// [/telemetry]

// [app]
TEST(Service, AnswersAndStops) {
    auto app = infra::app::from_environment({
        .name = "tested",
        .port = 0, // any free one
        .environment =
            infra::environment({{"QUEUE_URL", "memory:"}, {"STORAGE_URL", "memory:"}, {"EMAIL_URL", "log:"}}),
    });
    app.http().get("/hello", [] { return infra::http::response::text("hello"); });
    std::string url;
    app.on_started([&](const infra::app::started& service) {
        url = service.url; // here a client of the test's would ask
        app.stop();
    });
    EXPECT_EQ(app.run(), 0);
    EXPECT_TRUE(url.starts_with("http://127.0.0.1:"));
}
// [/app]

} // namespace api::book
