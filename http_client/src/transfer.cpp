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
constexpr std::size_t most_to_reserve = 1024 * 1024; // what a peer's Content-Length may make us allocate ahead

bool has_body(const outgoing& request) noexcept {
    const auto m = request.method;
    return !request.body.empty() || m == method::post || m == method::put || m == method::patch;
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
    prepare_callbacks();
}

// Every body goes by CURLOPT_UPLOAD, which unlike CURLOPT_POST invents no Content-Type.
void transfer::prepare_method() {
    if (request_->method == method::head)
        curl::set(handle(), CURLOPT_NOBODY, 1L);
    if (has_body(*request_)) {
        curl::set(handle(), CURLOPT_UPLOAD, 1L);
        curl::set(handle(), CURLOPT_INFILESIZE_LARGE, static_cast<curl_off_t>(request_->body.size()));
    }
    curl::set(handle(), CURLOPT_CUSTOMREQUEST, std::string(to_string(request_->method)).c_str());
}

void transfer::prepare_headers(const client_options& options) {
    curl::append(fields_, "Expect:"); // no waiting for "100 Continue"
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
        if (code == CURLE_OK)
            call_->reply.give(take_response());
        else {
            transfer_end end{.code = code, .phase = call_->progress, .detail = detail_};
            curl_easy_getinfo(handle(), CURLINFO_HTTP_CONNECTCODE, &end.tunnel_status);
            call_->reply.fail(std::make_exception_ptr(describe_failure(request_->name(), end)));
        }
    } catch (...) {
        call_->reply.fail(std::current_exception());
    }
    easy_.reset();
}

void transfer::finish(std::exception_ptr why) noexcept {
    call_->reply.fail(std::move(why));
    easy_.reset();
}

// libcurl is content with a header that ends with the connection, and with a protocol that nobody has asked for.
CURLcode transfer::reconsidered(CURLcode code) const {
    const int status = status_code();
    if (code != CURLE_OK || (head_ended_ && status >= 200))
        return code;
    return head_ended_ && status == 101 ? CURLE_WEIRD_SERVER_REPLY : CURLE_PARTIAL_FILE;
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
    return true;
}

bool transfer::collect(std::string_view bytes) {
    note(phase::receiving);
    if (bytes.size() > max_body_ - body_.size())
        throw error(client_errc::too_large, request_->name() + ": the body is over the limit of " +
                                                std::to_string(max_body_) + " bytes; see max_response_body");
    if (body_.empty()) {
        curl_off_t announced = -1;
        curl_easy_getinfo(handle(), CURLINFO_CONTENT_LENGTH_DOWNLOAD_T, &announced);
        body_.reserve(std::min(static_cast<std::size_t>(std::max<curl_off_t>(announced, 0)), most_to_reserve));
    }
    body_.append(bytes);
    return true;
}

std::size_t transfer::give_body(char* to, std::size_t room) noexcept {
    const auto left = std::string_view(request_->body).substr(uploaded_);
    const auto size = std::min(room, left.size());
    std::memcpy(to, left.data(), size);
    uploaded_ += size;
    if (uploaded_ == request_->body.size())
        note(phase::waiting);
    return size;
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
    return t.guarded([&] { return t.collect({data, size}); }) ? size : CURL_WRITEFUNC_ERROR;
}

std::size_t transfer::on_upload(char* to, std::size_t size, std::size_t count, void* self) noexcept {
    return static_cast<transfer*>(self)->give_body(to, size * count);
}

// libcurl rewinds to send again on a new connection when a kept one turned out closed.
int transfer::on_seek(void* self, curl_off_t offset, int origin) noexcept {
    auto& t = *static_cast<transfer*>(self);
    if (origin != SEEK_SET || offset < 0 || static_cast<std::size_t>(offset) > t.request_->body.size())
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
    if (!t.call_->begin_sending())
        return CURL_PREREQFUNC_ABORT;
    t.note(t.request_->body.empty() ? phase::waiting : phase::sending);
    return CURL_PREREQFUNC_OK;
}

} // namespace infra::http
