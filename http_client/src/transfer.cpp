#include "transfer.hpp"

#include "failure.hpp"
#include "response_head.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <functional>
#include <limits>
#include <utility>

namespace infra::http {
namespace {

constexpr std::size_t max_head = 256 * 1024;
constexpr long large_buffer = 256 * 1024;
constexpr std::size_t most_to_reserve = 1024 * 1024; // what a peer's Content-Length may make us allocate ahead

bool has_body(const outgoing& request) noexcept {
    const auto m = request.method;
    return !request.body.empty() || request.source || m == method::post || m == method::put || m == method::patch;
}

// -1 makes it chunked, or HTTP/2's DATA frames up to a last one.
curl_off_t announced_size(const outgoing& request) noexcept {
    constexpr std::uint64_t most = std::numeric_limits<curl_off_t>::max();
    if (!request.source)
        return static_cast<curl_off_t>(request.body.size());
    return request.source_size ? static_cast<curl_off_t>(std::min(*request.source_size, most)) : -1;
}

} // namespace

transfer::transfer(std::shared_ptr<const outgoing> request, const client_options& options, std::size_t max_body,
                   std::shared_ptr<call> from)
    : request_(std::move(request)), max_body_(max_body), call_(std::move(from)), easy_(curl::make_easy()) {
    prepare(options);
}

transfer::~transfer() {
    if (easy_) // the loop ended before the transfer did
        finish(std::make_exception_ptr(error(errc::closed, request_->name() + ": the client was stopped")));
}

// --- Before -----------------------------------------------------------------------------------------------------

void transfer::prepare(const client_options& options) {
    curl::set(handle(), CURLOPT_URL, request_->to.url.c_str());
    curl::set(handle(), CURLOPT_PATH_AS_IS, 1L);
    curl::set(handle(), CURLOPT_PROTOCOLS_STR, "http,https");
    curl::set(handle(), CURLOPT_ERRORBUFFER, detail_);
    curl::set(handle(), CURLOPT_HTTP_VERSION,
              options.http2 ? long{CURL_HTTP_VERSION_2TLS} : long{CURL_HTTP_VERSION_1_1});
    prepare_method();
    prepare_headers(options);
    prepare_network(options);
    prepare_tls(options);
    prepare_buffers(options);
    prepare_callbacks();
}

// Every body goes by CURLOPT_UPLOAD, which unlike CURLOPT_POST invents no Content-Type.
void transfer::prepare_method() {
    if (request_->method == method::head)
        curl::set(handle(), CURLOPT_NOBODY, 1L);
    if (has_body(*request_)) {
        curl::set(handle(), CURLOPT_UPLOAD, 1L);
        curl::set(handle(), CURLOPT_INFILESIZE_LARGE, announced_size(*request_));
    }
    curl::set(handle(), CURLOPT_CUSTOMREQUEST, std::string(to_string(request_->method)).c_str());
}

void transfer::prepare_headers(const client_options& options) {
    curl::append(fields_,
                 request_->expect_continue ? "Expect: 100-continue" : "Expect:"); // libcurl would by the length
    for (const auto [name, value] : request_->headers)
        curl::append(fields_, std::string(name).append(value.empty() ? ";" : ": ").append(value));
    curl::set(handle(), CURLOPT_HTTPHEADER, fields_.get());
    curl::set(handle(), CURLOPT_HEADEROPT, long{CURLHEADER_SEPARATE}); // none of them to a proxy's CONNECT
    curl::set(handle(), CURLOPT_USERAGENT, options.user_agent.c_str());
    decoding_ = options.decompress && !request_->headers.contains("accept-encoding");
    if (decoding_)
        curl::set(handle(), CURLOPT_ACCEPT_ENCODING, "gzip, deflate");
}

void transfer::prepare_network(const client_options& options) {
    const auto& proxy = request_->to.scheme == "https" ? options.proxy.https : options.proxy.http;
    curl::set(handle(), CURLOPT_PROXY, proxy.c_str()); // "" keeps libcurl from asking the environment
    curl::set(handle(), CURLOPT_NOPROXY, options.proxy.no_proxy.c_str());
    curl::set(handle(), CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
    curl::set(handle(), CURLOPT_NOSIGNAL, 1L);
    // Without it, giving up on a name that is being resolved would block the loop until the resolver answers.
    curl::set(handle(), CURLOPT_QUICK_EXIT, 1L);
    curl::set(handle(), CURLOPT_TCP_KEEPALIVE, 1L);
    curl::set(handle(), CURLOPT_CONNECTTIMEOUT_MS, static_cast<long>(options.connect_timeout.count()));
    curl::set(handle(), CURLOPT_MAXAGE_CONN, static_cast<long>(options.max_idle.count()));
    if (request_->fresh_connection) {
        curl::set(handle(), CURLOPT_FRESH_CONNECT, 1L);
        curl::set(handle(), CURLOPT_DNS_CACHE_TIMEOUT, 0L);
    }
    if (request_->method != method::head) // there a Content-Length announces nothing
        curl::set(handle(), CURLOPT_MAXFILESIZE_LARGE,
                  static_cast<curl_off_t>(std::min<std::uint64_t>(max_body_, std::numeric_limits<curl_off_t>::max())));
}

void transfer::prepare_tls(const client_options& options) {
    const bool verify = !options.tls.insecure_accept_any_certificate;
    curl::set(handle(), CURLOPT_SSL_VERIFYPEER, verify ? 1L : 0L);
    curl::set(handle(), CURLOPT_SSL_VERIFYHOST, verify ? 2L : 0L);
    curl::set(handle(), CURLOPT_SSLVERSION, long{CURL_SSLVERSION_TLSv1_2});
    if (!options.tls.ca_file.empty()) {
        curl::set(handle(), CURLOPT_CAINFO, options.tls.ca_file.c_str());
        curl::set(handle(), CURLOPT_CAPATH, static_cast<const char*>(nullptr));
    }
    if (!options.tls.ca_directory.empty()) {
        curl::set(handle(), CURLOPT_CAINFO, static_cast<const char*>(nullptr));
        curl::set(handle(), CURLOPT_CAPATH, options.tls.ca_directory.c_str());
    }
}

// What libcurl takes from us and from the socket at once: its own defaults of 64 and 16 KiB suit small messages.
void transfer::prepare_buffers(const client_options& options) {
    if (request_->source || request_->body.size() > large_buffer)
        curl::set(handle(), CURLOPT_UPLOAD_BUFFERSIZE, large_buffer);
    if (call_->download && !decoding_) // there a buffer may unpack to a thousand times its size
        curl::set(handle(), CURLOPT_BUFFERSIZE, std::min(large_buffer, static_cast<long>(options.stream_buffer)));
}

void transfer::prepare_callbacks() {
    const auto install = [this](CURLoption function, auto callback, CURLoption data) {
        curl::set(handle(), function, callback);
        curl::set(handle(), data, this);
    };
    install(CURLOPT_HEADERFUNCTION, &on_header, CURLOPT_HEADERDATA);
    install(CURLOPT_WRITEFUNCTION, &on_body, CURLOPT_WRITEDATA);
    install(CURLOPT_READFUNCTION, &on_upload, CURLOPT_READDATA);
    install(CURLOPT_SEEKFUNCTION, &on_seek, CURLOPT_SEEKDATA);
    install(CURLOPT_RESOLVER_START_FUNCTION, &on_resolve, CURLOPT_RESOLVER_START_DATA);
    install(CURLOPT_SOCKOPTFUNCTION, &on_socket_made, CURLOPT_SOCKOPTDATA);
    install(CURLOPT_SSL_CTX_FUNCTION, &on_handshake, CURLOPT_SSL_CTX_DATA);
    install(CURLOPT_PREREQFUNCTION, &on_request, CURLOPT_PREREQDATA);
}

// --- After ------------------------------------------------------------------------------------------------------

void transfer::finish(CURLcode code) noexcept {
    try {
        if (own_failure_)
            return finish(own_failure_);
        code = reconsidered(code);
        if (code == CURLE_OK) {
            give_head();
            if (call_->download)
                call_->download->end();
        } else {
            transfer_end end{.code = code, .phase = call_->progress, .detail = detail_};
            curl_easy_getinfo(handle(), CURLINFO_HTTP_CONNECTCODE, &end.tunnel_status);
            fail(std::make_exception_ptr(describe_failure(request_->name(), end)));
        }
    } catch (...) {
        fail(std::current_exception());
    }
    easy_.reset();
}

void transfer::finish(std::exception_ptr why) noexcept {
    fail(std::move(why));
    easy_.reset();
}

void transfer::fail(std::exception_ptr why) noexcept {
    if (head_given_ && call_->download)
        call_->download->end(std::move(why));
    else
        call_->reply.fail(std::move(why));
}

void transfer::give_head() {
    if (head_given_)
        return;
    call_->reply.give(take_response());
    head_given_ = true;
}

// Of a streamed response before its end: once no more of the request's body will be sent.
void transfer::give_head_if_due() {
    if (call_->download && head_is_final() && (refused_ || sent_all()))
        give_head();
}

bool transfer::head_is_final() const { return head_ended_ && status_code() >= 200; }

bool transfer::sent_all() const {
    if (!request_->source)
        return uploaded_ == request_->body.size();
    return request_->source_size ? uploaded_ == *request_->source_size : call_->upload->done();
}

CURLcode transfer::resume(int direction) noexcept {
    paused_ &= ~direction;
    const auto code = curl_easy_pause(handle(), paused_);
    return code == CURLE_BAD_FUNCTION_ARGUMENT ? CURLE_OK : code; // between two connections
}

// libcurl is content with a header that ends with the connection, and with a protocol that nobody has asked for.
CURLcode transfer::reconsidered(CURLcode code) const {
    if (code == CURLE_SEND_ERROR && answered_early())
        return CURLE_OK;
    if (code != CURLE_OK || head_is_final())
        return code;
    return head_ended_ && status_code() == 101 ? CURLE_WEIRD_SERVER_REPLY : CURLE_PARTIAL_FILE;
}

// A server that has said no to what is still being sent may close; its answer counts, if all of it is there.
bool transfer::answered_early() const {
    curl_off_t announced = -1;
    curl_easy_getinfo(handle(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced);
    curl_off_t came = 0;
    curl_easy_getinfo(handle(), CURLINFO_SIZE_DOWNLOAD_T, &came);
    return refused_ && announced == came && !(paused_ & CURLPAUSE_RECV);
}

int transfer::status_code() const {
    long status = 0;
    curl_easy_getinfo(handle(), CURLINFO_RESPONSE_CODE, &status);
    return static_cast<int>(status);
}

client_response transfer::take_response() {
    client_response response{.status = status_code(),
                             .headers = std::move(head_),
                             .body = std::move(body_),
                             .effective_url = request_->to.url,
                             .timings = measure()};
    if (decoding_ && response.headers.remove("content-encoding") > 0)
        response.headers.remove("content-length");
    return response;
}

client_timings transfer::measure() const {
    const auto at = [this](CURLINFO which) {
        curl_off_t microseconds = 0;
        curl_easy_getinfo(handle(), which, &microseconds);
        return std::chrono::microseconds(microseconds);
    };
    long connections = 0;
    curl_easy_getinfo(handle(), CURLINFO_NUM_CONNECTS, &connections);
    return {.resolved = at(CURLINFO_NAMELOOKUP_TIME_T),
            .connected = at(CURLINFO_CONNECT_TIME_T),
            .secured = at(CURLINFO_APPCONNECT_TIME_T),
            .first_byte = at(CURLINFO_STARTTRANSFER_TIME_T),
            .total = at(CURLINFO_TOTAL_TIME_T),
            .reused_connection = connections == 0};
}

// --- Meanwhile --------------------------------------------------------------------------------------------------

bool transfer::read_head_line(std::string_view line) {
    note(phase::receiving);
    if (line.starts_with("HTTP/")) { // also that of the response after an interim one
        head_lines_.clear();
        head_ended_ = false;
        return true;
    }
    if (head_ended_)
        return true; // a trailer
    if (line == "\r\n" || line == "\n")
        return end_head();
    if (head_lines_.size() + line.size() > max_head)
        throw error(client_errc::too_large, request_->name() + ": the response's header is over 256 KiB");
    head_lines_.append(line);
    return true;
}

bool transfer::end_head() {
    head_ended_ = true;
    auto fields = parse_fields(head_lines_);
    if (!fields)
        throw error(client_errc::protocol, request_->name() + ": a line of the response's header is no field");
    head_ = std::move(*fields);
    const auto lengths = head_.get_all("content-length");
    if (std::ranges::adjacent_find(lengths, std::not_equal_to<>()) != lengths.end())
        throw error(client_errc::protocol, request_->name() + ": the response tells two lengths of its body");
    refused_ = status_code() >= 300;
    if (refused_ && (paused_ & CURLPAUSE_SEND))
        resume(CURLPAUSE_SEND); // or libcurl would wait for the rest of the body
    give_head_if_due();
    return true;
}

// False: not now.
bool transfer::collect(std::string_view bytes) {
    note(phase::receiving);
    if (bytes.size() > max_body_ - received_)
        throw error(client_errc::too_large, request_->name() + ": the body is over the limit of " +
                                                std::to_string(max_body_) + " bytes; see max_response_body");
    if (!call_->download)
        keep(bytes);
    else if (!call_->download->add(bytes)) {
        paused_ |= CURLPAUSE_RECV;
        return false;
    }
    received_ += bytes.size();
    return true;
}

void transfer::keep(std::string_view bytes) {
    if (body_.empty()) {
        curl_off_t announced = -1;
        curl_easy_getinfo(handle(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced);
        body_.reserve(std::min(static_cast<std::size_t>(std::max<curl_off_t>(announced, 0)), most_to_reserve));
    }
    body_.append(bytes);
}

// Nothing: none is there yet.
std::optional<std::size_t> transfer::give_body(char* to, std::size_t room) {
    if (refused_)
        return 0;
    const auto given = request_->source ? call_->upload->give(to, room) : give_from_memory(to, room);
    uploaded_ += given.value_or(0);
    if (!given)
        paused_ |= CURLPAUSE_SEND;
    else if (sent_all()) {
        note(phase::waiting);
        give_head_if_due();
    }
    return given;
}

std::size_t transfer::give_from_memory(char* to, std::size_t room) const noexcept {
    const auto left = request_->body.view().substr(uploaded_);
    const auto size = std::min(room, left.size());
    std::memcpy(to, left.data(), size);
    return size;
}

// What was taken from a source cannot be sent again, and half a body must not be.
bool transfer::may_begin() {
    if (call_->upload && call_->upload->begun())
        throw error(client_errc::lost,
                    request_->name() + ": the connection ended, and a body from a source cannot be sent again");
    uploaded_ = 0;
    return call_->begin_sending();
}

template <class Work>
bool transfer::guarded(Work work) noexcept {
    try {
        return work();
    } catch (...) {
        own_failure_ = std::current_exception();
        return false;
    }
}

std::size_t transfer::on_header(char* data, std::size_t, std::size_t size, void* self) noexcept {
    auto& t = *static_cast<transfer*>(self);
    return t.guarded([&] { return t.read_head_line({data, size}); }) ? size : 0;
}

std::size_t transfer::on_body(char* data, std::size_t, std::size_t size, void* self) noexcept {
    auto& t = *static_cast<transfer*>(self);
    bool taken = false;
    const auto collect = [&] {
        taken = t.collect({data, size});
        return true;
    };
    return !t.guarded(collect) ? std::size_t{CURL_WRITEFUNC_ERROR} : taken ? size : std::size_t{CURL_WRITEFUNC_PAUSE};
}

std::size_t transfer::on_upload(char* to, std::size_t size, std::size_t count, void* self) noexcept {
    auto& t = *static_cast<transfer*>(self);
    std::optional<std::size_t> given;
    const auto give = [&] {
        given = t.give_body(to, size * count);
        return true;
    };
    return !t.guarded(give) ? std::size_t{CURL_READFUNC_ABORT} : given.value_or(CURL_READFUNC_PAUSE);
}

// libcurl rewinds to send again on a new connection when a kept one turned out closed.
int transfer::on_seek(void* self, curl_off_t offset, int origin) noexcept {
    auto& t = *static_cast<transfer*>(self);
    if (t.request_->source || origin != SEEK_SET || offset < 0 ||
        static_cast<std::size_t>(offset) > t.request_->body.size())
        return CURL_SEEKFUNC_FAIL;
    t.uploaded_ = static_cast<std::size_t>(offset);
    return CURL_SEEKFUNC_OK;
}

int transfer::on_resolve(void*, void*, void* self) noexcept {
    static_cast<transfer*>(self)->note(phase::resolving);
    return 0;
}

int transfer::on_socket_made(void* self, curl_socket_t, curlsocktype) noexcept {
    static_cast<transfer*>(self)->note(phase::connecting);
    return CURL_SOCKOPT_OK;
}

CURLcode transfer::on_handshake(CURL*, void*, void* self) noexcept {
    static_cast<transfer*>(self)->note(phase::handshaking);
    return CURLE_OK;
}

int transfer::on_request(void* self, char*, char*, int, int) noexcept {
    auto& t = *static_cast<transfer*>(self);
    if (!t.guarded([&] { return t.may_begin(); }))
        return CURL_PREREQFUNC_ABORT;
    t.note(t.request_->body.empty() && !t.request_->source ? phase::waiting : phase::sending);
    return CURL_PREREQFUNC_OK;
}

} // namespace infra::http
