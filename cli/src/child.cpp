#include "child.hpp"
#include "spawn.hpp"

#include <infra/base/error.hpp>

#include <boost/asio/buffer.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>

#include <algorithm>
#include <array>
#include <csignal>
#include <memory>

#include <unistd.h>

namespace infra::cli {
namespace {

using boost::system::error_code;

constexpr std::size_t pipe_holds = 64 * 1024;

/// The last bytes of what was written.
class tail {
public:
    explicit tail(std::size_t most) : most_(most) {}

    void add(const char* bytes, std::size_t count) {
        text_.append(bytes, count);
        if (text_.size() > 2 * most_) // seldom, so that each byte is moved once
            shorten();
    }
    std::string take() {
        if (text_.size() > most_)
            shorten();
        return std::move(text_);
    }
    bool cut() const noexcept { return cut_; }

private:
    void shorten() {
        text_.erase(0, text_.size() - most_);
        cut_ = true;
    }

    const std::size_t most_;
    std::string text_;
    bool cut_ = false;
};

/// What is read from a pipe, until the pipe ends or we no longer care.
struct source {
    source(const executor& ex, descriptor fd, std::size_t keep) : from(ex, fd.release()), kept(keep) {}

    // What lies in the pipe already, and no more: somebody who escaped may go on writing.
    void read_rest() {
        std::array<char, 4096> buffer{};
        std::size_t left = pipe_holds;
        for (ssize_t n = 1; n > 0 && left > 0 && !ended;)
            if (n = ::read(from.native_handle(), buffer.data(), std::min(buffer.size(), left)); n > 0) {
                kept.add(buffer.data(), static_cast<std::size_t>(n));
                left -= static_cast<std::size_t>(n);
            }
    }

    asio::posix::stream_descriptor from;
    tail kept;
    bool ended = false;
};

/// A running command. Shared with the coroutines that look after its pipes, which end when these are closed.
struct running {
    running(const executor& ex, child_command command)
        : what(std::move(command)),
          child(spawn(what)),
          exit(ex, child.process.release()),
          in(ex, child.in.release()),
          out(ex, std::move(child.out), what.keep),
          err(ex, std::move(child.err), what.keep),
          changed(ex, std::chrono::steady_clock::time_point::max()) {}
    ~running() {
        if (buried)
            return;
        ::kill(-child.pid, SIGKILL); // its coroutine was destroyed with the loop, and nobody is to wait for it
        bury(child);
    }
    running(const running&) = delete;
    running& operator=(const running&) = delete;

    bool quiet() const noexcept { return exited && out.ended && err.ended; }

    const child_command what;
    spawned child;
    asio::posix::stream_descriptor exit;
    asio::posix::stream_descriptor in;
    source out;
    source err;
    bool exited = false;
    bool buried = false;
    asio::steady_timer changed; // cancelled whenever something ends
};

awaitable<void> watch_exit(std::shared_ptr<running> r) {
    error_code ec;
    co_await r->exit.async_wait(asio::posix::descriptor_base::wait_read, asio::redirect_error(asio::use_awaitable, ec));
    r->exited = !ec;
    r->changed.cancel();
}

// Whether it is read is the command's business.
awaitable<void> feed(std::shared_ptr<running> r) {
    error_code ec;
    co_await asio::async_write(r->in, asio::buffer(r->what.input), asio::redirect_error(asio::use_awaitable, ec));
    r->in.close(ec);
}

awaitable<void> collect(std::shared_ptr<running> r, source running::* which) {
    auto& from = (*r).*which;
    std::array<char, 4096> buffer{};
    for (;;) {
        error_code ec;
        const auto n =
            co_await from.from.async_read_some(asio::buffer(buffer), asio::redirect_error(asio::use_awaitable, ec));
        from.kept.add(buffer.data(), n);
        if (ec)
            break;
    }
    from.ended = true;
    r->changed.cancel();
}

awaitable<void> wait_for_change(std::shared_ptr<running> r) {
    error_code ec;
    co_await r->changed.async_wait(asio::redirect_error(asio::use_awaitable, ec));
}

// False if nobody wants the command any more.
awaitable<bool> wait_for_exit(std::shared_ptr<running> r) {
    const auto wanted = [](asio::cancellation_state s) { return s.cancelled() == asio::cancellation_type::none; };
    while (!r->exited && wanted(co_await asio::this_coro::cancellation_state))
        co_await wait_for_change(r);
    co_return r->exited;
}

// While a process of the group lives, the command's outputs have not ended, as far as it did not close them.
awaitable<void> make_it_end(std::shared_ptr<running> r) {
    ::kill(-r->child.pid, SIGTERM);
    const auto limit = std::chrono::steady_clock::now() + r->what.patience;
    r->changed.expires_at(limit);
    while (!r->quiet() && std::chrono::steady_clock::now() < limit)
        co_await wait_for_change(r);
    ::kill(-r->child.pid, SIGKILL);
    r->changed.expires_at(std::chrono::steady_clock::time_point::max());
    while (!r->exited)
        co_await wait_for_change(r);
}

void let_go(running& r) {
    error_code ec;
    r.exit.close(ec);
    r.in.close(ec);
    r.out.from.close(ec);
    r.err.from.close(ec);
}

child_end end_of(running& r) {
    child_end end{.exit_code = bury(r.child)};
    r.buried = true;
    r.out.read_rest();
    r.err.read_rest();
    end.out = r.out.kept.take();
    end.err = r.err.kept.take();
    end.out_cut = r.out.kept.cut();
    let_go(r);
    return end;
}

} // namespace

awaitable<child_end> run_child(child_command what) {
    const auto ex = co_await asio::this_coro::executor;
    const auto r = std::make_shared<running>(ex, std::move(what));
    asio::co_spawn(ex, watch_exit(r), asio::detached);
    asio::co_spawn(ex, feed(r), asio::detached);
    asio::co_spawn(ex, collect(r, &running::out), asio::detached);
    asio::co_spawn(ex, collect(r, &running::err), asio::detached);
    co_await asio::this_coro::throw_if_cancelled(false); // what was begun is brought to its end
    const bool over = co_await wait_for_exit(r);
    if (!over)
        co_await make_it_end(r);
    co_await asio::this_coro::throw_if_cancelled(true);
    auto end = end_of(*r);
    if (!over)
        throw boost::system::system_error(asio::error::operation_aborted);
    co_return end;
}

} // namespace infra::cli
