#include "ring_file_support.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <fstream>
#include <map>
#include <random>
#include <thread>

#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

namespace infra::logging {
namespace {

struct temporary_directory {
    std::filesystem::path path = std::filesystem::temp_directory_path() / ("durable_ring_" + uuid_v7());
    temporary_directory() { std::filesystem::create_directory(path); }
    ~temporary_directory() { std::filesystem::remove_all(path); }

    std::filesystem::path ring() const { return path / "log.ring"; }
    std::filesystem::path log() const { return path / "app.log"; }

    pipeline_options options(file_sink_options file = {}) const {
        file.path = log();
        return {.outputs = {{.to = file_sink(std::move(file))},
                            {.to = file_sink({.path = path / "errors.log"}), .from = level::error}},
                .durable_ring = ring(),
                .longest_wait = 60s};
    }

    /// Of all files, the oldest first. A process that was killed between two renames leaves out a number.
    std::vector<json::object> lines() const {
        std::map<int, std::filesystem::path, std::greater<>> files;
        for (const auto& each : std::filesystem::directory_iterator(path))
            if (const auto name = each.path().filename().string(); name.starts_with("app.log"))
                files[name.size() == 7 ? 0 : std::stoi(name.substr(8))] = each.path();
        std::vector<json::object> all;
        for (const auto& [number, file] : files)
            read(file, all);
        return all;
    }
    std::vector<json::object> errors() const {
        std::vector<json::object> all;
        read(path / "errors.log", all);
        return all;
    }

private:
    static void read(const std::filesystem::path& path, std::vector<json::object>& all) {
        std::ifstream file(path);
        for (std::string line; std::getline(file, line);) {
            const auto found = json::parse(line);
            EXPECT_TRUE(found && found->is_object()) << line;
            all.push_back(found && found->is_object() ? found->as_object() : json::object());
        }
    }
};

/// Takes nothing while its process lives.
class stuck_sink final : public sink {
public:
    outcome write(std::string_view) noexcept override {
        while (true)
            ::pause();
    }
};

template <class Program>
int status_of_child(Program program) {
    const auto child = ::fork();
    if (child == 0) {
        program();
        ::_exit(0);
    }
    int status = -1;
    EXPECT_EQ(::waitpid(child, &status, 0), child);
    return status;
}

/// Not ended by its destructor, in a process that is to be killed.
pipeline& for_ever(pipeline_options options) { return *new pipeline(std::move(options)); }

template <class Program>
void kill_after(Program program) {
    const auto status = status_of_child([&] {
        program();
        ::raise(SIGKILL);
    });
    EXPECT_TRUE(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
}

TEST(DurableRing, GivesTheNextProcessWhatWasNotWritten) {
    const temporary_directory dir;
    kill_after([&] {
        auto& out = for_ever({.outputs = {{.to = std::make_shared<stuck_sink>()}}, .durable_ring = dir.ring()});
        logger auth({.module = "auth", .fields = {{"region", "eu"}}, .to = &out});
        auth.info("first", {{"n", 1}});
        auth.child({{"request_id", "r-1"}}).error("second", {{"list", json::array{1, 2}}});
    });
    pipeline next(dir.options());
    EXPECT_EQ(next.counts().recovered, 2U);
    EXPECT_TRUE(next.flush(deadline::after(30s)));
    const auto lines = dir.lines();
    ASSERT_EQ(lines.size(), 3U);
    EXPECT_EQ(lines[0].at("message"), "first");
    EXPECT_EQ(lines[0].at("module"), "auth");
    EXPECT_EQ(lines[0].at("region"), "eu");
    EXPECT_EQ(lines[1].at("request_id"), "r-1");
    EXPECT_EQ(lines[1].at("list"), (json::array{1, 2}));
    EXPECT_EQ(lines[2].at("message"), "log lines were recovered");
    EXPECT_EQ(lines[2].at("lines"), 2);
}

TEST(DurableRing, KeepsNothingThatWasRedacted) {
    const temporary_directory dir;
    kill_after([&] {
        auto& out = for_ever({.outputs = {{.to = std::make_shared<stuck_sink>()}}, .durable_ring = dir.ring()});
        const logger speaks({.to = &out});
        speaks.info("one", {{"password", "hunter2"}, {"key", secret<std::string>("hunter2")}});
    });
    std::ifstream file(dir.ring(), std::ios::binary);
    const std::string bytes(std::istreambuf_iterator<char>(file), {});
    EXPECT_NE(bytes.find("[redacted]"), std::string::npos);
    EXPECT_EQ(bytes.find("hunter2"), std::string::npos);
}

TEST(DurableRing, NumbersLinesOverRestarts) {
    const temporary_directory dir;
    for (int i = 0; i < 3; ++i) {
        pipeline out(dir.options());
        const logger speaks({.to = &out});
        speaks.info("one");
        speaks.info("two", {{"log_sequence", "mine"}});
    }
    const auto lines = dir.lines();
    ASSERT_EQ(lines.size(), 6U);
    for (std::size_t i = 0; i < lines.size(); ++i)
        EXPECT_EQ(lines[i].at("log_sequence").as_int64(), lines[0].at("log_sequence").as_int64() + std::int64_t(i));
    EXPECT_EQ(lines[1].at("log_sequence_"), "mine");
}

// What does not fit into a ring waits in the process, so the call does.
TEST(DurableRing, HasWrittenALongLineWhenItsCallReturns) {
    const temporary_directory dir;
    kill_after([&] {
        auto& out = for_ever(dir.options());
        const logger speaks({.to = &out});
        speaks.info(std::string(400'000, 'x'));
    });
    {
        const pipeline next(dir.options());
    }
    const auto lines = dir.lines();
    ASSERT_GE(lines.size(), 1U);
    EXPECT_EQ(lines[0].at("message").as_string().size(), 400'000U);
    EXPECT_EQ(std::ranges::count_if(lines, [](const auto& l) { return l.at("message").as_string().size() > 1000; }), 1);
}

TEST(DurableRing, LosesAndDoublesNothingAcrossForks) {
    const temporary_directory dir;
    const auto status = status_of_child([&] {
        auto& out = for_ever(dir.options());
        const logger speaks({.to = &out});
        for (int i = 0; i < 20; ++i) {
            speaks.info("before", {{"i", i}});
            if (status_of_child([&] {
                    speaks.info("in the child", {{"i", i}});
                    if (!out.flush(deadline::after(30s)))
                        ::_exit(1);
                }) != 0)
                ::_exit(1);
            speaks.info("after", {{"i", i}});
        }
        ::raise(SIGKILL);
    });
    EXPECT_TRUE(WIFSIGNALED(status));
    {
        const pipeline next(dir.options());
    }
    std::map<std::string, int> seen;
    for (const auto& each : dir.lines())
        if (each.contains("i"))
            ++seen[std::string(each.at("message").as_string()) + std::to_string(each.at("i").as_int64())];
    EXPECT_EQ(seen.size(), 60U);
    for (const auto& [which, times] : seen)
        EXPECT_EQ(times, 1) << which;
}

TEST(DurableRing, IsNotHeldByChildrenThatOutliveTheirParent) {
    const temporary_directory dir;
    int pipe_ends[2];
    ASSERT_EQ(::pipe(pipe_ends), 0);
    kill_after([&] {
        auto& out = for_ever(dir.options());
        const logger speaks({.to = &out});
        speaks.info("one");
        if (::fork() == 0) { // until the test lets go
            ::close(pipe_ends[1]);
            char byte = 0;
            ::_exit(::read(pipe_ends[0], &byte, 1) < 0);
        }
    });
    EXPECT_NO_THROW(pipeline(dir.options()));
    ::close(pipe_ends[0]);
    ::close(pipe_ends[1]);
}

/// Says that it was asked, and takes nothing before it is told to.
class patient_sink final : public sink {
public:
    outcome write(std::string_view lines) noexcept override {
        asked.store(true);
        asked.notify_all();
        told.wait(false);
        return {.taken = lines.size(), .failure = {}};
    }
    void tell() {
        told.store(true);
        told.notify_all();
    }
    std::atomic<bool> asked{false}, told{false};
};

TEST(DurableRing, IsNotHeldByAChildThatWasForkedWhileAnotherThreadMadeIt) {
    const temporary_directory dir;
    kill_after([&] {
        auto& out = for_ever({.outputs = {{.to = std::make_shared<stuck_sink>()}}, .durable_ring = dir.ring()});
        const logger speaks({.to = &out});
        speaks.info("left");
    });
    const auto to = std::make_shared<patient_sink>();
    std::thread making([&] { const pipeline made({.outputs = {{.to = to}}, .durable_ring = dir.ring()}); });
    to->asked.wait(false); // what was left is being written: nobody knows the pipeline yet
    const detail::idle_child child;
    to->tell();
    making.join();
    EXPECT_NO_THROW(pipeline(dir.options()));
}

/// A disk that is full.
class full_sink final : public sink {
public:
    outcome write(std::string_view) noexcept override {
        return {0, make_error_code(boost::system::errc::no_space_on_device)};
    }
};

TEST(DurableRing, KeepsWhatCannotBeWrittenForTheNextStart) {
    const temporary_directory dir;
    kill_after([&] {
        auto& out = for_ever({.outputs = {{.to = std::make_shared<stuck_sink>()}}, .durable_ring = dir.ring()});
        const logger speaks({.to = &out});
        speaks.info("left");
    });
    EXPECT_EQ(status_of_child([&] {
                  pipeline out({.outputs = {{.to = std::make_shared<full_sink>()}}, .durable_ring = dir.ring()});
                  const logger speaks({.to = &out});
                  speaks.info("refused");
                  ::_exit(out.counts().recovered == 0 && out.counts().accepted >= 1 ? 0 : 1);
              }),
              0);
    {
        const pipeline next(dir.options());
        EXPECT_EQ(next.counts().recovered, 1U);
    }
    EXPECT_EQ(dir.lines().at(0).at("message"), "left");
}

TEST(DurableRing, IsDoneWithoutWhereTheDiskIsFull) {
    const temporary_directory dir;
    EXPECT_EQ(status_of_child([&] {
                  ::signal(SIGXFSZ, SIG_IGN);
                  const rlimit nothing{};
                  ::setrlimit(RLIMIT_FSIZE, &nothing);
                  const auto memory = std::make_shared<memory_sink>();
                  pipeline out({.outputs = {{.to = memory}}, .durable_ring = dir.ring()});
                  const logger speaks({.to = &out});
                  speaks.info("one");
                  ::_exit(out.flush(deadline::after(30s)) && memory->lines().size() == 1 ? 0 : 1);
              }),
              0);
}

TEST(DurableRing, IsRefusedByNameWhereItCannotBe) {
    const temporary_directory dir;
    EXPECT_THROW(pipeline({.durable_ring = "/nowhere/log.ring"}), infra::error);
    EXPECT_THROW(pipeline({.durable_ring = dir.ring(), .synchronous = true}), std::invalid_argument);
    const pipeline holds(dir.options());
    EXPECT_THROW(pipeline(dir.options()), infra::error);
}

// --- kill loops ---

constexpr std::size_t writers = 3, most_rounds = 300;
constexpr int errors_are = 10; // one in so many

/// Shared with the children: up to which line each thread of each round was told that it was taken.
struct acknowledged {
    std::array<std::array<std::atomic<int>, writers>, most_rounds> lines{};

    static acknowledged& shared() {
        void* const at =
            ::mmap(nullptr, sizeof(acknowledged), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        return *::new (at) acknowledged;
    }
};

void log_for_ever(const pipeline_options& options, std::array<std::atomic<int>, writers>& told, std::size_t round) {
    pipeline out(options);
    std::vector<std::jthread> threads;
    for (std::size_t t = 0; t < writers; ++t)
        threads.emplace_back([&, t] {
            const logger speaks({.fields = {{"round", round}, {"thread", t}}, .to = &out});
            for (int i = 0;; ++i) {
                speaks.write(i % errors_are == 0 ? level::error : level::info, "line", {{"i", i}});
                told[t].store(i + 1, std::memory_order_relaxed);
            }
        });
}

/// Processes that log as fast as they can and are killed at any moment, one after the other.
void kill_and_count(const file_sink_options& file, std::size_t rounds) {
    const temporary_directory dir;
    auto& told = acknowledged::shared();
    std::mt19937 random(7);
    for (std::size_t round = 0; round < rounds; ++round) {
        const auto child = ::fork();
        if (child == 0) {
            log_for_ever(dir.options(file), told.lines[round], round);
            ::_exit(1);
        }
        const auto lines = static_cast<int>(random() % 4 == 0 ? 0 : random() % 1000);
        for (auto idle = random() % 30; told.lines[round][0] < lines || idle > 0; idle -= idle > 0)
            std::this_thread::yield();
        ::kill(child, SIGKILL);
        int status = -1;
        ASSERT_EQ(::waitpid(child, &status, 0), child);
        ASSERT_TRUE(WIFSIGNALED(status));
    }
    {
        const pipeline last(dir.options(file));
    }
    std::map<std::pair<std::int64_t, std::int64_t>, int> written;
    std::int64_t sequence = 0;
    for (const auto& line : dir.lines()) {
        const auto number = line.at("log_sequence").as_int64();
        EXPECT_TRUE(sequence == 0 || number == sequence + 1) << line;
        sequence = number;
        if (line.contains("i"))
            EXPECT_EQ(line.at("i").as_int64(),
                      (written[{line.at("round").as_int64(), line.at("thread").as_int64()}]++));
    }
    std::map<std::pair<std::int64_t, std::int64_t>, int> errors;
    for (const auto& line : dir.errors())
        EXPECT_EQ(line.at("i").as_int64(),
                  errors_are * (errors[{line.at("round").as_int64(), line.at("thread").as_int64()}]++));
    for (const auto& [of, count] : written)
        EXPECT_EQ(errors[of], (count + errors_are - 1) / errors_are);
    for (std::size_t round = 0; round < rounds; ++round)
        for (std::size_t t = 0; t < writers; ++t)
            EXPECT_GE((written[{std::int64_t(round), std::int64_t(t)}]), told.lines[round][t].load())
                << "round " << round << ", thread " << t;
    ::munmap(&told, sizeof(acknowledged));
}

std::size_t kill_rounds() { return std::getenv("INFRA_TEST_LONG") ? most_rounds : 8; }

TEST(DurableRing, LosesAndDoublesNothingAcknowledgedAtAKill) { kill_and_count({}, kill_rounds()); }

TEST(DurableRing, LosesAndDoublesNothingAcknowledgedAtAKillWhileFilesRotate) {
    kill_and_count({.max_bytes = 300'000, .keep = 5'000}, kill_rounds());
}

} // namespace
} // namespace infra::logging
