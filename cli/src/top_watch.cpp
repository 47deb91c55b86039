#include "full_screen.hpp"
#include "top.hpp"

#include <infra/base/context_executor.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <csignal>
#include <exception>

namespace infra::cli::top {
namespace {

using std::chrono::steady_clock;

/// One loop, on which somebody looks at the service, somebody at the keyboard, and somebody at signals.
class live_view {
public:
    live_view(const order& given, bool colours)
        : given_(given),
          colours_(colours),
          from_(loop_.get_executor(), given.from),
          screen_(loop_.get_executor()),
          next_look_(loop_),
          signals_(loop_, SIGINT, SIGTERM, SIGHUP) {
        for (const int each : {SIGWINCH, SIGTSTP, SIGCONT})
            signals_.add(each);
    }

    void run() {
        draw();
        for (const auto each : {&live_view::look, &live_view::read_keys, &live_view::hear_signals})
            asio::co_spawn(with_context(loop_.get_executor()), (this->*each)(),
                           [this](std::exception_ptr e) { end(e); });
        loop_.run();
        if (failed_)
            std::rethrow_exception(failed_);
    }

private:
    // The first to end ends all: what is left of the others goes with the loop.
    void end(std::exception_ptr e) {
        if (!failed_)
            failed_ = e;
        loop_.stop();
    }

    awaitable<void> look() {
        for (auto next = steady_clock::now();; next = std::max(next + given_.of.interval, steady_clock::now())) {
            co_await sleep_until(next);
            if (how_.paused)
                continue;
            try {
                model_.take(co_await from_.look());
            } catch (const boost::system::system_error& e) {
                if (!model_.shown().last && is_wrong_address(e.code()))
                    throw;
                model_.fail(e.what(), steady_clock::now());
            }
            draw();
        }
    }

    awaitable<void> sleep_until(steady_time when) {
        boost::system::error_code ec;
        next_look_.expires_at(when);
        co_await next_look_.async_wait(asio::redirect_error(asio::use_awaitable, ec));
    }

    awaitable<void> read_keys() {
        key_reader keys;
        while (!how_.ended) {
            const auto bytes = co_await screen_.keys();
            if (bytes.empty())
                co_return;
            for (const auto& each : keys.read(bytes))
                press(how_, each, most_scroll_, page_);
            if (!how_.ended)
                draw();
        }
    }

    awaitable<void> hear_signals() {
        for (;;) {
            const int heard = co_await signals_.async_wait(asio::use_awaitable);
            if (heard == SIGINT || heard == SIGTERM || heard == SIGHUP)
                co_return;
            if (heard == SIGTSTP)
                screen_.suspend();
            screen_.forget();
            draw();
        }
    }

    void draw() {
        const auto size = screen_.size();
        auto made = render(model_.shown(), how_, given_.of, {size.columns, size.rows}, steady_clock::now());
        most_scroll_ = made.most_scroll;
        page_ = made.page;
        std::vector<std::string> lines;
        for (const auto& each : made.lines)
            lines.push_back(painted(each, colours_));
        screen_.draw(std::move(lines));
    }

    const order given_;
    const bool colours_;
    model model_;
    view how_;
    std::size_t most_scroll_ = 0, page_ = 1;
    std::exception_ptr failed_;
    asio::io_context loop_{1};
    source from_;
    full_screen screen_;
    asio::steady_timer next_look_;
    asio::signal_set signals_;
};

} // namespace

void watch(const order& given, bool colours) { live_view(given, colours).run(); }

} // namespace infra::cli::top
