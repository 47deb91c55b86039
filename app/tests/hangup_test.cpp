#include <infra/app.hpp>

#include "tests/test_folder.hpp"

#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include <fcntl.h>
#include <unistd.h>

namespace infra::app {
namespace {

namespace fs = std::filesystem;
using namespace std::chrono_literals;

struct Hangup : testing::Test {
    Hangup() { GTEST_FLAG_SET(death_test_style, "threadsafe"); }

    environment variables() const {
        return environment({{"QUEUE_URL", "memory:"},
                            {"STORAGE_URL", "memory:"},
                            {"EMAIL_URL", "outbox:" + (folder / "outbox").string()}});
    }

    bool says(const fs::path& file, std::string_view word) const {
        std::ifstream from(folder / file);
        return std::string(std::istreambuf_iterator<char>(from), {}).find(word) != std::string::npos;
    }

    test_folder folder;
};

// What logrotate does: it moves the file away, and tells the service.
TEST_F(Hangup, BeginsLogFilesAnew) {
    const auto rotate = [this] {
        ::dup2(::open("/dev/null", O_RDONLY | O_CLOEXEC), STDIN_FILENO); // of a service, which is no terminal
        logging::default_pipeline().add_output({.to = logging::file_sink({.path = folder / "log"})});
        auto app = application({.port = 0, .environment = variables()});
        app.on_started([&](const started&) {
            logging::info("the first line");
            logging::flush(deadline::after(30s));
            fs::rename(folder / "log", folder / "log.1");
            ::kill(::getpid(), SIGHUP);
            logging::info("the second line");
            logging::flush(deadline::after(30s));
            app.stop();
        });
        const int code = app.run();
        const bool is_rotated =
            says("log.1", "the first line") && !says("log.1", "the second line") && says("log", "the second line");
        std::exit(is_rotated ? code : 2);
    };
    EXPECT_EXIT(rotate(), testing::ExitedWithCode(0), "");
}

TEST_F(Hangup, StaysIgnoredWhereItWas) {
    const auto survive = [this] {
        ::signal(SIGHUP, SIG_IGN); // nohup
        auto app = application({.port = 0, .environment = variables()});
        app.on_started([&](const started&) { app.stop(); });
        const int code = app.run();
        struct sigaction now{};
        ::sigaction(SIGHUP, nullptr, &now);
        std::exit(now.sa_handler == SIG_IGN ? code : 2);
    };
    EXPECT_EXIT(survive(), testing::ExitedWithCode(0), "");
}

} // namespace
} // namespace infra::app
