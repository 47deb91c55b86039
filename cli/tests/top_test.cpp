#include "src/frame.hpp"
#include "src/verbs.hpp"

#include "tests/terminal_emulator.hpp"
#include "tests/top_service.hpp"

#include <infra/runtime/descriptor.hpp>

#include <boost/json/parse.hpp>

#include <gtest/gtest.h>

#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <sstream>
#include <stdexcept>

#include <fcntl.h>
#include <poll.h>
#include <pty.h>
#include <sys/ioctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>
#include <utmp.h>

namespace infra::cli {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

// --- without a terminal -------------------------------------------------------------------------------------------

struct TopCommand : ::testing::Test {
    TopCommand() { ::unsetenv("INFRA_ADMIN_TOKEN"); }
    ~TopCommand() override { ::unsetenv("INFRA_ADMIN_TOKEN"); }

    int run(std::vector<std::string> words) {
        std::ostringstream to, problems;
        frame f(to, problems);
        add_top(f);
        words.insert(words.begin(), "top");
        const int code = f.run(std::move(words));
        out = to.str();
        err = problems.str();
        return code;
    }

    std::string out, err;
};

TEST_F(TopCommand, ShowsAServiceOnceWhereThereIsNoTerminal) {
    const top_service shop;
    EXPECT_EQ(run({"--url", shop.url() + "/", "--interval", "100ms"}), 0) << err;
    EXPECT_TRUE(out.starts_with("healthy  shop  up 1m 1s  " + shop.url() + "\n")) << out;
    EXPECT_NE(out.find("\nMemory        1.0 MiB\n"), std::string::npos) << out;
    EXPECT_EQ(std::ranges::count(shop.asked(), "/metrics"), 2) << "rates take two";
}

TEST_F(TopCommand, ShowsOperatorsMore) {
    top_service shop;
    shop.have_dashboard();
    ::setenv("INFRA_ADMIN_TOKEN", std::string(top_service::token).c_str(), 1);
    EXPECT_EQ(run({"--url", shop.url(), "--interval", "100ms", "--once", "--json"}), 0) << err;
    const auto document = boost::json::parse(out);
    EXPECT_EQ(document.at("now").at("jobs_failed"), 4);
    EXPECT_EQ(document.at("now").at("channels"), 2);
    EXPECT_EQ(document.at("version"), "1.2");
    EXPECT_TRUE(document.at("reason").is_null()) << out;
    EXPECT_EQ(out.find(top_service::token), std::string::npos);
}

TEST_F(TopCommand, ExitsAsTheServiceIs) {
    top_service shop;
    shop.say("/health", R"({"status":"unhealthy","checks":{"db":{"status":"unhealthy"}}})", 503);
    EXPECT_EQ(run({"--url", shop.url(), "--interval", "100ms"}), 4);
    EXPECT_NE(out.find("db is unhealthy"), std::string::npos) << out;
    EXPECT_EQ(run({"--url", "http://127.0.0.1:1", "--once"}), 5);
    EXPECT_NE(err.find("127.0.0.1:1"), std::string::npos) << err;
    shop.say("/metrics", "", 503);
    EXPECT_EQ(run({"--url", shop.url()}), 5);
    EXPECT_EQ(run({"--url", "http://127.0.0.1:1", "--once", "--json"}), 5);
    EXPECT_TRUE(boost::json::parse(out).at("error").is_object()) << out;
    EXPECT_EQ(run({"--url", "http://127.0.0.1:1", "--json"}), 5) << "not once, but nobody was ever there";
}

/// Somebody who reads so many lines and goes.
struct reader : std::stringbuf {
    int left = 3;
    int sync() override { return --left > 0 ? 0 : -1; }
};

TEST_F(TopCommand, TellsADocumentALineUntilNobodyReadsThem) {
    const top_service shop;
    reader lines;
    std::ostream to(&lines);
    std::ostringstream problems;
    frame f(to, problems);
    add_top(f);
    EXPECT_EQ(f.run({"top", "--json", "--interval", "100ms", "--url", shop.url()}), 1)
        << "as for any output that fails";
    std::istringstream told(lines.str());
    int count = 0;
    for (std::string line; std::getline(told, line); ++count)
        EXPECT_EQ(boost::json::parse(line).at("per_second").at("requests"), 0) << "a line alone";
    EXPECT_EQ(count, 3);
}

TEST_F(TopCommand, SaysWhatWasAskedWrongly) {
    top_service other;
    other.say("/metrics", "<html>");
    EXPECT_EQ(run({"--url", other.url()}), 2);
    EXPECT_NE(err.find("is this the address of a service of infra?"), std::string::npos) << err;
    EXPECT_EQ(run({"--url", other.url(), "--interval", "soon"}), 2);
    EXPECT_NE(err.find("--interval: expected a duration"), std::string::npos) << err;
    EXPECT_EQ(run({"--interval", "1ms"}), 2);
    EXPECT_EQ(run({"--timeout", "0s"}), 2);
}

// --- on a terminal ------------------------------------------------------------------------------------------------

/// The program on a terminal of its own, which somebody looks at and types on.
class on_a_terminal {
public:
    on_a_terminal(const top_service& service, std::vector<std::string> more = {}) : screen_(columns, rows) {
        winsize size{.ws_row = rows, .ws_col = columns, .ws_xpixel = 0, .ws_ypixel = 0};
        const auto program = (std::filesystem::read_symlink("/proc/self/exe").parent_path() / "infra").string();
        std::vector<std::string> words{program, "top", "--url", service.url(), "--interval", "100ms"};
        words.insert(words.end(), more.begin(), more.end());
        std::vector<char*> arguments;
        for (auto& each : words)
            arguments.push_back(each.data());
        arguments.push_back(nullptr);
        ::setenv("TERM", "xterm-256color", 1);
        int master = -1, slave = -1;
        if (::openpty(&master, &slave, nullptr, nullptr, &size) != 0)
            throw std::runtime_error("no terminal is to be had");
        master_ = descriptor(master);
        other_end_ = descriptor(slave); // open, so that its modes are there to look at when the program has ended
        before_ = modes();
        child_ = ::fork();
        if (child_ == 0) {
            ::login_tty(slave);
            ::execv(program.c_str(), arguments.data());
            ::_exit(127);
        }
    }
    ~on_a_terminal() {
        if (child_ > 0) {
            ::kill(child_, SIGKILL);
            ::waitpid(child_, nullptr, 0);
        }
    }

