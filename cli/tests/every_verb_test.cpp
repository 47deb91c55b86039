#include "src/command_tree.hpp"
#include "src/frame.hpp"
#include "src/verbs.hpp"

#include <infra/app/settings.hpp>
#include <infra/testing/redis_server.hpp>

#include <boost/json/parse.hpp>

#include <gtest/gtest.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <map>
#include <set>
#include <sstream>

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <poll.h>
#include <spawn.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

// What holds for each verb that there is. They are taken from the command itself, so that none is forgotten.

namespace infra::cli {
namespace {

using texts = std::vector<std::string>;

/// In a folder of its own, and with no variables of infra's.
struct EveryVerb : ::testing::Test {
    EveryVerb() {
        for (const auto& each : app::known_settings())
            if (!each.set_by_others)
                ::unsetenv(std::string(each.name).c_str());
        std::filesystem::current_path(folder.path());
        write("note.md", "It is **done**.\n");
        write("broken.json", "{\"name\": ");
        write("emails/welcome.md", "---\nsubject: Hi\n---\nHi {{name}}\n");
        for (const auto& each : tree_of(*made()).verbs)
            add_leaves(each);
    }
    ~EveryVerb() override { std::filesystem::current_path(before); }

    void write(const std::string& name, const std::string& text) const {
        const auto file = std::filesystem::path(folder.path()) / name;
        std::filesystem::create_directories(file.parent_path());
        std::ofstream(file, std::ios::binary) << text;
    }

    std::unique_ptr<frame> made() {
        auto f = std::make_unique<frame>(out, err);
        add_all(*f);
        return f;
    }

    void add_leaves(const verb_in_tree& verb) {
        all.push_back(verb);
        if (verb.verbs.empty())
            leaves.push_back(verb);
        for (const auto& each : verb.verbs)
            add_leaves(each);
    }

    int run(const texts& words) {
        out.str("");
        err.str("");
        return made()->run(words);
    }
    std::string message() const { return boost::json::parse(out.str()).at("error").at("message").as_string().c_str(); }

