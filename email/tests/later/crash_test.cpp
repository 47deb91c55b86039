// Workers that are killed at any moment, also between sending a mail and saying so: one mail goes out for each job.

#include "tests/support.hpp"

#include <infra/email/deliver_later.hpp>
#include <infra/queue/sqlite.hpp>
#include <infra/runtime/wait.hpp>

#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <map>
#include <thread>

#include <spawn.h>
#include <sys/wait.h>

namespace infra::email {
namespace {

using namespace std::chrono_literals;

bool is_long() {
    const char* all = std::getenv("INFRA_TEST_LONG");
    return all && *all && *all != '0';
}

/// A worker's process, see crash_child.cpp.
class child {
public:
    child(std::string queue, std::string outbox, std::string what) {
        auto program = (std::filesystem::read_symlink("/proc/self/exe").parent_path() / "email_later_child").string();
        char* words[] = {program.data(), queue.data(), outbox.data(), what.data(), nullptr};
        if (posix_spawn(&pid_, words[0], nullptr, nullptr, words, environ) != 0)
            throw std::runtime_error("cannot start " + program);
    }
    ~child() { kill(); }
    child(const child&) = delete;
    child& operator=(const child&) = delete;

    void kill() {
        if (pid_ > 0)
            ::kill(pid_, SIGKILL);
        wait();
    }
    /// The exit code; -1 if it was killed.
    int wait() {
        int status = -1;
        if (pid_ > 0)
            ::waitpid(std::exchange(pid_, 0), &status, 0);
        return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
    }

private:
    pid_t pid_ = 0;
};

class LaterCrash : public ::testing::Test {
protected:
    std::size_t sent() const { return std::filesystem::exists(outbox) ? mails_in(outbox).size() : 0; }
    // Those that are over are not all remembered.
    std::size_t not_completed() {
        std::size_t all = 0;
        for (const auto& each : wait(jobs.counts({"deliver-email"})))
            all += each.waiting + each.delayed + each.active + each.failed;
        return all;
    }

    temporary_folder folder;
    const std::string file = (folder / "queue.db").string(), outbox = (folder / "outbox").string();
    const queue::queue jobs{queue::make_sqlite_backend(
        {.file = file, .durability = queue::durability::normal, .busy_timeout = 30s, .poll = 5ms})};
};

TEST_F(LaterCrash, SendsOneMailForEachJobThoughWorkersAreKilledAtAnyMoment) {
    const std::size_t kills = is_long() ? 300 : 15, number = is_long() ? 3'000 : 150;
    {
        const later mail(jobs, mailer({.url = "outbox:" + outbox, .from = "shop@example.org"}));
        for (std::size_t i = 0; i < number; ++i)
            wait(mail.deliver({.to = "ann@example.org", .subject = "Mail " + std::to_string(i), .body = "Hello"}));
    }
    std::size_t unsaid = 0; // mails that were out, and their jobs not over, when the process died
    for (std::size_t i = 0; i < kills; ++i) {
        child victim(file, outbox, "work");
        const auto enough = std::min(number, (i + 1) * number / (kills + 1));
        const auto give_up = std::chrono::steady_clock::now() + 60s;
        while (sent() < enough) {
            ASSERT_LT(std::chrono::steady_clock::now(), give_up) << "nothing goes on after " << i << " kills";
            std::this_thread::sleep_for(1ms);
        }
        std::this_thread::sleep_for(std::chrono::microseconds(random_u64() % 5'000)); // a moment that no test chose
        victim.kill();
        unsaid += sent() + not_completed() - number;
    }
    EXPECT_EQ(child(file, outbox, "drain").wait(), 0);
    EXPECT_EQ(not_completed(), 0u);
    std::map<std::string, int> mails;
    for (const auto& name : mails_in(outbox)) {
        const auto text = contents_of(std::filesystem::path(outbox) / name);
        const auto at = text.find("Subject: ");
        ++mails[text.substr(at, text.find('\r', at) - at)];
    }
    EXPECT_EQ(mails.size(), number) << "mails were lost";
    for (const auto& [subject, times] : mails)
        EXPECT_EQ(times, 1) << subject;
    EXPECT_GT(unsaid, 0u) << "no kill came between a mail and its acknowledgement; the test shows nothing";
    std::printf("%zu kills while %zu mails were sent; %zu were out when their worker died\n", kills, number, unsaid);
    wait(jobs.stop(deadline::after(10s)));
}

} // namespace
} // namespace infra::email