    static constexpr unsigned short columns = 80, rows = 24;

    void type(std::string_view keys) {
        ASSERT_EQ(::write(master_.get(), keys.data(), keys.size()), static_cast<ssize_t>(keys.size()));
    }
    void signal(int which) const { ::kill(child_, which); }
    /// As Ctrl-S does, or a connection that stands still: it takes nothing any more.
    void stand_still() const { ASSERT_EQ(::tcflow(other_end_.get(), TCOOFF), 0); }
    void resize(unsigned short to_columns, unsigned short to_rows) {
        drain();
        screen_.resize(to_columns, to_rows);
        const winsize size{.ws_row = to_rows, .ws_col = to_columns, .ws_xpixel = 0, .ws_ypixel = 0};
        ::ioctl(master_.get(), TIOCSWINSZ, &size);
    }

    /// Whether it comes to that within a while.
    template <class Holds>
    ::testing::AssertionResult comes_to(Holds holds) {
        const auto limit = steady_clock::now() + 20s;
        while (!holds(screen_)) {
            if (steady_clock::now() > limit || !read_for(50ms))
                if (!holds(screen_))
                    return ::testing::AssertionFailure() << "the screen is\n" << screen_.all();
        }
        return ::testing::AssertionSuccess();
    }
    ::testing::AssertionResult shows(std::string_view text) {
        return comes_to([=](const terminal_emulator& s) { return s.shows(text); });
    }

    /// How it ended, as waitpid() has it; all that it wrote has been read.
    int ended() {
        int status = -1;
        const auto limit = steady_clock::now() + 20s;
        while (::waitpid(child_, &status, WNOHANG) == 0 && steady_clock::now() < limit)
            read_for(20ms);
        child_ = -1;
        drain();
        return status;
    }

    bool is_as_it_was() const {
        const auto now = modes();
        return !screen_.other_screen && screen_.has_cursor && now.c_lflag == before_.c_lflag &&
               now.c_iflag == before_.c_iflag;
    }
    bool is_taken() const { return screen_.other_screen && !screen_.has_cursor && !(modes().c_lflag & ECHO); }
    const terminal_emulator& screen() const { return screen_; }
    pid_t child() const { return child_; }

private:
    termios modes() const {
        termios now{};
        ::tcgetattr(master_.get(), &now);
        return now;
    }

    // False where nobody will write any more.
    bool read_for(std::chrono::milliseconds patience) {
        pollfd one{.fd = master_.get(), .events = POLLIN, .revents = 0};
        if (::poll(&one, 1, static_cast<int>(patience.count())) <= 0)
            return true;
        char bytes[4096];
        const auto n = ::read(master_.get(), bytes, sizeof bytes);
        if (n <= 0)
            return false;
        screen_.take({bytes, static_cast<std::size_t>(n)});
        return true;
    }
    void drain() {
        pollfd one{.fd = master_.get(), .events = POLLIN, .revents = 0};
        while (::poll(&one, 1, 0) > 0 && read_for(0ms))
            ;
    }

