#include "support.hpp"

#include <algorithm>
#include <condition_variable>
#include <thread>

#include <pthread.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

namespace infra::logging {
namespace {

/// Takes nothing until opened, as a pipe whose reader is stuck.
class gated_sink final : public sink {
public:
    explicit gated_sink(std::shared_ptr<memory_sink> to) : to_(std::move(to)) {}

    outcome write(std::string_view lines) noexcept override {
        std::unique_lock lock(mutex_);
        ++waiting_;
        changed_.notify_all();
        changed_.wait(lock, [this] { return open_; });
        return to_->write(lines);
    }
    void open() {
        const std::scoped_lock lock(mutex_);
        open_ = true;
        changed_.notify_all();
    }
    void wait_until_reached() {
        std::unique_lock lock(mutex_);
        changed_.wait(lock, [this] { return waiting_ > 0; });
    }

private:
    std::shared_ptr<memory_sink> to_;
    std::mutex mutex_;
    std::condition_variable changed_;
    bool open_ = false;
    int waiting_ = 0;
};

/// A disk that is full for a while.
class failing_sink final : public sink {
public:
    explicit failing_sink(std::shared_ptr<memory_sink> to) : to_(std::move(to)) {}
    outcome write(std::string_view lines) noexcept override {
        if (fails)
            return {0, make_error_code(boost::system::errc::no_space_on_device)};
        return to_->write(lines);
    }
    std::atomic<bool> fails{true};

private:
    std::shared_ptr<memory_sink> to_;
};

std::vector<std::string> messages(const std::vector<json::object>& lines) {
    std::vector<std::string> all;
    for (const auto& each : lines)
        all.emplace_back(each.at("message").as_string());
    return all;
}

TEST(LogPipeline, WritesWhatWasAcceptedBeforeAFlush) {
    captured log;
    const logger speaks({.to = &log.out});
    speaks.info("one");
    speaks.info("two");
    EXPECT_EQ(messages(log.lines()), (std::vector<std::string>{"one", "two"}));
    EXPECT_EQ(log.out.counts().accepted, 2U);
}

TEST(LogPipeline, LosesNothingOfManyThreadsAndKeepsEachOnesOrder) {
    constexpr int threads = 4, each = 5'000;
    captured log({.buffer_bytes = 16 * 1024, .longest_wait = 60s});
    {
        std::vector<std::jthread> writers;
        for (int t = 0; t < threads; ++t)
            writers.emplace_back([&log, t] {
                const logger speaks({.fields = {{"thread", t}}, .to = &log.out});
                for (int i = 0; i < each; ++i)
                    speaks.info("line", {{"i", i}});
            });
    }
    std::array<int, threads> next{};
    for (const auto& line : log.lines())
        EXPECT_EQ(line.at("i").as_int64(), next[static_cast<std::size_t>(line.at("thread").as_int64())]++);
    for (const int count : next)
        EXPECT_EQ(count, each);
}

TEST(LogPipeline, DropsAndTellsWhenTheBufferIsFull) {
    const auto memory = std::make_shared<memory_sink>();
    const auto gate = std::make_shared<gated_sink>(memory);
    captured log({.outputs = {{.to = gate}}, .buffer_bytes = 4096, .when_full = overflow::drop});
    const logger speaks({.to = &log.out});
    speaks.info("first");
    gate->wait_until_reached();
    const std::string filler(1000, 'x');
    for (int i = 0; i < 10; ++i)
        speaks.info(filler);
    const auto dropped = log.out.counts().dropped;
    EXPECT_GE(dropped, 6U);
    gate->open();
    EXPECT_TRUE(log.out.flush(deadline::after(30s)));
    const auto lines = memory->lines();
    ASSERT_EQ(lines.size(), 1 + (10 - dropped) + 1);
    EXPECT_EQ(lines.back(), "{\"timestamp\":\"2026-01-01T00:00:00.000Z\",\"level\":\"warn\",\"module\":\"logging\","
                            "\"message\":\"log lines were dropped\",\"lines\":" +
                                std::to_string(dropped) + "}");
}

TEST(LogPipeline, BlocksForAsLongAsItIsToldAndThenDrops) {
    const auto memory = std::make_shared<memory_sink>();
    const auto gate = std::make_shared<gated_sink>(memory);
    captured log({.outputs = {{.to = gate}}, .buffer_bytes = 4096, .longest_wait = 1ms});
    const logger speaks({.to = &log.out});
    speaks.info("first");
    gate->wait_until_reached();
    const std::string filler(3000, 'x');
    for (int i = 0; i < 5; ++i)
        speaks.info(filler);
    EXPECT_EQ(log.out.counts().dropped, 4U);
    gate->open();
    EXPECT_TRUE(log.out.flush(deadline::after(30s)));
    speaks.info("goes on");
    EXPECT_TRUE(log.out.flush(deadline::after(30s)));
    EXPECT_NE(memory->lines().back().find("goes on"), std::string::npos);
}

TEST(LogPipeline, KeepsRoomForWhatMattersWhenToldTo) {
    const auto memory = std::make_shared<memory_sink>();
    const auto gate = std::make_shared<gated_sink>(memory);
    captured log({.outputs = {{.to = gate}},
                  .levels = parse_levels("debug").rules,
                  .buffer_bytes = 64 * 1024,
                  .when_full = overflow::drop_by_level});
    const logger speaks({.to = &log.out});
    speaks.info("first");
    gate->wait_until_reached();
    const std::string filler(1000, 'x');
    const auto until_refused = [&](level l) {
        int taken = 0;
        for (const auto before = log.out.counts().dropped; log.out.counts().dropped == before; ++taken)
            speaks.write(l, filler);
        return taken - 1;
    };
    const int debug = until_refused(level::debug), info = until_refused(level::info), warn = until_refused(level::warn),
              error = until_refused(level::error);
    EXPECT_NEAR(debug, 30, 2); // half of the ring
    EXPECT_NEAR(info, 15, 2);  // a quarter
    EXPECT_NEAR(warn, 8, 2);
    EXPECT_NEAR(error, 7, 2);
    gate->open();
    EXPECT_TRUE(log.out.flush(deadline::after(30s)));
    EXPECT_EQ(memory->lines().size(), static_cast<std::size_t>(1 + debug + info + warn + error + 1));
    EXPECT_NE(memory->lines().back().find(R"("message":"log lines were dropped","lines":4)"), std::string::npos);
}

TEST(LogPipeline, OrdersTheLinesOfAllThreadsByTime) {
    pipeline_options options;
    const auto memory = std::make_shared<memory_sink>();
    options.outputs = {{.to = memory, .as = format::json}};
    pipeline out(std::move(options));
    {
        std::vector<std::jthread> writers;
        for (int t = 0; t < 4; ++t)
            writers.emplace_back([&out] {
                const logger speaks({.to = &out});
                for (int i = 0; i < 5'000; ++i)
                    speaks.info("line");
            });
    }
    EXPECT_TRUE(out.flush(deadline::after(30s)));
    const auto lines = memory->lines();
    EXPECT_EQ(lines.size(), 20'000U);
    const auto time_of = [](const std::string& line) { return line.substr(14, 24); };
    EXPECT_TRUE(std::ranges::is_sorted(lines, {}, time_of));
}

TEST(LogPipeline, LetsALineFromASignalHandlerDisturbNone) {
    static captured* log = nullptr;
    static std::atomic<int> handled{0};
    captured made({.longest_wait = 60s}); // the writing thread may hardly get its turn
    log = &made;
    handled = 0;
    struct sigaction before, action{};
    action.sa_handler = [](int) {
        static const logger speaks({.level = level::debug, .to = &log->out});
        speaks.info("from a handler");
        ++handled;
    };
    logger({.to = &made.out}).info("the ring is there");
    action.sa_handler(0); // and so is the handler's logger
    ASSERT_EQ(::sigaction(SIGUSR1, &action, &before), 0);
    constexpr int count = 20'000;
    std::atomic<bool> done{false};
    {
        const auto target = ::pthread_self();
        std::jthread interrupts([&] {
            while (!done)
                ::pthread_kill(target, SIGUSR1);
        });
        const logger speaks({.to = &made.out});
        for (int i = 0; i < count; ++i)
            speaks.info("line", {{"i", i}});
        done = true;
    }
    ::sigaction(SIGUSR1, &before, nullptr);
    int next = 0;
    for (const auto& line : made.lines())
        if (line.at("message") == "line") {
            EXPECT_EQ(line.at("i").as_int64(), next++);
        }
    EXPECT_EQ(next, count);
    const auto counts = made.out.counts();
    EXPECT_EQ(counts.accepted + counts.dropped, static_cast<std::uint64_t>(count + 1 + handled));
}

TEST(LogPipeline, ReadsWhatALoggerSaidBeforeItWentAway) {
    captured log;
    for (int i = 0; i < 2'000; ++i)
        logger({.module = "m" + std::to_string(i), .fields = {{"i", i}}, .to = &log.out}).child({{"k", "v"}}).info("x");
    const auto lines = log.lines();
    ASSERT_EQ(lines.size(), 2'000U);
    for (int i = 0; i < 2'000; ++i) {
        EXPECT_EQ(lines[static_cast<std::size_t>(i)].at("module").as_string(), "m" + std::to_string(i));
        EXPECT_EQ(lines[static_cast<std::size_t>(i)].at("i"), i);
    }
}

TEST(LogPipeline, RefusesALineThatIsTooLongForAnything) {
    captured log;
    logger({.to = &log.out}).info(std::string((16 << 20) + 1, 'x'));
    EXPECT_EQ(log.lines().at(0).at("message"), "log lines were dropped");
    EXPECT_EQ(log.out.counts().dropped, 1U);
}

TEST(LogPipeline, TakesALineLargerThanItsBuffer) {
    captured log({.buffer_bytes = 4096});
    const logger speaks({.to = &log.out});
    speaks.info("before");
    speaks.info(std::string(1 << 20, 'x'));
    speaks.info("after");
    const auto lines = log.lines();
    ASSERT_EQ(lines.size(), 3U);
    EXPECT_EQ(lines[1].at("message").as_string().size(), std::size_t(1) << 20);
}

TEST(LogPipeline, CountsWhatASinkRefusesAndTellsOnceItWorksAgain) {
    const auto memory = std::make_shared<memory_sink>();
    const auto disk = std::make_shared<failing_sink>(memory);
    captured log({.outputs = {{.to = disk}}});
    const logger speaks({.to = &log.out});
    testing::internal::CaptureStderr();
    speaks.info("lost 1");
    speaks.info("lost 2");
    EXPECT_FALSE(log.out.flush(deadline::after(30s)));
    speaks.info("lost 3");
    EXPECT_FALSE(log.out.flush(deadline::after(30s)));
    const auto complaint = testing::internal::GetCapturedStderr();
    EXPECT_EQ(log.out.counts().lost, 3U);
    EXPECT_EQ(complaint.find("cannot write log lines"), complaint.rfind("cannot write log lines"));
    disk->fails = false;
    speaks.info("written");
    EXPECT_TRUE(log.out.flush(deadline::after(30s)));
    ASSERT_EQ(memory->lines().size(), 2U);
    EXPECT_NE(memory->lines()[0].find(R"("message":"log lines were lost","lines":3})"), std::string::npos);
    EXPECT_NE(memory->lines()[1].find("written"), std::string::npos);
}

TEST(LogPipeline, GivesEachOutputItsLevelAndFormat) {
    const auto all = std::make_shared<memory_sink>(), serious = std::make_shared<memory_sink>(),
               people = std::make_shared<memory_sink>();
    captured log({.outputs = {{.to = all},
                              {.to = serious, .from = level::warn},
                              {.to = people, .as = format::pretty, .from = level::error}}});
    const logger speaks({.to = &log.out});
    speaks.info("a");
    speaks.warn("b");
    speaks.error("c");
    speaks.info("d");
    EXPECT_TRUE(log.out.flush(deadline::after(30s)));
    EXPECT_EQ(all->lines().size(), 4U);
    ASSERT_EQ(serious->lines().size(), 2U);
    EXPECT_NE(serious->lines()[1].find(R"("message":"c")"), std::string::npos);
    EXPECT_EQ(people->text(), "00:00:00.000 ERROR c\n");
}

TEST(LogPipeline, ChangesLevelsWhileRunning) {
    captured log({.levels = parse_levels("info,db=debug").rules});
    const logger db({.module = "db", .to = &log.out}), web({.module = "web", .to = &log.out});
    EXPECT_TRUE(db.enabled(level::debug));
    EXPECT_FALSE(web.enabled(level::debug));
    log.out.set_levels(parse_levels("error").rules);
    EXPECT_FALSE(db.enabled(level::warn));
    EXPECT_TRUE(web.enabled(level::error));
    EXPECT_EQ(log.out.levels().fallback, level::error);
}

TEST(LogPipeline, TakesALevelThatIsNone) {
    captured log;
    logger({.to = &log.out}).write(static_cast<level>(200), "what is this?");
    EXPECT_EQ(log.lines().at(0).at("level"), "error");
}

TEST(LogPipeline, IsSynchronousAfterItsEnd) {
    const auto memory = std::make_shared<memory_sink>();
    std::optional<logger> survivor;
    {
        pipeline out({.outputs = {{.to = memory}}});
        survivor.emplace(logger_options{.to = &out});
        survivor->info("buffered");
        EXPECT_TRUE(out.close(deadline::after(30s)));
        EXPECT_EQ(memory->lines().size(), 1U);
        EXPECT_TRUE(out.close(deadline::after(30s)));
        survivor->info("written at once");
        EXPECT_EQ(memory->lines().size(), 2U);
    }
    survivor->info("written at once");
    EXPECT_EQ(memory->lines().size(), 3U);
}

TEST(LogPipeline, DrainsWhenDestroyed) {
    const auto memory = std::make_shared<memory_sink>();
    {
        pipeline out({.outputs = {{.to = memory}}});
        const logger speaks({.to = &out});
        for (int i = 0; i < 1000; ++i)
            speaks.info("line");
    }
    EXPECT_EQ(memory->lines().size(), 1000U);
}

TEST(LogPipeline, CanBeSynchronousFromTheStart) {
    captured log({.synchronous = true});
    logger({.to = &log.out}).info("at once");
    EXPECT_EQ(log.sink->lines().size(), 1U);
    EXPECT_TRUE(log.out.flush(deadline::after(0s)));
}

TEST(LogPipeline, SurvivesAReaderThatWentAwayWhenSynchronous) {
    int ends[2];
    ASSERT_EQ(::pipe(ends), 0);
    ::close(ends[0]);
    const auto child = ::fork();
    if (child == 0) {
        ::signal(SIGPIPE, SIG_DFL);
        ::dup2(ends[1], STDOUT_FILENO);
        pipeline out({.outputs = {{.to = stdout_sink()}}, .synchronous = true});
        logger({.to = &out}).info("nobody reads this");
        ::_exit(out.counts().lost == 1 ? 0 : 1);
    }
    ::close(ends[1]);
    int status = -1;
    ASSERT_EQ(::waitpid(child, &status, 0), child);
    EXPECT_EQ(status, 0);
}

TEST(LogPipeline, GivesUpOnAHungSinkAtTheDeadline) {
    const auto memory = std::make_shared<memory_sink>();
    const auto gate = std::make_shared<gated_sink>(memory);
    captured log({.outputs = {{.to = gate}}});
    logger({.to = &log.out}).info("waits");
    gate->wait_until_reached();
    EXPECT_FALSE(log.out.flush(deadline::after(1ms)));
    EXPECT_FALSE(log.out.close(deadline::after(1ms)));
    gate->open();
    EXPECT_TRUE(log.out.flush(deadline::after(30s)));
    EXPECT_EQ(memory->lines().size(), 1U);
}

TEST(LogPipeline, NamesABadOption) {
    const auto complaint = [](pipeline_options options) -> std::string {
        try {
            const pipeline out(std::move(options));
        } catch (const std::invalid_argument& e) {
            return e.what();
        }
        return "";
    };
    EXPECT_EQ(complaint({.buffer_bytes = 10}),
              "logging::pipeline_options::buffer_bytes must be from 4096 to 1073741824");
    EXPECT_EQ(complaint({.longest_wait = -1ms}), "logging::pipeline_options::longest_wait must not be negative");
    EXPECT_EQ(complaint({.time = nullptr}), "logging::pipeline_options::time must not be null");
    EXPECT_EQ(complaint({.outputs = {{.to = nullptr}}}),
              "logging::output::to must not be null where output::records is");
}

} // namespace
} // namespace infra::logging
