#include "child.hpp"
#include "email_verbs.hpp"

#include <infra/base/error.hpp>
#include <infra/email/preview.hpp>
#include <infra/email/templates.hpp>
#include <infra/http_server.hpp>
#include <infra/runtime/event_loop.hpp>
#include <infra/runtime/wait.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <csignal>
#include <memory>
#include <ostream>

namespace infra::cli {
namespace {

struct preview_words {
    std::string directory = "emails";
    std::uint16_t port = 8025;
    bool open = false;
};

http::router routes_for(const preview_words& words) {
    http::router routes;
    email::add_preview(routes, {.directory = words.directory});
    return routes;
}

/// The server and what ends it. Lives on one loop.
struct previewing : std::enable_shared_from_this<previewing> {
    previewing(executor ex, const preview_words& words)
        : server({ex}, routes_for(words), {.port = words.port, .access_log = false}), signals(ex, SIGINT, SIGTERM) {}

    awaitable<void> run() {
        const auto self = shared_from_this();
        asio::co_spawn(signals.get_executor(), self->stop_when_told(), asio::detached);
        co_await self->server.run();
        self->signals.cancel();
    }

    // At once: a browser that waits for a change has nothing to lose.
    awaitable<void> stop_when_told() {
        const auto self = shared_from_this();
        boost::system::error_code ended;
        co_await self->signals.async_wait(asio::redirect_error(asio::use_awaitable, ended));
        co_await self->server.stop(deadline::after(std::chrono::seconds(0)));
    }

    http::server server;
    asio::signal_set signals;
};

// Whether there is a browser or not, the server stays.
awaitable<void> open_browser(std::string url) {
    try {
        co_await run_child({.command = "xdg-open " + url});
    } catch (const std::exception&) {
    }
}

exit_code preview(const preview_words& words, const output& to) {
    email::list_templates(words.directory); // a wrong directory is said now, not on a page
    event_loop loop("preview");
    loop.start();
    const auto ex = loop.get_executor();
    const auto all = std::make_shared<previewing>(ex, words);
    try {
        all->server.listen();
    } catch (const error& e) {
        return to.fail(exit_code::failed, std::string(e.what()) + "; --port 0 takes a free one");
    }
    const auto url = all->server.url() + "/";
    to.print(url, {{"url", url}, {"directory", words.directory}});
    to.out.flush();
    if (words.open)
        asio::co_spawn(ex, open_browser(url), asio::detached);
    wait(all->run(), ex);
    return exit_code::ok;
}

} // namespace

void add_email_preview(const email_group& to) {
    const auto words = std::make_shared<preview_words>();
    auto& app = to.add(
        {.name = "preview",
         .description = "Serves pages with all templates and their sample data, on this machine alone, until it gets "
                        "SIGINT or SIGTERM. They follow each change of a file.",
         .examples = {"infra email preview --open", "infra email preview --dir src/emails --port 0"}},
        [words](const output& o) { return preview(*words, o); });
    app.add_option("--dir", words->directory,
                   "Where templates are; data for each lies beside it, welcome.json for welcome.md")
        ->capture_default_str()
        ->type_name("DIR");
    app.add_option("--port", words->port, "Where to listen; 0 takes a free port")->capture_default_str();
    app.add_flag("--open", words->open, "Open it in a browser");
}

} // namespace infra::cli
