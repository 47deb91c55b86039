#include "loop.hpp"

#include <infra/base/context.hpp>
#include <infra/base/error.hpp>

#include <array>
#include <string>
#include <utility>

namespace infra::curl {

/// One of libcurl's sockets. libcurl owns the descriptor: it tells us to forget it before it closes it, and the number
/// may then come back as another socket, hence another watch.
struct loop::watch {
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

loop::loop(executor ex) : executor_(std::move(ex)), timer_(executor_) { start_up(); }

loop::~loop() { shut(); }

void loop::open() {
    multi_ = make_multi();
    set(multi(), CURLMOPT_SOCKETFUNCTION, &on_socket);
    set(multi(), CURLMOPT_SOCKETDATA, this);
    set(multi(), CURLMOPT_TIMERFUNCTION, &on_timer);
    set(multi(), CURLMOPT_TIMERDATA, this);
}

void loop::shut() noexcept {
    if (!multi_)
        return;
    curl_multi_setopt(multi(), CURLMOPT_SOCKETFUNCTION, nullptr);
    curl_multi_setopt(multi(), CURLMOPT_TIMERFUNCTION, nullptr);
    for (const auto& [fd, w] : watches_)
        w->forget(); // before libcurl closes them
    watches_.clear();
    timer_.cancel();
    multi_.reset();
}

void loop::collect_finished() noexcept {
    int left = 0;
    while (multi_) { // which the end of one may have shut
        const auto* const message = curl_multi_info_read(multi(), &left);
        if (!message)
            return;
        if (message->msg == CURLMSG_DONE)
            ended(message->easy_handle, message->data.result);
    }
}

// --- Sockets and time -------------------------------------------------------------------------------------------

int loop::on_socket(CURL*, curl_socket_t fd, int what, void* self, void*) noexcept {
    auto& e = *static_cast<loop*>(self);
    try {
        if (what != CURL_POLL_REMOVE)
            return e.watch_socket(fd, what) ? 0 : -1;
        e.forget_socket(fd);
        return 0;
    } catch (...) {
        return -1; // out of memory or of kernel resources; act() sees the multi handle break
    }
}

bool loop::watch_socket(curl_socket_t fd, int what) {
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

void loop::forget_socket(curl_socket_t fd) noexcept {
    if (const auto forgotten = watches_.extract(fd))
        forgotten.mapped()->forget();
}

// Waits in each direction that is wanted and not waited for yet. A wait that turns out unwanted ends without a word.
void loop::wait_for(const std::shared_ptr<watch>& w) {
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

int loop::on_timer(CURLM*, long milliseconds, void* self) noexcept {
    try {
        static_cast<loop*>(self)->set_timer(milliseconds);
        return 0;
    } catch (...) {
        return -1;
    }
}

// Even "now" goes through the loop: libcurl must not be entered from its own callback.
void loop::set_timer(long milliseconds) {
    timer_.cancel();
    if (milliseconds < 0)
        return;
    timer_.expires_after(std::chrono::milliseconds(milliseconds));
    timer_.async_wait([weak = weak_from_this()](boost::system::error_code ec) {
        if (const auto self = weak.lock(); self && !ec)
            self->act(CURL_SOCKET_TIMEOUT, 0);
    });
}

void loop::act(curl_socket_t fd, int events) {
    if (!multi_)
        return;
    const context_scope none{context()};
    int running = 0;
    const auto code = curl_multi_socket_action(multi(), fd, events, &running);
    collect_finished();
    if (code != CURLM_OK && multi_)
        broke(std::make_exception_ptr(error(errc::unavailable, std::string("libcurl: ") + curl_multi_strerror(code))));
}

} // namespace infra::curl
