#include "connection.hpp"

#include <infra/base/context.hpp>
#include <infra/base/encoding.hpp>
#include <infra/base/error.hpp>

#include <boost/asio/deferred.hpp>
#include <boost/asio/experimental/parallel_group.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include <algorithm>
#include <utility>

namespace infra::email::smtp {
namespace {

constexpr std::size_t most_at_once = 16 * 1024; // one record of TLS: the far end understands all of it or nothing

std::string url_of(const smtp_options& o) {
    return std::string(o.tls == smtp_tls::implicit ? "smtps://" : "smtp://") + o.host + ":" + std::to_string(o.port) +
           "/" + encoding::percent_encode(o.hello);
}

} // namespace

connection::connection(executor ex, std::shared_ptr<const smtp_options> options)
    : loop(std::move(ex)),
      options_(std::move(options)),
      easy_(curl::make_easy()),
      over_(get_executor()),
      socket_(get_executor()) {}

connection::~connection() { close(); }

// --- Connecting --------------------------------------------------------------------------------------------------

void connection::prepare() {
    auto* const h = easy_.get();
    curl::set(h, CURLOPT_URL, url_of(*options_).c_str());
    curl::set(h, CURLOPT_PROTOCOLS_STR, "smtp,smtps");
    curl::set(h, CURLOPT_CONNECT_ONLY, 1L);
    curl::set(h, CURLOPT_ERRORBUFFER, detail_);
    curl::set(h, CURLOPT_HEADERFUNCTION, &on_line);
    curl::set(h, CURLOPT_HEADERDATA, this);
    prepare_network();
    if (!options_->user.empty())
        prepare_login();
}

void connection::prepare_network() {
    auto* const h = easy_.get();
    curl::set(h, CURLOPT_PROXY, ""); // or libcurl asks the environment
    curl::set(h, CURLOPT_NOSIGNAL, 1L);
    curl::set(h, CURLOPT_QUICK_EXIT, 1L); // or giving up on a name would wait for the resolver
    curl::set(h, CURLOPT_TCP_KEEPALIVE, 1L);
    curl::set(h, CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options_->timeout.count()));
    curl::set(h, CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2});
    curl::set(h, CURLOPT_USE_SSL, options_->tls == smtp_tls::none ? long{CURLUSESSL_NONE} : long{CURLUSESSL_ALL});
    if (!options_->ca_file.empty()) {
        curl::set(h, CURLOPT_CAINFO, options_->ca_file.c_str());
        curl::set(h, CURLOPT_CAPATH, static_cast<const char*>(nullptr));
    }
}

// Of the ways to log in those two that everybody has: the older ones that hide the password are weaker than TLS, and often broken.
void connection::prepare_login() {
    auto* const h = easy_.get();
    const bool by_token = !options_->token.empty();
    curl::set(h, CURLOPT_USERNAME, options_->user.c_str());
    curl::set(h, CURLOPT_PASSWORD, options_->password.c_str());
    curl::set(h, CURLOPT_LOGIN_OPTIONS, by_token ? "AUTH=OAUTHBEARER;AUTH=XOAUTH2" : "AUTH=PLAIN;AUTH=LOGIN");
    curl::set(h, CURLOPT_SASL_IR, 1L);
    if (by_token)
        curl::set(h, CURLOPT_XOAUTH2_BEARER, options_->token.c_str());
}

void connection::begin() {
    const context_scope none{context()}; // a connection outlives the mail that it was made for
    prepare();
    loop::open();
    curl::check(curl_multi_add_handle(multi(), easy_.get()), "curl_multi_add_handle");
}

awaitable<void> connection::open(subject of) {
    begin();
    while (!code_) {
        boost::system::error_code ec;
        over_.expires_at(asio::steady_timer::time_point::max());
        co_await over_.async_wait(asio::redirect_error(asio::use_awaitable, ec));
        if ((co_await asio::this_coro::cancellation_state).cancelled() != asio::cancellation_type::none)
            throw boost::system::system_error(asio::error::operation_aborted);
    }
    if (auto failure = connect_failure({.code = *code_,
                                        .detail = detail_,
                                        .last = last_,
                                        .malformed = malformed_,
                                        .logs_in = !options_->user.empty()},
                                       of))
        throw send_error(std::move(*failure));
    take_over();
}

void connection::ended(CURL*, CURLcode code) noexcept {
    code_ = code;
    over_.cancel();
}