    const std::filesystem::path before = std::filesystem::current_path();
    testing::temporary_folder folder;
    std::ostringstream out, err;
    std::vector<verb_in_tree> all, leaves;
};

// --- What is said of them -------------------------------------------------------------------------------------------

TEST_F(EveryVerb, IsDescribedWithAnExampleOfIts) {
    EXPECT_GT(leaves.size(), 40u);
    for (const auto& verb : all) {
        EXPECT_TRUE(verb.description.ends_with('.')) << verb.path();
        EXPECT_FALSE(verb.examples.empty()) << verb.path();
        for (const auto& each : verb.examples)
            EXPECT_NE(each.find("infra " + verb.path()), std::string::npos) << verb.path() << ": " << each;
        for (const auto& option : verb.options)
            EXPECT_FALSE(option.description.empty()) << verb.path() << " " << option.word;
    }
}

TEST_F(EveryVerb, HasItsOptionsMeanTheSameAsElsewhere) {
    std::map<std::string, std::pair<bool, std::string>> known;
    for (const auto& verb : all)
        for (const auto& option : verb.options)
            for (const auto& name : option.names)
                if (name.starts_with("-") && !name.starts_with("--")) {
                    const auto [at, is_new] = known.emplace(name, std::pair(option.value.empty(), verb.path()));
                    EXPECT_TRUE(is_new || at->second.first == option.value.empty())
                        << name << " of " << verb.path() << " and of " << at->second.second;
                }
}

TEST_F(EveryVerb, ShowsItsHelp) {
    for (const auto& verb : all) {
        auto words = verb.words;
        words.push_back("--help");
        EXPECT_EQ(run(words), 0) << verb.path();
        EXPECT_EQ(err.str(), "") << verb.path();
        for (const auto& each : verb.examples)
            EXPECT_NE(out.str().find(each), std::string::npos) << verb.path();
        for (const auto& option : verb.options)
            EXPECT_NE(out.str().find(option.names.empty() ? option.word : option.names.back()), std::string::npos);
        EXPECT_NE(out.str().find("Exit codes: 0 ok, 1 failed, 2 wrong usage"), std::string::npos) << verb.path();
        EXPECT_NE(out.str().find("130 interrupted."), std::string::npos) << verb.path();
    }
}

// --- What is wrong with a command line --------------------------------------------------------------------------------

// What its places and required options need, so that nothing else is wrong.
std::string value_for(const option_in_tree& option, const verb_in_tree& verb) {
    if (!option.choices.empty())
        return option.choices.front();
    if (verb.path() == "cron next")
        return "@daily";
    return option.value == "FILE" ? "note.md" : "x" + option.word + "@example.org";
}

texts filled_in(const verb_in_tree& verb) {
    auto words = verb.words;
    for (const auto& option : verb.options) {
        if (option.required && !option.has_place())
            words.push_back(option.names.back());
        if (option.required)
            words.push_back(value_for(option, verb));
    }
    return words;
}

TEST_F(EveryVerb, RefusesAnOptionThatItDoesNotHave) {
    for (const auto& verb : leaves) {
        auto words = filled_in(verb);
        words.push_back("--no-such-option");
        EXPECT_EQ(run(words), 2) << verb.path();
        EXPECT_EQ(out.str(), "") << verb.path();
        EXPECT_EQ(err.str(), "infra: there is no option '--no-such-option' (infra " + verb.path() +
                                 " --help shows what there is)\n");
        words.push_back("--json");
        EXPECT_EQ(run(words), 2) << verb.path();
        EXPECT_EQ(err.str(), "infra: " + message() + "\n") << verb.path();
        EXPECT_TRUE(message().starts_with("there is no option '--no-such-option'")) << verb.path();
    }
}

TEST_F(EveryVerb, SaysWhatIsMissing) {
    for (const auto& verb : leaves) {
        if (filled_in(verb).size() == verb.words.size())
            continue;
        EXPECT_EQ(run(verb.words), 2) << verb.path();
        EXPECT_EQ(out.str(), "") << verb.path();
        EXPECT_NE(err.str().find("is required (infra " + verb.path() + " --help shows what there is)\n"),
                  std::string::npos)
            << err.str();
    }
}

TEST_F(EveryVerb, OfAGroupSuggestsTheNearest) {
    for (const auto& verb : all) {
        auto words = verb.words;
        words.back() += "x";
        EXPECT_EQ(run(words), 2);
        EXPECT_NE(err.str().find("did you mean '"), std::string::npos) << verb.path() << ": " << err.str();
    }
}

// --- Nobody answers ---------------------------------------------------------------------------------------------------

// Verbs that ask nobody.
const std::set<std::string> alone{"completion",
                                  "config check",
                                  "config docs",
                                  "config show",
                                  "cron next",
                                  "doctor",
                                  "email outbox ls",
                                  "email outbox resend",
                                  "email outbox show",
                                  "email preview",
                                  "email render",
                                  "email templates",
                                  "man",
                                  "new",
                                  "storage sign",
                                  "version"};

// What they need beside what is required, so that there is something to ask.
const std::map<std::string, texts> besides{
    {"cache del", {"user:1"}},     {"cache flush", {"--yes"}}, {"email send", {"--subject", "Hi", "--body", "note.md"}},
    {"queue add", {"{}"}},         {"queue retry", {"4711"}},  {"queue promote", {"4711"}},
    {"queue cancel", {"4711"}},    {"queue rm", {"4711"}},     {"queue move", {"--to", "sqlite:moved.db"}},
    {"realtime kick", {"01a2b3"}}, {"storage rm", {"a.jpg"}},
};

std::string url_for(const std::string& group, const std::string& address) {
    static const std::set<std::string> of_services{"errors", "health",   "levels",   "logs", "metrics",
                                                   "news",   "overview", "realtime", "top",  "traces"};
    if (of_services.contains(group))
        return "http://" + address;
    if (group == "email")
        return "smtp://" + address;
    return group == "storage" ? "s3+http://" + address + "/photos" : "redis://" + address;
}

// Whatever else their group asks.
const std::set<std::string> at_the_dashboard{"actions", "email sent", "login"};

struct EveryVerbThatAsks : EveryVerb {
    EveryVerbThatAsks() {
        ::setenv("S3_ACCESS_KEY_ID", "key", 1);
        ::setenv("S3_SECRET_ACCESS_KEY", "hunter2hunter2", 1);
        ::setenv("EMAIL_FROM", "shop@example.org", 1);
    }
    ~EveryVerbThatAsks() override {
        for (const auto* each : {"S3_ACCESS_KEY_ID", "S3_SECRET_ACCESS_KEY", "EMAIL_FROM"})
            ::unsetenv(each);
    }

