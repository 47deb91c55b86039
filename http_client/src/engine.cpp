#include "engine.hpp"

#include <infra/base/context.hpp>
#include <infra/base/error.hpp>

#include <array>
#include <utility>

namespace infra::http {
namespace {

std::exception_ptr failure(errc code, const char* sentence) { return std::make_exception_ptr(error(code, sentence)); }

} // namespace

/// One of libcurl's sockets. libcurl owns the descriptor: it tells us to forget it before it closes it, and the number
/// may then come back as another socket, hence another watch.
struct engine::watch {
    explicit watch(const executor& ex) : descriptor(ex) {}
    ~watch() { forget(); }

    void forget() noexcept {
        wanted = CURL_POLL_NONE;
        if (descriptor.is_open())
            descriptor.release();
    }

    asio::posix::stream_descriptor descriptor;
    int wanted = CURL_POLL_NONE;
    bool reading = false; // a wait is outstanding
    bool writing = false;
};

engine::engine(executor ex, client_options options)
    : executor_(std::move(ex)), options_(std::move(options)), timer_(executor_) {
    curl::start_up();
    open();
}

engine::~engine() { close(); }

void engine::open() {
    multi_ = curl::make_multi();
    curl::set(multi_.get(), CURLMOPT_SOCKETFUNCTION, &on_socket);
    curl::set(multi_.get(), CURLMOPT_SOCKETDATA, this);
    curl::set(multi_.get(), CURLMOPT_TIMERFUNCTION, &on_timer);
    curl::set(multi_.get(), CURLMOPT_TIMERDATA, this);
    curl::set(multi_.get(), CURLMOPT_PIPELINING, options_.http2 ? CURLPIPE_MULTIPLEX : CURLPIPE_NOTHING);
    curl::set(multi_.get(), CURLMOPT_MAX_HOST_CONNECTIONS, static_cast<long>(options_.max_connections_per_host));
    curl::set(multi_.get(), CURLMOPT_MAX_TOTAL_CONNECTIONS, static_cast<long>(options_.max_connections));
    curl::set(multi_.get(), CURLMOPT_MAXCONNECTS, static_cast<long>(options_.max_connections));
}

// --- Requests ---------------------------------------------------------------------------------------------------

void engine::start(std::shared_ptr<transfer> t) {
    // What libcurl does for all must not carry the context of one.
    const context_scope none{context()};
    if (draining_)
        return t->finish(failure(errc::closed, "http::client: it is stopped and sends nothing more"));
    if (transfers_.size() >= options_.max_requests)
        return t->finish(
            failure(errc::overloaded, "http::client: max_requests are in flight already; send less or raise it"));
    transfers_.emplace(t->handle(), t);
    const auto code = curl_multi_add_handle(multi_.get(), t->handle());
    if (code == CURLM_OK)
        return;
    transfers_.erase(t->handle());
    t->finish(std::make_exception_ptr(error(errc::unavailable, std::string("libcurl: ") + curl_multi_strerror(code))));
}

void engine::abandon(const std::shared_ptr<transfer>& t) noexcept {
    const auto found = t->handle() ? transfers_.find(t->handle()) : transfers_.end();
    if (found == transfers_.end())
        return;
    const context_scope none{context()};
    curl_multi_remove_handle(multi_.get(), t->handle());
    transfers_.erase(found);
    t->finish(failure(errc::cancelled, "nobody waits for the response"));
    collect_finished(); // a request that waited for this one's connection may have ended at once
}

void engine::collect_finished() noexcept {
    int left = 0;
    while (const auto* message = curl_multi_info_read(multi_.get(), &left)) {
        if (message->msg != CURLMSG_DONE)
            continue;
        CURL* const handle = message->easy_handle; // the message dies with the removal
        const auto code = message->data.result;
        curl_multi_remove_handle(multi_.get(), handle);
        if (const auto ended = transfers_.extract(handle))
            ended.mapped()->finish(code);
    }
    end_if_drained();
}

void engine::fail_all(std::exception_ptr why) noexcept {
    while (!transfers_.empty()) {
        const auto ended = transfers_.extract(transfers_.begin());
        curl_multi_remove_handle(multi_.get(), ended.key());
        ended.mapped()->finish(why);
    }
}

// --- The end ----------------------------------------------------------------------------------------------------

void engine::drain(std::shared_ptr<answer<void>> done) {
    draining_ = true;
    waiting_for_the_end_.push_back(std::move(done));
    end_if_drained();
}

void engine::end_if_drained() noexcept {
    if (draining_ && transfers_.empty())
        close();
}

void engine::close() noexcept {
    draining_ = true;
    shut();
    for (const auto& waiting : std::exchange(waiting_for_the_end_, {}))
        waiting->give();
}

void engine::shut() noexcept {
    if (!multi_)
        return;
    fail_all(failure(errc::closed, "http::client: it was stopped before the response came"));
    curl_multi_setopt(multi_.get(), CURLMOPT_SOCKETFUNCTION, nullptr);
    curl_multi_setopt(multi_.get(), CURLMOPT_TIMERFUNCTION, nullptr);
    for (const auto& [fd, w] : watches_)
        w->forget(); // before libcurl closes them
    watches_.clear();
    timer_.cancel();
    multi_.reset();
}

// --- Sockets and time -------------------------------------------------------------------------------------------

int engine::on_socket(CURL*, curl_socket_t fd, int what, void* self, void*) noexcept {
    auto& e = *static_cast<engine*>(self);
    try {
        if (what != CURL_POLL_REMOVE)
            return e.watch_socket(fd, what) ? 0 : -1;
        e.forget_socket(fd);
        return 0;
    } catch (...) {
        return -1; // out of memory or of kernel resources; act() sees the multi handle break
    }
}

bool engine::watch_socket(curl_socket_t fd, int what) {
    auto& w = watches_[fd];
    if (!w) {
        auto made = std::make_shared<watch>(executor_);
        boost::system::error_code ec;
        made->descriptor.assign(fd, ec);
        if (ec) {
            watches_.erase(fd);
            return false;
        }
        w = std::move(made);
    }
    w->wanted = what;
    wait_for(w);
    return true;
}

void engine::forget_socket(curl_socket_t fd) noexcept {
    if (const auto forgotten = watches_.extract(fd))
        forgotten.mapped()->forget();
}

// Waits in each direction that is wanted and not waited for yet. A wait that turns out unwanted ends without a word.
void engine::wait_for(const std::shared_ptr<watch>& w) {
    struct direction {
        int poll;
        int ready;
        asio::posix::descriptor_base::wait_type kind;
        bool watch::* outstanding;
    };
    static constexpr std::array<direction, 2> directions{{
        {CURL_POLL_IN, CURL_CSELECT_IN, asio::posix::descriptor_base::wait_read, &watch::reading},
        {CURL_POLL_OUT, CURL_CSELECT_OUT, asio::posix::descriptor_base::wait_write, &watch::writing},
    }};
    for (const auto& d : directions) {
        if (!(w->wanted & d.poll) || std::exchange((*w).*d.outstanding, true))
            continue;
        w->descriptor.async_wait(d.kind, [weak = weak_from_this(), w, &d](boost::system::error_code ec) {
            (*w).*d.outstanding = false;
            const auto self = weak.lock();
            if (!self || !(w->wanted & d.poll))
                return;
            self->act(w->descriptor.native_handle(), ec ? CURL_CSELECT_ERR : d.ready);
            self->wait_for(w);
        });
    }
}

int engine::on_timer(CURLM*, long milliseconds, void* self) noexcept {
    try {
        static_cast<engine*>(self)->set_timer(milliseconds);
        return 0;
    } catch (...) {
        return -1;
    }
}

// Even "now" goes through the loop: libcurl must not be entered from its own callback.
void engine::set_timer(long milliseconds) {
    timer_.cancel();
    if (milliseconds < 0)
        return;
    timer_.expires_after(std::chrono::milliseconds(milliseconds));
    timer_.async_wait([weak = weak_from_this()](boost::system::error_code ec) {
        if (const auto self = weak.lock(); self && !ec)
            self->act(CURL_SOCKET_TIMEOUT, 0);
    });
}

void engine::act(curl_socket_t fd, int events) {
    if (!multi_)
        return;
    const context_scope none{context()};
    int running = 0;
    const auto code = curl_multi_socket_action(multi_.get(), fd, events, &running);
    collect_finished();
    if (code == CURLM_OK || !multi_)
        return;
    // A broken multi handle stays broken. The requests in it are lost, those to come are not.
    fail_all(std::make_exception_ptr(error(errc::unavailable, std::string("libcurl: ") + curl_multi_strerror(code))));
    shut();
    if (!draining_)
        open();
}

} // namespace infra::http