void connection::broke(std::exception_ptr) { ended(easy_.get(), CURLE_FAILED_INIT); }

// The first receiving tells libcurl that its connection is in use again.
void connection::take_over() {
    curl_socket_t fd = CURL_SOCKET_BAD;
    curl::check(curl_easy_getinfo(easy_.get(), CURLINFO_ACTIVESOCKET, &fd), "curl_easy_getinfo");
    socket_.assign(fd);
    in_.clear();
    receive();
    left = condition::clean;
}

bool connection::note_line(std::string_view line) noexcept {
    try {
        in_.append(line);
        while (auto answer = take_reply(in_)) {
            last_ = std::move(*answer);
            if (last_.code == 250) // to EHLO; the one under TLS comes last
                offers_ = capabilities_in(last_);
        }
        return true;
    } catch (...) {
        malformed_ = true;
        return false;
    }
}

std::size_t connection::on_line(char* data, std::size_t, std::size_t size, void* self) noexcept {
    return static_cast<connection*>(self)->note_line({data, size}) ? size : 0;
}

// --- Speaking ----------------------------------------------------------------------------------------------------

// All that is there.
void connection::receive() {
    char chunk[4096];
    std::size_t size = 0;
    while (true) {
        const auto code = curl_easy_recv(easy_.get(), chunk, sizeof chunk, &size);
        if (code == CURLE_AGAIN)
            return;
        if (code != CURLE_OK || size == 0)
            throw lost();
        in_.append(chunk, size);
        if (in_.size() > 128 * 1024)
            throw malformed();
    }
}

// Takes what went off the front; false if the kernel takes no more for now.
bool connection::send_some(std::string_view& rest) {
    std::size_t size = 0;
    const auto code = curl_easy_send(easy_.get(), rest.data(), std::min(rest.size(), most_at_once), &size);
    if (code != CURLE_OK && code != CURLE_AGAIN)
        throw lost();
    rest.remove_prefix(size);
    return code == CURLE_OK;
}

void connection::expect_silence() {
    receive();
    if (!in_.empty())
        throw malformed();
}

awaitable<void> connection::write(std::string commands) {
    if (!in_.empty())
        throw malformed();
    for (std::string_view rest = commands; !rest.empty();)
        if (!send_some(rest))
            co_await socket_.async_wait(asio::posix::descriptor_base::wait_write, asio::use_awaitable);
}

// Perhaps a last word.
bool connection::heard_something() {
    try {
        receive();
    } catch (const lost&) {
        if (in_.empty())
            throw;
    }
    return !in_.empty();
}

// A server may refuse a mail that has not yet been sent whole, and then read no more of it.
awaitable<bool> connection::write_content(std::shared_ptr<const std::string> bytes) {
    using asio::posix::descriptor_base;
    for (std::string_view rest = *bytes; !rest.empty();) {
        bool ready = false;
        try {
            ready = send_some(rest);
        } catch (const lost&) {
            if (!heard_something())
                throw;
            co_return false;
        }
        if (!rest.empty() && heard_something())
            co_return false;
        if (!ready)
            co_await asio::experimental::make_parallel_group(
                socket_.async_wait(descriptor_base::wait_read, asio::deferred),
                socket_.async_wait(descriptor_base::wait_write, asio::deferred))
                .async_wait(asio::experimental::wait_for_one(), asio::use_awaitable);
    }
    co_return true;
}

awaitable<reply> connection::read() {
    while (true) {
        if (auto answer = take_reply(in_))
            co_return std::move(*answer);
        const auto before = in_.size();
        std::exception_ptr end;
        try {
            receive();
        } catch (const lost&) {
            end = std::current_exception();
        }
        if (in_.size() > before)
            continue;
        if (end)
            std::rethrow_exception(end);
        co_await socket_.async_wait(asio::posix::descriptor_base::wait_read, asio::use_awaitable);
    }
}

bool connection::is_quiet() noexcept {
    try {
        receive();
        return in_.empty();
    } catch (...) {
        return false;
    }
}

void connection::close() noexcept {
    if (!easy_)
        return;
    if (socket_.is_open()) {
        std::size_t size = 0;
        if (left != condition::broken)
            curl_easy_send(easy_.get(), "QUIT\r\n", 6, &size);
        socket_.release(); // libcurl closes it
    }
    if (multi())
        curl_multi_remove_handle(multi(), easy_.get());
    easy_.reset();
    shut();
    left = condition::broken;
}

} // namespace infra::email::smtp