    texts asking(const verb_in_tree& verb, const std::string& address) {
        auto words = filled_in(verb);
        if (const auto more = besides.find(verb.path()); more != besides.end())
            words.insert(words.end(), more->second.begin(), more->second.end());
        // Redis is waited for until then; others say at once that nobody is there, but a machine may be busy.
        const auto url =
            at_the_dashboard.contains(verb.path()) ? "http://" + address : url_for(verb.words.front(), address);
        words.insert(words.end(), {"--url", url, "--timeout", url.starts_with("redis") ? "300ms" : "3s"});
        return words;
    }
};

// A worker waits until there is somebody, and `storage verify` tells what it found as its result.
const std::set<std::string> patient{"queue work", "storage verify"};

TEST_F(EveryVerbThatAsks, SaysThatNobodyAnswers) {
    const auto port = std::to_string(testing::free_port());
    for (const auto& verb : leaves) {
        if (alone.contains(verb.path()) || patient.contains(verb.path()))
            continue;
        auto words = asking(verb, "127.0.0.1:" + port);
        words.push_back("--json");
        EXPECT_EQ(run(words), 5) << verb.path() << ": " << out.str();
        EXPECT_EQ(err.str(), "infra: " + message() + "\n") << verb.path();
        EXPECT_NE(message().find(port), std::string::npos) << verb.path() << ": " << message();
        EXPECT_NE(message().find("running"), std::string::npos)
            << verb.path() << " says not what to look at: " << message();
        EXPECT_EQ(message().find("hunter2"), std::string::npos) << verb.path();
    }
    EXPECT_EQ(run({"queue", "ls", "--url", "redis://127.0.0.1:" + port, "--timeout", "300ms"}), 5);
    EXPECT_EQ(out.str(), "");
    EXPECT_NE(err.str().find(port), std::string::npos) << err.str();
}

// --- Ctrl-C -----------------------------------------------------------------------------------------------------------

/// A server that takes connections and says nothing.
class silent_server {
public:
    silent_server() {
        const int on = 1;
        sockaddr_in at{};
        at.sin_family = AF_INET;
        at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
        socklen_t size = sizeof at;
        ::setsockopt(listener_, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
        EXPECT_EQ(::bind(listener_, reinterpret_cast<const sockaddr*>(&at), sizeof at), 0);
        EXPECT_EQ(::listen(listener_, 16), 0);
        EXPECT_EQ(::getsockname(listener_, reinterpret_cast<sockaddr*>(&at), &size), 0);
        port_ = ntohs(at.sin_port);
    }
    ~silent_server() {
        for (const int each : taken_)
            ::close(each);
        ::close(listener_);
    }
    silent_server(const silent_server&) = delete;
    silent_server& operator=(const silent_server&) = delete;

    std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

    /// False if nobody comes.
    bool wait_for_somebody() {
        pollfd ready{.fd = listener_, .events = POLLIN, .revents = 0};
        if (::poll(&ready, 1, 20'000) != 1)
            return false;
        taken_.push_back(::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC));
        return true;
    }

private:
    int listener_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    int port_ = 0;
    std::vector<int> taken_;
};

pid_t start_command(texts words) {
    words.insert(words.begin(), std::filesystem::read_symlink("/proc/self/exe").parent_path() / "infra");
    std::vector<char*> arguments;
    for (auto& each : words)
        arguments.push_back(each.data());
    arguments.push_back(nullptr);
    posix_spawn_file_actions_t quiet;
    ::posix_spawn_file_actions_init(&quiet);
    ::posix_spawn_file_actions_addopen(&quiet, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
    ::posix_spawn_file_actions_addopen(&quiet, STDERR_FILENO, "/dev/null", O_WRONLY, 0);
    pid_t child = -1;
    EXPECT_EQ(::posix_spawn(&child, arguments[0], &quiet, nullptr, arguments.data(), environ), 0);
    ::posix_spawn_file_actions_destroy(&quiet);
    return child;
}

// As a shell says it; -1: it goes on, and is killed.
int end_of(pid_t child) {
    for (int i = 0; i < 1000; ++i) {
        int status = 0;
        if (::waitpid(child, &status, WNOHANG) == child)
            return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
        ::usleep(10'000);
    }
    ::kill(child, SIGKILL);
    ::waitpid(child, nullptr, 0);
    return -1;
}

// To these it is how they end.
const std::set<std::string> endless{"realtime tail", "top"};

TEST_F(EveryVerbThatAsks, IsEndedByCtrlC) {
    for (const auto& verb : leaves) {
        if (alone.contains(verb.path()) ||
            verb.path() == "queue work") // which waits for its jobs; a second one ends it
            continue;
        silent_server server;
        auto words = asking(verb, server.address());
        words.back() = "1h"; // so that it is not this that ends it
        const auto child = start_command(words);
        EXPECT_TRUE(server.wait_for_somebody()) << verb.path();
        ::kill(child, SIGINT);
        const auto code = end_of(child);
        EXPECT_TRUE(code == 130 || (code == 0 && endless.contains(verb.path())))
            << verb.path() << " ended with " << code;
    }
}

// --- Broken input -----------------------------------------------------------------------------------------------------

TEST_F(EveryVerb, ThatReadsJsonSaysWhereItIsBroken) {
    std::istringstream lines("{\"a\": \n");
    auto* const input = std::cin.rdbuf(lines.rdbuf());
    const std::pair<texts, int> cases[] = {
        {{"queue", "add", "mail", "{\"to\": ", "--url", "sqlite:queue.db"}, 2},
        {{"queue", "add", "mail", "--stdin", "--url", "sqlite:queue.db"}, 1},
        {{"email", "render", "welcome", "--data", "broken.json"}, 2},
        {{"email", "send", "--to", "a@example.org", "--template", "welcome", "--data", "broken.json"}, 2},
    };
    for (const auto& [words, code] : cases) {
        EXPECT_EQ(run(words), code) << words[0] << " " << words[1] << err.str();
        EXPECT_FALSE(err.str().empty()) << words[0] << " " << words[1];
        auto again = words;
        again.push_back("--json");
        EXPECT_EQ(run(again), words[3] == "--stdin" ? 0 : code) << "its line was read before";
        EXPECT_TRUE(boost::json::parse(out.str()).is_object()) << out.str();
        EXPECT_EQ(err.str().empty(), words[3] == "--stdin") << err.str();
    }
    std::cin.rdbuf(input);
}

} // namespace
} // namespace infra::cli
