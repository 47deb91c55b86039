#pragma once

/// What every object with background work must do, as one GoogleTest suite.
///
///     INSTANTIATE_TEST_SUITE_P(Queue, BackgroundConformance, testing::Values(background_case{
///         .name = "worker",
///         .make = [](infra::executor ex) {
///             auto worker = std::make_shared<queue::worker>(…);
///             return background_subject{.object = worker,
///                                       .run = [w = worker.get()] { return w->run(); },
///                                       .stop = [w = worker.get()](deadline d) { return w->stop(d); },
///                                       .make_busy = [w = worker.get()] { return hold_a_job(*w); }};
///         }}), background_name);

#include <infra/base/context_executor.hpp>
#include <infra/base/error.hpp>
#include <infra/base/time.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>

#include <gtest/gtest.h>

#include <functional>
#include <memory>
#include <optional>
#include <ostream>
#include <string>

namespace infra::testing {

/// One object under test. The functions are called while `object` lives, and may not own it.
struct background_subject {
    std::shared_ptr<void> object;
    std::function<awaitable<void>()> run;
    std::function<awaitable<void>(deadline)> stop;
    /// Returns once the running object is in the middle of something that would take for ever.
    std::function<awaitable<void>()> make_busy;
    /// Whatever must outlive the object: temporary folders, the other end of a socket.
    std::shared_ptr<void> surroundings = nullptr;
};

struct background_case {
    std::string name;
    std::function<background_subject(executor)> make;
};

inline void PrintTo(const background_case& each, std::ostream* to) { *to << each.name; }

inline std::string background_name(const ::testing::TestParamInfo<background_case>& info) { return info.param.name; }

class BackgroundConformance : public ::testing::TestWithParam<background_case> {
protected:
    struct ending {
        std::optional<std::exception_ptr> how;
        bool ended() const { return how.has_value(); }
    };

    background_subject make() { return GetParam().make(with_context(io.get_executor())); }

    std::shared_ptr<ending> spawn(awaitable<void> operation) {
        auto end = std::make_shared<ending>();
        asio::co_spawn(with_context(io.get_executor()), std::move(operation),
                       [end](std::exception_ptr e) { end->how = e; });
        return end;
    }

    /// Turns the loop until `done()`, and fails the test if that takes absurdly long.
    void until(const std::function<bool()>& done, const char* what) {
        const auto give_up = std::chrono::steady_clock::now() + std::chrono::seconds(30);
        while (!done()) {
            io.restart();
            io.run_one_for(std::chrono::milliseconds(50));
            ASSERT_LT(std::chrono::steady_clock::now(), give_up) << "still waiting for: " << what;
        }
    }

    void expect_ended_well(const ending& end) {
        ASSERT_TRUE(end.ended());
        EXPECT_EQ(describe(*end.how), "");
    }

    asio::io_context io{1};
};

TEST_P(BackgroundConformance, IsConstructedCold) {
    const auto subject = make();
    EXPECT_EQ(io.poll(), 0u) << "construction started something";
}

TEST_P(BackgroundConformance, RunsUntilItIsStopped) {
    const auto subject = make();
    const auto run = spawn(subject.run());
    for (int i = 0; i < 20; ++i) {
        io.restart();
        io.run_one_for(std::chrono::milliseconds(1));
    }
    EXPECT_FALSE(run->ended());
    const auto stop = spawn(subject.stop(deadline::after(std::chrono::seconds(10))));
    until([&] { return run->ended() && stop->ended(); }, "run and stop");
    expect_ended_well(*run);
    expect_ended_well(*stop);
}

TEST_P(BackgroundConformance, StopsTwice) {
    const auto subject = make();
    const auto run = spawn(subject.run());
    const auto first = spawn(subject.stop(deadline::after(std::chrono::seconds(10))));
    const auto second = spawn(subject.stop(deadline::after(std::chrono::seconds(10))));
    until([&] { return run->ended() && first->ended() && second->ended(); }, "run and both stops");
    const auto third = spawn(subject.stop(deadline::after(std::chrono::seconds(10))));
    until([&] { return third->ended(); }, "a stop after the end");
    for (const auto& end : {run, first, second, third})
        expect_ended_well(*end);
}

TEST_P(BackgroundConformance, StoppedBeforeItRanDoesNotRun) {
    const auto subject = make();
    const auto stop = spawn(subject.stop(deadline::after(std::chrono::seconds(10))));
    until([&] { return stop->ended(); }, "stop");
    const auto run = spawn(subject.run());
    until([&] { return run->ended(); }, "run");
    expect_ended_well(*run);
}

TEST_P(BackgroundConformance, StopsWhileBusyWithinItsDeadline) {
    const auto subject = make();
    const auto run = spawn(subject.run());
    const auto busy = spawn(subject.make_busy());
    until([&] { return busy->ended(); }, "make_busy");
    expect_ended_well(*busy);
    const auto stop = spawn(subject.stop(deadline::after(std::chrono::milliseconds(50))));
    until([&] { return run->ended() && stop->ended(); }, "run and stop");
    expect_ended_well(*run);
}

TEST_P(BackgroundConformance, IsDestroyedWhileBusy) {
    auto subject = make();
    const auto run = spawn(subject.run());
    const auto busy = spawn(subject.make_busy());
    until([&] { return busy->ended(); }, "make_busy");
    expect_ended_well(*busy);
    subject.run = nullptr;
    subject.stop = nullptr;
    subject.make_busy = nullptr;
    subject.object.reset();
    until([&] { return run->ended(); }, "run after destruction");
}

} // namespace infra::testing