    descriptor master_, other_end_;
    pid_t child_ = -1;
    termios before_{};
    terminal_emulator screen_;
};

TEST(TopOnATerminal, IsLiveUntilSomebodyPressesQ) {
    top_service shop;
    on_a_terminal top(shop);
    EXPECT_TRUE(top.shows("healthy"));
    EXPECT_TRUE(top.shows("shop"));
    EXPECT_TRUE(top.is_taken());
    shop.say("/metrics", "process_start_time_seconds 100\nprocess_resident_memory_bytes 5242880\n");
    EXPECT_TRUE(top.shows("5.0 MiB"));
    top.type("q");
    EXPECT_EQ(top.ended(), 0);
    EXPECT_TRUE(top.is_as_it_was());
}

TEST(TopOnATerminal, ObeysTheKeyboard) {
    const top_service shop;
    on_a_terminal top(shop);
    EXPECT_TRUE(top.shows("[1 Overview]"));
    top.type("\t");
    EXPECT_TRUE(top.shows("[2 Queues]"));
    top.type("4");
    EXPECT_TRUE(top.shows("[4 Checks]"));
    EXPECT_TRUE(top.shows("db"));
    top.type("\x1b[D");
    EXPECT_TRUE(top.shows("[3 Routes]"));
    top.type("?");
    EXPECT_TRUE(top.shows("another section"));
    top.type("?");
    EXPECT_TRUE(top.comes_to([](const auto& s) { return !s.shows("another section"); }));
    top.type(" ");
    EXPECT_TRUE(top.shows("PAUSED"));
    top.type("q");
    EXPECT_EQ(top.ended(), 0);
}

TEST(TopOnATerminal, FollowsTheSizeOfItsTerminal) {
    const top_service shop;
    on_a_terminal top(shop);
    EXPECT_TRUE(top.shows("Loop lag"));
    for (const auto& [columns, rows] :
         {std::pair<unsigned short, unsigned short>{120, 30}, {60, 12}, {200, 50}, {20, 5}}) {
        top.resize(columns, rows);
        EXPECT_TRUE(top.comes_to([](const auto& s) {
            return !s.shows("before") && s.shows("healthy") && !s.lines().back().empty();
        })) << columns
            << "x" << rows;
    }
    top.type("q");
    EXPECT_EQ(top.ended(), 0);
    EXPECT_TRUE(top.is_as_it_was());
}

TEST(TopOnATerminal, GivesItBackHoweverItEnds) {
    const top_service shop;
    for (const int how : {SIGINT, SIGTERM, SIGHUP}) {
        on_a_terminal top(shop);
        EXPECT_TRUE(top.shows("healthy"));
        top.signal(how);
        const int status = top.ended();
        EXPECT_TRUE(WIFEXITED(status) && WEXITSTATUS(status) == 0) << how << " " << status;
        EXPECT_TRUE(top.is_as_it_was()) << how;
    }
    for (const int how : {SIGSEGV, SIGABRT, SIGQUIT}) {
        on_a_terminal top(shop);
        EXPECT_TRUE(top.shows("healthy"));
        top.signal(how);
        const int status = top.ended();
        EXPECT_NE(status, 0) << how; // a sanitizer ends the process itself
        EXPECT_TRUE(top.is_as_it_was()) << how;
    }
}

TEST(TopOnATerminal, EndsByCtrlC) {
    const top_service shop;
    on_a_terminal top(shop);
    EXPECT_TRUE(top.shows("healthy"));
    top.type("\x03");
    EXPECT_EQ(top.ended(), 0);
    EXPECT_TRUE(top.is_as_it_was());
}

TEST(TopOnATerminal, EndsThoughItsTerminalTakesNothing) {
    top_service shop;
    on_a_terminal top(shop);
    EXPECT_TRUE(top.shows("healthy"));
    top.stand_still();
    shop.say("/metrics", "process_start_time_seconds 100\nprocess_resident_memory_bytes 5242880\n");
    const auto asked = shop.asked().size();
    EXPECT_TRUE(top.comes_to([&](const auto&) { return shop.asked().size() >= asked + 8; })) << "it goes on looking";
    top.signal(SIGTERM);
    EXPECT_EQ(top.ended(), 0);
}

TEST(TopOnATerminal, GivesItBackWhileItIsStopped) {
    const top_service shop;
    on_a_terminal top(shop);
    EXPECT_TRUE(top.shows("healthy"));
    top.type("\x1a");
    int status = 0;
    ASSERT_EQ(::waitpid(top.child(), &status, WUNTRACED), top.child());
    ASSERT_TRUE(WIFSTOPPED(status));
    EXPECT_TRUE(top.comes_to([&](const auto& s) { return !s.other_screen; }));
    EXPECT_TRUE(top.is_as_it_was());
    top.signal(SIGCONT);
    EXPECT_TRUE(top.comes_to([](const auto& s) { return s.other_screen && s.shows("healthy"); }));
    top.type("q");
    EXPECT_EQ(top.ended(), 0);
    EXPECT_TRUE(top.is_as_it_was());
}

TEST(TopOnATerminal, SaysThatTheServiceIsDownAndComesBackWithIt) {
    top_service shop;
    on_a_terminal top(shop);
    EXPECT_TRUE(top.shows("1.0 MiB"));
    shop.say("/metrics", "", 503);
    EXPECT_TRUE(top.shows("● down"));
    EXPECT_TRUE(top.shows("asked again: GET /metrics was answered with 503"));
    EXPECT_TRUE(top.screen().shows("1.0 MiB")) << "the last picture stays";
    shop.say("/metrics", "process_start_time_seconds 200\n");
    EXPECT_TRUE(top.shows("● healthy"));
    EXPECT_TRUE(top.shows("the service has restarted"));
    top.type("q");
    EXPECT_EQ(top.ended(), 0);
}

} // namespace
} // namespace infra::cli
