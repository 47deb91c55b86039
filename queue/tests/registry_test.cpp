#include <infra/queue/registry.hpp>

#include "support.hpp"

#include <functional>
#include <thread>

namespace infra::queue::tests {

struct picture {
    std::string file;
    int width = 0;
};
BOOST_DESCRIBE_STRUCT(picture, (), (file, width))

namespace {

void plain(picture) {}
awaitable<void> coroutine(picture) { co_return; }

class QueueRegistry : public ::testing::Test {
protected:
    std::string perform(const std::string& name, std::string data = R"({"file":"a.png","width":3})") {
        const auto context = std::make_shared<job_context>(job_context::facts{.job = {"q", "id"}, .name = name});
        return loop.await(jobs.find(name)->perform(std::move(data), context, pool)).text();
    }

    template <class F>
    void define(std::string name, F handler) {
        jobs.define<picture>({.name = std::move(name), .handler = std::move(handler)});
    }

    test_loop loop;
    blocking_pool pool{{.threads = 1}};
    registry jobs;
};

TEST_F(QueueRegistry, CallsEveryShapeOfHandler) {
    const std::string prefix = "a prefix that lives on the heap: ";
    define("plain", plain);
    define("pointer", &plain);
    define("coroutine", coroutine);
    define("function", std::function<void(picture)>(plain));
    define("reference", [](const picture& p) { return p.width; });
    define("coroutine by reference", [](const picture& p) -> awaitable<int> {
        co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
        co_return p.width;
    });
    define("context", [](picture p, job_context& c) { return p.file + c.id(); });
    define("coroutine with context", [prefix](picture p, job_context& c) -> awaitable<std::string> {
        co_await asio::post(co_await asio::this_coro::executor, asio::use_awaitable);
        co_return prefix + p.file + c.name();
    });
    define("nothing", [] { return true; });
    define("mutable", [n = 0](const picture& p) mutable { return ++n + p.width; });
    define("generic", [](auto p) -> awaitable<picture> { co_return p; });
    define("only context generic", [](picture, job_context& c) { return c.attempt(); });

    const struct {
        const char *name, *result;
    } cases[] = {{"plain", ""},
                 {"pointer", ""},
                 {"coroutine", ""},
                 {"function", ""},
                 {"reference", "3"},
                 {"coroutine by reference", "3"},
                 {"context", R"("a.pngid")"},
                 {"coroutine with context", R"("a prefix that lives on the heap: a.pngcoroutine with context")"},
                 {"nothing", "true"},
                 {"mutable", "4"},
                 {"generic", R"({"file":"a.png","width":3})"},
                 {"only context generic", "1"}};
    for (const auto& each : cases)
        EXPECT_EQ(perform(each.name), each.result) << each.name;
}

TEST_F(QueueRegistry, RunsCoroutinesOnTheCallersThreadAndPlainFunctionsElsewhere) {
    std::thread::id of_coroutine, of_plain;
    define("coroutine", [&](picture) -> awaitable<void> {
        of_coroutine = std::this_thread::get_id();
        co_return;
    });
    define("plain", [&](picture) { of_plain = std::this_thread::get_id(); });
    perform("coroutine");
    perform("plain");
    EXPECT_EQ(of_coroutine, std::this_thread::get_id());
    EXPECT_NE(of_plain, std::this_thread::get_id());
}

TEST_F(QueueRegistry, RefusesDataThatDoesNotFit) {
    bool ran = false;
    define("job", [&](picture) { ran = true; });
    const auto failure = [&](std::string data) -> std::string {
        try {
            perform("job", std::move(data));
        } catch (const error& e) {
            EXPECT_EQ(e.code(), errc::invalid_payload);
            return e.what();
        }
        return "accepted";
    };
    EXPECT_EQ(failure(R"({"file":"a.png","width":"3"})"),
              "the payload does not fit the job \"job\": /width: expected an integer, got a string");
    EXPECT_TRUE(failure("not json").starts_with("the payload does not fit the job \"job\": "));
    EXPECT_FALSE(ran);
    EXPECT_EQ(jobs.find("job")->misfit(json::value{{"file", "a"}})->path, "/width");
    EXPECT_FALSE(jobs.find("job")->misfit(json::value{{"file", "a"}, {"width", 1}}));
}

TEST_F(QueueRegistry, NamesAJobsQueueAfterTheJobUnlessItSaysOtherwise) {
    EXPECT_EQ(jobs.define<picture>({.name = "resize", .handler = plain}).queue(), "resize");
    EXPECT_EQ(jobs.define<picture>({.name = "crop", .handler = plain, .queue = "images"}).queue(), "images");
    EXPECT_EQ(jobs.define<picture>({.name = "rotate", .handler = plain, .queue = "images"}).name(), "rotate");
    jobs.define<picture>({.name = "only added here"});
    EXPECT_EQ(jobs.queues(), (std::vector<std::string>{"images", "resize"}));
    EXPECT_EQ(jobs.all().size(), 4u);
    EXPECT_FALSE(jobs.find("only added here")->perform);
    EXPECT_EQ(jobs.find("unheard of"), nullptr);
}

TEST_F(QueueRegistry, RefusesWhatCannotBeMeant) {
    const auto refusal = [&](job_definition<picture> definition) -> std::string {
        try {
            jobs.define(std::move(definition));
        } catch (const std::invalid_argument& e) {
            return e.what();
        }
        return "accepted";
    };
    EXPECT_EQ(refusal({}), "queue::job_definition::name must have 1 to 100 bytes");
    EXPECT_EQ(refusal({.name = "a:b"}), "queue::job_definition::name must not contain a colon");
    EXPECT_EQ(refusal({.name = "a", .queue = " "}),
              "queue::job_definition::queue must be printable, without spaces around it");
    EXPECT_EQ(refusal({.name = "a", .attempts = 0}), "queue::job_definition::attempts must be from 1 to 1000000");
    EXPECT_EQ(refusal({.name = "a"}), "accepted");
    EXPECT_EQ(refusal({.name = "a"}), "queue::define_job: \"a\" is defined already");
    jobs.clear();
    EXPECT_EQ(refusal({.name = "a"}), "accepted");
}

TEST_F(QueueRegistry, SaysWhenADefinitionCameOrWent) {
    const auto before = jobs.revision();
    jobs.define_cron({.name = "a", .every = 1h, .handler = [] {}});
    const auto defined = jobs.revision();
    EXPECT_GT(defined, before);
    EXPECT_EQ(jobs.revision(), defined);
    jobs.remove_cron_job("a");
    EXPECT_GT(jobs.revision(), defined);
}

TEST_F(QueueRegistry, KnowsWhatRunsByItself) {
    jobs.define_cron(
        {.name = "nightly", .pattern = "0 3 * * *", .tz = "Europe/Berlin", .handler = [] {}, .attempts = 2});
    define("plain job", plain);
    EXPECT_EQ(jobs.find("nightly")->when->tz, "Europe/Berlin");
    EXPECT_EQ(jobs.find("nightly")->options.attempts, 2);
    EXPECT_FALSE(jobs.find("plain job")->when);
    EXPECT_FALSE(jobs.remove_cron_job("plain job"));
    EXPECT_TRUE(jobs.remove_cron_job("nightly"));
    jobs.define_cron({.name = "hourly", .every = 1h, .handler = [](job_context&) {}});
    EXPECT_EQ(jobs.clear_cron_jobs(), 1u);
    EXPECT_TRUE(jobs.find("plain job"));
}

TEST_F(QueueRegistry, PassesOnWhatHasNoHandler) {
    jobs.define<picture>({.name = "only added here"});
    define("plain job", plain);
    EXPECT_EQ(jobs.runner_of("strange"), nullptr);
    jobs.define_others([](std::string data, std::shared_ptr<job_context> job) -> awaitable<verdict> {
        co_return verdict::of_text(data + job->id());
    });
    EXPECT_EQ(jobs.runner_of("plain job"), jobs.find("plain job"));
    EXPECT_EQ(jobs.find("strange"), nullptr);
    const auto context = std::make_shared<job_context>(job_context::facts{.job = {"q", "id"}});
    for (const auto* name : {"strange", "only added here"})
        EXPECT_EQ(loop.await(jobs.runner_of(name)->perform("1.0", context, pool)).text(), "1.0id") << name;
    EXPECT_THROW(jobs.define_others({}), std::invalid_argument);
    jobs.clear();
    EXPECT_EQ(jobs.runner_of("strange"), nullptr);
}

} // namespace
} // namespace infra::queue::tests
