/// A service with everything on, for the tests of its pages and for ./bench dashboard:
///
///     dashboard_service [--jobs N] [--series N] [--hostile] [--read] [--port N] [--redis URL] [--folder PATH]
///
/// says on stdout where it is, {"url":"http://127.0.0.1:4711","login":"http://127.0.0.1:4711/infra/login?token=…","pid":…}, once it listens and
/// has what it begins with. It ends when its standard input does. Its log is in FOLDER/service.log.

#include "seeds.hpp"

#include <infra/dashboard.hpp>
#include <infra/runtime/default_runtime.hpp>

#include <boost/asio/co_spawn.hpp>

#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <stdexcept>
#include <string_view>
#include <thread>

#include <fcntl.h>
#include <unistd.h>

namespace infra::dashboard::service {
namespace {

template <class Number>
Number number(std::string_view text) {
    Number value{};
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (failed != std::errc() || end != text.data() + text.size())
        throw std::invalid_argument("expected a number, got " + std::string(text));
    return value;
}

wishes wishes_of(const std::vector<std::string_view>& words) {
    wishes w;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const auto next = [&] {
            return i + 1 < words.size() ? words[++i] : throw std::invalid_argument("what follows?");
        };
        if (words[i] == "--jobs")
            w.jobs = number<std::size_t>(next());
        else if (words[i] == "--series")
            w.series = number<std::size_t>(next());
        else if (words[i] == "--port")
            w.port = number<std::uint16_t>(next());
        else if (words[i] == "--redis")
            w.redis = next();
        else if (words[i] == "--folder")
            w.state_in = next();
        else if (words[i] == "--hostile")
            w.hostile = true;
        else if (words[i] == "--read")
            w.read = true;
        else
            throw std::invalid_argument("there is no " + std::string(words[i]));
    }
    return w;
}

/// Gone at the end, unless somebody else keeps it.
struct folder {
    explicit folder(const std::string& given) : kept(!given.empty()) {
        auto pattern = (std::filesystem::temp_directory_path() / "infra-dashboard-XXXXXX").string();
        path = kept ? given : ::mkdtemp(pattern.data());
        std::filesystem::create_directories(path / "emails");
    }
    folder(const folder&) = delete;
    folder& operator=(const folder&) = delete;
    ~folder() {
        std::error_code ignored;
        if (!kept)
            std::filesystem::remove_all(path, ignored);
    }
    bool kept;
    std::filesystem::path path;
};

// The log has stdout to itself in a service; here a test reads there where the service is.
int keep_stdout_for_us(const std::filesystem::path& log) {
    const int ours = ::dup(STDOUT_FILENO);
    const int file = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    if (ours < 0 || file < 0 || ::dup2(file, STDOUT_FILENO) < 0)
        throw std::runtime_error("cannot write " + log.string());
    ::close(file);
    return ours;
}

environment variables_of(const wishes& w, const std::filesystem::path& folder) {
    environment::variables all{{"QUEUE_URL", "sqlite:" + (folder / "queue.db").string()},
                               {"STORAGE_URL", "file:" + (folder / "storage").string()},
                               {"EMAIL_URL", "outbox:" + (folder / "outbox").string()},
                               {"EMAIL_FROM", "shop@example.com"},
                               {"INFRA_ADMIN_TOKEN", "operators-token-of-the-tests"},
                               {"REALTIME_SIGNING_SECRET", "signing-secret-of-the-tests"},
                               {"STORAGE_SIGNING_SECRET", "storage-secret-of-the-tests"},
                               {"HEALTH_TOKEN", "health-token-of-the-tests"},
                               {"APP_ENV", "test"}};
    if (!w.redis.empty()) {
        all.erase("QUEUE_URL");
        all.emplace("REDIS_URL", w.redis);
    }
    return environment(std::move(all));
}

app::app_options options_of(const wishes& w, const std::filesystem::path& folder) {
    return {.name = word(w, 0, "shop"),
            .version = "1.2.3",
            .port = static_cast<std::uint16_t>(w.port),
            .email = {.templates = (folder / "emails").string()},
            .realtime = {.hub = {.channels = {{"room:*", {.history = {.size = 100}, .presence = true}}},
                                 .authorize = [](realtime::access_request) { return true; }}},
            .environment = variables_of(w, folder)};
}

void write_line(int to, std::string line) {
    line += '\n';
    if (::write(to, line.data(), line.size()) < 0)
        std::exit(1);
}

awaitable<void> all_of(std::vector<std::function<awaitable<void>()>> work) {
    for (const auto& each : work)
        co_await each();
}

/// What is printed to stderr while this lives: the one place that the link goes to. What else was said goes on at the end.
class printed {
public:
    printed() {
        if (::pipe2(ends_, O_CLOEXEC) != 0)
            throw std::runtime_error("no pipe");
        stderr_ = ::dup(STDERR_FILENO);
        ::dup2(ends_[1], STDERR_FILENO);
    }
    printed(const printed&) = delete;
    printed& operator=(const printed&) = delete;
    ~printed() {
        if (stderr_ >= 0)
            std::cerr << take();
    }

    std::string take() {
        ::dup2(stderr_, STDERR_FILENO);
        ::close(std::exchange(stderr_, -1));
        ::close(ends_[1]);
        std::string all(64 * 1024, '\0');
        const auto size = ::read(ends_[0], all.data(), all.size());
        all.resize(size > 0 ? static_cast<std::size_t>(size) : 0);
        ::close(ends_[0]);
        return all;
    }

private:
    int ends_[2]{};
    int stderr_ = -1;
};

std::string link_in(const std::string& text) {
    const auto at = text.find("http://");
    return at == std::string::npos ? "" : text.substr(at, text.find_first_of(" \n", at) - at);
}

int serve(const wishes& w) {
    const folder state(w.state_in);
    const int to = keep_stdout_for_us(state.path / "service.log");
    auto service = app::from_environment(options_of(w, state.path));
    seeding seeds{.app = service, .wishes = w, .folder = state.path};
    seed_load(seeds);
    seed_observations(seeds);
    seed_mail(seeds);
    seed_queues(seeds);
    seed_realtime(seeds);
    seed_cache(seeds);
    seed_storage(seeds);
    printed said;
    dashboard_options options;
    if (w.read)
        options.authorize = [](const http::request&) { return role::read; };
    mount(service, std::move(options));
    service.on_started([&](const app::started& known) {
        const auto login = link_in(said.take());
        asio::co_spawn(default_executor(), all_of(seeds.work),
                       [&service, to, login, url = known.url](std::exception_ptr failed) {
                           if (failed) {
                               std::cerr << describe(failed) << "\n";
                               return service.stop();
                           }
                           write_line(to, json::to_text(json::object{{"url", url},
                                                                     {"login", login.empty() ? url + "/infra/" : login},
                                                                     {"pid", ::getpid()}}));
                       });
    });
    std::thread until_nobody_is_there([&service] {
        char byte{};
        while (::read(STDIN_FILENO, &byte, 1) > 0) {
        }
        service.stop();
    });
    const int code = service.run();
    ::close(STDIN_FILENO);
    until_nobody_is_there.detach(); // it may wait in read() for as long as its parent likes
    return code;
}

} // namespace
} // namespace infra::dashboard::service

int main(int count, char** words) try {
    using namespace infra::dashboard::service;
    return serve(wishes_of({words + 1, words + count}));
} catch (const std::exception& e) {
    std::cerr << "dashboard_service: " << e.what() << "\n";
    return 2;
}
