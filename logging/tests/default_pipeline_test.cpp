#include "support.hpp"

#include <infra/base/id.hpp>
#include <infra/runtime/environment.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <filesystem>
#include <fstream>
#include <set>
#include <thread>

#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

// A child of a fork starts threads of its own, and has handles of threads that are not there, which the tool takes for
// leaks.
extern "C" const char* __tsan_default_options() { return "report_thread_leaks=0:die_after_fork=0"; }

namespace infra::logging {
namespace {

TEST(LogEnvironment, SetsTheLevels) {
    const auto configured = options_from(environment({{"LOG_LEVEL", "warn,db=debug"}}));
    EXPECT_EQ(configured.options.levels.fallback, level::warn);
    EXPECT_EQ(configured.options.levels.of("db"), level::debug);
    EXPECT_TRUE(configured.problems.empty());
}

TEST(LogEnvironment, ReportsAnUnknownLevelAndUsesInfo) {
    const auto configured = options_from(environment({{"LOG_LEVEL", "verbose"}}));
    EXPECT_EQ(configured.options.levels.fallback, level::info);
    ASSERT_EQ(configured.problems.size(), 1U);
    EXPECT_EQ(configured.problems[0].find("LOG_LEVEL: entry 1 names no level"), 0U);
}

TEST(LogEnvironment, GoesOnWithoutTheFileThatNamesTheLevel) {
    const auto configured = options_from(environment({{"LOG_LEVEL_FILE", "/nowhere"}}));
    EXPECT_EQ(configured.options.levels.fallback, level::info);
    EXPECT_EQ(configured.problems.size(), 1U);
}

TEST(LogEnvironment, HonoursNoColor) {
    EXPECT_TRUE(options_from(environment()).options.colours);
    EXPECT_TRUE(options_from(environment({{"NO_COLOR", ""}})).options.colours);
    EXPECT_FALSE(options_from(environment({{"NO_COLOR", "1"}})).options.colours);
}

// --- how a process may end ---

struct ended {
    int status = -1;
    std::vector<std::string> lines;
};

/// Runs `program` in a child whose default pipeline writes to a file.
template <class Program>
ended run_in_child(Program program) {
    const auto path = std::filesystem::temp_directory_path() / ("default_log_" + uuid_v7());
    const auto child = ::fork();
    if (child == 0) {
        program([&] { configure({.outputs = {{.to = file_sink({.path = path})}}}); });
        std::exit(0);
    }
    ended result;
    EXPECT_EQ(::waitpid(child, &result.status, 0), child);
    std::ifstream file(path);
    for (std::string line; std::getline(file, line);)
        result.lines.push_back(line);
    std::filesystem::remove(path);
    return result;
}

void write_many() {
    for (int i = 0; i < 10'000; ++i)
        info("line", {{"i", i}});
}

TEST(DefaultLog, LosesNothingAtExit) {
    const auto result = run_in_child([](auto configured) {
        configured();
        write_many();
    });
    EXPECT_EQ(result.status, 0);
    EXPECT_EQ(result.lines.size(), 10'000U);
}

TEST(DefaultLog, LosesNothingWhenAnExceptionEndsTheProcess) {
    const auto result = run_in_child([](auto configured) {
        configured();
        std::thread([] {
            write_many();
            throw std::runtime_error("nobody catches this");
        }).join();
    });
    EXPECT_TRUE(WIFSIGNALED(result.status) && WTERMSIG(result.status) == SIGABRT);
    EXPECT_EQ(result.lines.size(), 10'000U);
}

TEST(DefaultLog, LosesAndDoublesNothingAcrossForks) {
    const auto result = run_in_child([](auto configured) {
        configured();
        for (int i = 0; i < 20; ++i) {
            info("before", {{"i", i}}); // waits in the ring when the fork comes
            const auto child = ::fork();
            if (child == 0) {
                info("in the child", {{"i", i}});
                std::exit(0);
            }
            info("after", {{"i", i}});
            int status = -1;
            ::waitpid(child, &status, 0);
            if (status != 0)
                std::exit(1);
        }
    });
    EXPECT_EQ(result.status, 0);
    EXPECT_EQ(result.lines.size(), 60U);
    const std::set<std::string> once(result.lines.begin(), result.lines.end());
    for (int i = 0; i < 20; ++i)
        for (const auto* message : {"before", "in the child", "after"})
            EXPECT_EQ(std::ranges::count_if(once,
                                            [&](const std::string& line) {
                                                return line.ends_with("\"message\":\"" + std::string(message) +
                                                                      "\",\"i\":" + std::to_string(i) + "}");
                                            }),
                      1)
                << message << i;
}

TEST(DefaultLog, LosesNothingWhenOneThreadForksWhileOthersLog) {
    constexpr int threads = 3, each = 3'000, forks = 10;
    const auto result = run_in_child([](auto configured) {
        configured();
        std::vector<std::jthread> writers;
        for (int t = 0; t < threads; ++t)
            writers.emplace_back([] {
                for (int i = 0; i < each; ++i)
                    info("line", {{"i", i}});
            });
        for (int i = 0; i < forks; ++i) {
            const auto child = ::fork();
            if (child == 0) {
                info("in the child");
                ::_exit(flush(deadline::after(30s)) ? 0 : 1);
            }
            int status = -1;
            ::waitpid(child, &status, 0);
            if (status != 0)
                std::exit(1);
        }
    });
    EXPECT_EQ(result.status, 0);
    EXPECT_EQ(result.lines.size(), std::size_t(threads * each + forks));
}

TEST(DefaultLog, LosesNothingOfThreadsThatEnded) {
    const auto result = run_in_child([](auto configured) {
        configured();
        for (int t = 0; t < 100; ++t)
            std::thread([] {
                struct last_words {
                    ~last_words() { info("a thread's goodbye"); }
                };
                static thread_local last_words made_before_the_ring;
                (void)&made_before_the_ring;
                info("hello");
            }).join();
    });
    EXPECT_EQ(result.lines.size(), 200U);
}

// --- crashes ---

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool sanitized = true; // which handles these signals itself
#elif defined(__has_feature)
constexpr bool sanitized = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
constexpr bool sanitized = false;
#endif

constexpr int crash_threads = 3;

/// Shared with the child: what each thread was told was taken.
struct acknowledged {
    std::array<std::atomic<int>, crash_threads> lines{};
};

/// Threads log as fast as they can while one crashes. Afterwards each line that a thread was told was taken is there.
void crash_and_count(int signal, void (*crash)()) {
    auto* const told = static_cast<acknowledged*>(
        ::mmap(nullptr, sizeof(acknowledged), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0));
    ::new (told) acknowledged;
    const auto result = run_in_child([&](auto configured) {
        const rlimit no_core_file{};
        ::setrlimit(RLIMIT_CORE, &no_core_file);
        configured();
        std::vector<std::thread> writers;
        for (std::size_t t = 0; t < crash_threads; ++t)
            writers.emplace_back([told, t] {
                for (int i = 0;; ++i) {
                    info("line", {{"thread", t}, {"i", i}});
                    told->lines[t].store(i + 1, std::memory_order_relaxed);
                }
            });
        while (told->lines[0] < 2'000 || told->lines[1] < 2'000 || told->lines[2] < 2'000)
            std::this_thread::yield();
        info("the last words");
        crash();
    });
    EXPECT_TRUE(WIFSIGNALED(result.status) && WTERMSIG(result.status) == signal) << result.status;
    std::array<int, crash_threads> written{};
    bool last_words = false;
    for (const auto& line : result.lines) {
        const auto read = json::parse(line);
        ASSERT_TRUE(read) << line;
        if (read->at("message") == "the last words")
            last_words = true;
        else
            EXPECT_EQ(read->at("i").as_int64(), written[static_cast<std::size_t>(read->at("thread").as_int64())]++);
    }
    EXPECT_TRUE(last_words);
    for (std::size_t t = 0; t < crash_threads; ++t)
        EXPECT_GE(written[t], told->lines[t].load());
    ::munmap(told, sizeof(acknowledged));
}

int crash_rounds() { return std::getenv("INFRA_TEST_LONG") ? 200 : 5; }

TEST(DefaultLog, LosesNothingAcknowledgedAtASegmentationFault) {
    if (sanitized)
        GTEST_SKIP() << "the sanitizer handles SIGSEGV itself";
    for (int i = 0; i < crash_rounds(); ++i)
        crash_and_count(SIGSEGV, [] {
            volatile int* const nowhere = nullptr;
            *nowhere = 1;
        });
}

TEST(DefaultLog, LosesNothingAcknowledgedAtAnAbort) {
    if (sanitized)
        GTEST_SKIP() << "threads that end in a signal are reported";
    for (int i = 0; i < crash_rounds(); ++i)
        crash_and_count(SIGABRT, [] { std::abort(); });
}

TEST(DefaultLog, LosesNothingAcknowledgedWhenAFatalSignalIsSent) {
    if (sanitized)
        GTEST_SKIP() << "the sanitizer handles SIGFPE itself";
    for (int i = 0; i < crash_rounds(); ++i)
        crash_and_count(SIGFPE, [] { ::raise(SIGFPE); });
}

TEST(DefaultLog, LeavesAProgramsOwnHandlerAlone) {
    const auto result = run_in_child([](auto configured) {
        ::signal(SIGSEGV, [](int) { ::_exit(7); });
        configured();
        ::raise(SIGSEGV);
    });
    EXPECT_EQ(WEXITSTATUS(result.status), 7);
}

// --- static objects ---

TEST(DefaultLog, WritesWhatStaticDestructorsSay) {
    const auto result = run_in_child([](auto configured) {
        struct last_words {
            ~last_words() { info("goodbye"); }
        };
        static const last_words made_before_the_log;
        configured();
        info("hello");
    });
    EXPECT_EQ(result.status, 0);
    ASSERT_EQ(result.lines.size(), 2U);
    EXPECT_NE(result.lines[1].find("goodbye"), std::string::npos);
}

TEST(DefaultLog, IsReachedThroughTelemetryOnceInUse) {
    const auto result = run_in_child([](auto configured) {
        configured();
        telemetry::log(level::info, "queue", "from below");
    });
    ASSERT_EQ(result.lines.size(), 1U);
    EXPECT_NE(result.lines[0].find(R"("module":"queue")"), std::string::npos);
}

TEST(DefaultLog, CannotBeConfiguredTwice) {
    const auto result = run_in_child([](auto configured) {
        configured();
        try {
            configured();
        } catch (const infra::error& e) {
            std::exit(e.code() == errc::invalid_state ? 0 : 1);
        }
        std::exit(2);
    });
    EXPECT_EQ(result.status, 0);
}

TEST(DefaultLog, ReportsAnUnknownLevelOnceInTheLog) {
    const auto result = run_in_child([](auto) {
        ::setenv("LOG_LEVEL", "loud", 1);
        const int file = ::memfd_create("stdout", 0);
        ::dup2(file, STDOUT_FILENO);
        info("one");
        info("two");
        flush(deadline::after(30s));
        std::string text(4096, '\0');
        text.resize(static_cast<std::size_t>(::pread(file, text.data(), text.size(), 0)));
        const auto first = text.find("LOG_LEVEL: entry 1");
        std::exit(first != std::string::npos && text.find("LOG_LEVEL", first + 1) == std::string::npos ? 0 : 1);
    });
    EXPECT_EQ(result.status, 0);
}

} // namespace
} // namespace infra::logging
