#pragma once

/// One request on its way: libcurl's easy handle, what its callbacks collect, and what came of it.

#include "answer.hpp"
#include "curl_loop/handle.hpp"
#include "inflow.hpp"
#include "outflow.hpp"
#include "phase.hpp"
#include "redirect.hpp"

#include <infra/http_client.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace infra::http {

/// What the two sides of a request share: the loop that performs it and the coroutine that waits for it.
struct call {
    explicit call(promise<client_response> to) : reply(std::move(to)) {}

    answer<client_response> reply;
    std::atomic<phase> progress{phase::queued};

    std::shared_ptr<outflow> upload;   ///< a body from a source
    std::shared_ptr<inflow> download;  ///< a streamed response: the reply is its head
    std::exception_ptr source_failure; ///< the waiting side's

    /// The client's loop says so before the first byte, again for another connection or hop. False once it was withdrawn.
    bool begin_sending() noexcept { return go(way::sent); }

    /// The waiting side does when it leaves. True: no byte was sent, and none will be.
    bool withdraw() noexcept { return go(way::withdrawn); }

private:
    enum class way : std::uint8_t { unsent, sent, withdrawn };

    /// Whoever is first decides.
    bool go(way to) noexcept {
        auto gone = way::unsent;
        return way_.compare_exchange_strong(gone, to) || gone == to;
    }

    std::atomic<way> way_{way::unsent};
};

/// Threads: made by whoever sends; then only the client's loop touches it.
class transfer {
public:
    /// Keeps `request` until the end; throws what libcurl refuses. `max_body` counts decoded bytes.
    transfer(std::shared_ptr<const outgoing> request, const client_options& options, std::size_t max_body,
             std::shared_ptr<call> from);
    ~transfer();
    transfer(const transfer&) = delete;
    transfer& operator=(const transfer&) = delete;

    /// Null once finished.
    CURL* handle() const noexcept { return easy_.get(); }

    /// Answers as libcurl has decided, and gives the handle back to it.
    void finish(CURLcode code) noexcept;

    /// Answers with a failure of our own.
    void finish(std::exception_ptr why) noexcept;

    /// Goes on with a direction that was paused. A failure ends it.
    CURLcode resume(int direction) noexcept;

private:
    void prepare(const client_options& options);
    void prepare_method();
    void prepare_headers(const client_options& options);
    void prepare_network(const client_options& options);
    void prepare_tls(const client_options& options);
    void prepare_buffers(const client_options& options);
    void prepare_callbacks();

    void fail(std::exception_ptr why) noexcept;
    void give_head();
    void give_head_if_due();
    bool head_is_final() const;
    bool sent_all() const;
    CURLcode reconsidered(CURLcode code) const;
    bool answered_early() const;
    int status_code() const;
    client_response take_response();
    client_timings measure() const;
    void note(phase p) noexcept { call_->progress.store(p, std::memory_order_relaxed); }

    bool read_head_line(std::string_view line);
    bool end_head();
    bool collect(std::string_view bytes);
    void keep(std::string_view bytes);
    std::optional<std::size_t> give_body(char* to, std::size_t room);
    std::size_t give_from_memory(char* to, std::size_t room) const noexcept;
    bool may_begin();

    /// Runs a callback's work; an exception must not pass through C and is kept for the answer.
    template <class Work>
    bool guarded(Work work) noexcept;

    static std::size_t on_header(char* data, std::size_t, std::size_t size, void* self) noexcept;
    static std::size_t on_body(char* data, std::size_t, std::size_t size, void* self) noexcept;
    static std::size_t on_upload(char* to, std::size_t size, std::size_t count, void* self) noexcept;
    static int on_seek(void* self, curl_off_t offset, int origin) noexcept;
    static int on_resolve(void*, void*, void* self) noexcept;
    static int on_socket_made(void* self, curl_socket_t, curlsocktype) noexcept;
    static CURLcode on_handshake(CURL*, void*, void* self) noexcept;
    static int on_request(void* self, char*, char*, int, int) noexcept;

    const std::shared_ptr<const outgoing> request_;
    const std::size_t max_body_;
    const std::shared_ptr<call> call_;

    char detail_[CURL_ERROR_SIZE] = {}; // outlives easy_, which writes here
    curl::list fields_;
    curl::easy easy_;

    bool decoding_ = false;
    int paused_ = CURLPAUSE_CONT;
    std::size_t uploaded_ = 0;
    std::string head_lines_; // of the response being received
    bool head_ended_ = false;
    bool refused_ = false; // the server has said no, and need not be sent the rest
    bool head_given_ = false;
    headers head_;
    std::string body_;
    std::size_t received_ = 0;
    std::exception_ptr own_failure_;
};

} // namespace infra::http
