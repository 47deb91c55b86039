#include <infra/queue/queue.hpp>

#include "fake_backend.hpp"

#include <infra/base/propagation.hpp>
#include <infra/base/telemetry.hpp>

namespace infra::queue::tests {

struct payment {
    std::string order;
    int cents = 0;
};
BOOST_DESCRIBE_STRUCT(payment, (), (order, cents))

namespace {

class Queue : public ::testing::Test {
protected:
    const new_job& added(std::size_t i = 0) { return stored->stored.at(i); }

    template <class T>
    std::string refusal(awaitable<T> operation) {
        try {
            loop.await(std::move(operation));
        } catch (const std::exception& e) {
            return e.what();
        }
        return "accepted";
    }

    test_loop loop;
    manual_clock time;
    std::shared_ptr<fake_backend> stored = std::make_shared<fake_backend>();
    queue jobs{stored, {}, std::make_shared<registry>(), time};
};

std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

TEST_F(Queue, RefusesAPayloadThatIsNestedTooDeepToBeReadAgain) {
    const auto parsed = [](std::size_t depth) { return json::parse(nested(depth), {.max_depth = depth}).value(); };
    const auto any = jobs.define_job({.name = "any", .handler = [](json::value) -> awaitable<void> { co_return; }});
    const std::string refused = "the payload does not fit the job \"any\": nested deeper than 256 arrays and objects";
    EXPECT_EQ(refusal(jobs.enqueue(any, parsed(257))), refused);
    EXPECT_EQ(refusal(jobs.enqueue("any", parsed(257))), refused);
    EXPECT_EQ(refusal(jobs.enqueue_bulk(any, {parsed(1), parsed(257)})), refused);
    EXPECT_EQ(stored->stored.size(), 0u);
    EXPECT_EQ(refusal(jobs.enqueue(any, parsed(256))), "accepted");
    EXPECT_TRUE(json::parse(added().data, detail::limits_of_stored(added().data))) << "it can be read again";
}

TEST_F(Queue, CountsNoDepthInsideStrings) {
    const auto text = jobs.define_job<std::string>({.name = "text", .handler = [](const std::string&) {}});
    EXPECT_EQ(refusal(jobs.enqueue(text, "\\\"" + std::string(300, '['))), "accepted");
    EXPECT_EQ(refusal(jobs.enqueue(text, std::string(300, '{') + "\\")), "accepted");
}

TEST_F(Queue, AddsATypedJobWithItsDefinitionsOptions) {
    const auto charge = jobs.define_job<payment>({.name = "charge",
                                                  .attempts = 5,
                                                  .backoff = exponential(1s),
                                                  .timeout = 9s,
                                                  .priority = 2,
                                                  .keep_completed = {.count = 1},
                                                  .keep_failed = {.age = 1h}});
    const auto id = loop.await(jobs.enqueue(charge, {.order = "17", .cents = 5}));
    EXPECT_EQ(id, "1");
    EXPECT_EQ(added().id, id);
    EXPECT_EQ(added().queue, "charge");
    EXPECT_EQ(added().name, "charge");
    EXPECT_EQ(added().data, R"({"order":"17","cents":5})");
    EXPECT_EQ(added().options, (job_options{.attempts = 5,
                                            .backoff = exponential(1s),
                                            .timeout = 9s,
                                            .priority = 2,
                                            .keep_completed = {.count = 1},
                                            .keep_failed = {.age = 1h}}));
    EXPECT_EQ(added().created_at, time.wall());
    EXPECT_EQ(added().run_at, std::nullopt);
}

TEST_F(Queue, LetsACallChangeItsDefinition) {
    const auto charge = jobs.define_job<payment>({.name = "charge", .attempts = 5, .queue = "money"});
    loop.await(jobs.enqueue(charge, {},
                            {.attempts = 2,
                             .backoff = fixed(3s),
                             .priority = 7,
                             .lifo = true,
                             .id = "mine",
                             .keep_completed = keep{.count = 0},
                             .keep_failed = keep{.count = 9},
                             .timeout = 1s}));
    EXPECT_EQ(added().id, "mine");
    EXPECT_EQ(added().queue, "money");
    EXPECT_EQ(added().options, (job_options{.attempts = 2,
                                            .backoff = fixed(3s),
                                            .timeout = 1s,
                                            .priority = 7,
                                            .lifo = true,
                                            .keep_completed = {.count = 0},
                                            .keep_failed = {.count = 9}}));
    loop.await(jobs.enqueue(charge, {}, {.queue = "elsewhere"}));
    EXPECT_EQ(added(1).queue, "elsewhere");
}

TEST_F(Queue, AddsByName) {
    jobs.define_job<payment>({.name = "charge", .attempts = 5, .queue = "money"});
    loop.await(jobs.enqueue("charge", {{"order", "17"}, {"cents", 5}}));
    loop.await(jobs.enqueue("charge", payment{.order = "18", .cents = 6}));
    loop.await(jobs.enqueue("unheard of", {{"a", "b"}}));
    EXPECT_EQ(added(0).queue, "money");
    EXPECT_EQ(added(0).options.attempts, 5);
    EXPECT_EQ(added(1).data, R"({"order":"18","cents":6})");
    EXPECT_EQ(added(2).queue, "unheard of");
    EXPECT_EQ(added(2).name, "unheard of");
    EXPECT_EQ(added(2).options, job_options{});
}

TEST_F(Queue, DelaysByDurationOrToATime) {
    const auto tick = jobs.define_job<no_data>({.name = "tick"});
    loop.await(jobs.enqueue(tick, {}, {.delay = 5s}));
    loop.await(jobs.enqueue(tick, {}, {.run_at = time.wall() + 1h}));
    loop.await(jobs.enqueue(tick, {}, {.run_at = time.wall() - 1h}));
    EXPECT_EQ(added(0).run_at, time.wall() + 5s);
    EXPECT_EQ(added(1).run_at, time.wall() + 1h);
    EXPECT_EQ(added(2).run_at, std::nullopt);
    EXPECT_EQ(added(2).data, "{}");
}

TEST_F(Queue, AddsManyInOneCall) {
    const auto charge = jobs.define_job<payment>({.name = "charge"});
    const auto all = loop.await(jobs.enqueue_bulk(charge, {{.order = "1"}, {.order = "2", .cents = 2}}, {.delay = 1s}));
    ASSERT_EQ(all.size(), 2u);
    EXPECT_LT(all[0], all[1]);
    EXPECT_EQ(added(1).data, R"({"order":"2","cents":2})");
    EXPECT_TRUE(loop.await(jobs.enqueue_bulk(charge, {})).empty());
    EXPECT_EQ(refusal(jobs.enqueue_bulk(charge, {{}, {}}, {.id = "one"})),
              "queue::enqueue_options::id names one job; enqueue_bulk adds several");
}

TEST_F(Queue, KeepsNothingOfThePayloadAlive) {
    const auto charge = jobs.define_job<payment>({.name = "charge"});
    auto data = std::make_unique<payment>(payment{.order = "long enough to live on the heap", .cents = 1});
    auto later = jobs.enqueue(charge, *data);
    data.reset();
    loop.await(std::move(later));
    EXPECT_EQ(added().data, R"({"order":"long enough to live on the heap","cents":1})");
}

TEST_F(Queue, GivesTheIdThatIsThereAlready) {
    stored->existing = {"mine"};
    EXPECT_EQ(loop.await(jobs.enqueue("job", {{"a", 1}}, {.id = "mine"})), "mine");
}

TEST_F(Queue, SendsTheTraceAlong) {
    const auto under = [](queue q) -> awaitable<span_context> {
        const telemetry::span request("request");
        co_await q.enqueue("job", {{"a", 1}});
        co_return request.context();
    };
    const auto request = loop.await(under(jobs));
    const auto sent = parse_traceparent(from_carrier(added().carrier).traceparent);
    ASSERT_TRUE(sent);
    EXPECT_EQ(sent->trace, request.trace);
    EXPECT_NE(sent->span, request.span) << "the producer has a span of its own";
}

TEST_F(Queue, SendsStateAndBaggageAlong) {
    const auto under = [](queue q) -> awaitable<void> {
        const telemetry::span request("request", span_kind::server,
                                      extract({.traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                                               .tracestate = "rojo=1",
                                               .baggage = "tenant=acme"}));
        co_await q.enqueue("job", {{"a", 1}});
    };
    loop.await(under(jobs));
    const auto sent = from_carrier(added().carrier);
    EXPECT_EQ(sent.traceparent.substr(3, 32), "0af7651916cd43dd8448eb211c80319c");
    EXPECT_EQ(sent.tracestate, "rojo=1");
    EXPECT_EQ(sent.baggage, "tenant=acme");
}

TEST_F(Queue, RefusesAPayloadThatDoesNotFitAndStoresNothing) {
    jobs.define_job<payment>({.name = "charge"});
    EXPECT_EQ(loop.code_of(jobs.enqueue("charge", {{"order", 17}, {"cents", 5}})), errc::invalid_payload);
    EXPECT_EQ(refusal(jobs.enqueue("charge", {{"order", 17}, {"cents", 5}})),
              "the payload does not fit the job \"charge\": /order: expected a string, got a number");
    EXPECT_TRUE(stored->stored.empty());
}

TEST_F(Queue, RefusesAPayloadThatIsTooLarge) {
    const queue small(stored, {.max_payload_bytes = 10}, jobs.jobs(), time);
    EXPECT_EQ(loop.code_of(small.enqueue("job", {{"a", "0123456789"}})), errc::too_large);
    EXPECT_EQ(refusal(small.enqueue("job", {{"a", "0123456789"}})),
              "a payload of the job \"job\" has 18 bytes, more than the 10 allowed (queue_options::max_payload_bytes); "
              "store it "
              "elsewhere and enqueue its name");
    EXPECT_EQ(refusal(small.enqueue("job", {{"a", 1}})), "accepted");
    EXPECT_EQ(stored->stored.size(), 1u);
}

TEST_F(Queue, RefusesBadOptionsByName) {
    const auto tick = jobs.define_job<no_data>({.name = "tick"});
    EXPECT_EQ(refusal(jobs.enqueue(tick, {}, {.attempts = 0})),
              "queue::enqueue_options::attempts must be from 1 to 1000000");
    EXPECT_EQ(refusal(jobs.enqueue(tick, {}, {.delay = -1s})), "queue::enqueue_options::delay must not be negative");
    EXPECT_EQ(refusal(jobs.enqueue("a:b", {{"a", 1}})), "queue::enqueue: the job's name must not contain a colon");
    EXPECT_THROW(queue(nullptr), std::invalid_argument);
    EXPECT_THROW(queue(stored, {.max_payload_bytes = 0}), std::invalid_argument);
    EXPECT_TRUE(stored->stored.empty());
}

TEST_F(Queue, PassesOnWhatTheStorageSays) {
    stored->enqueue_failure = unavailable("the disk is full");
    EXPECT_EQ(loop.code_of(jobs.enqueue("job", {{"a", 1}})), errc::unavailable);
    EXPECT_EQ(refusal(jobs.enqueue("job", {{"a", 1}})), "the disk is full");
}

TEST_F(Queue, LooksForAJobByIdOrByQueueAndId) {
    loop.await(jobs.find_job("a"));
    EXPECT_EQ(stored->asked, (std::vector<job_key>{{"", "a"}}));
    loop.await(jobs.find_job(job_key{.queue = "mail", .id = "a"}));
    EXPECT_EQ(stored->asked, (std::vector<job_key>{{"mail", "a"}}));
}

} // namespace
} // namespace infra::queue::tests
