#include "handle.hpp"

#include "../../../base/src/keep_openssl.hpp"

#include <infra/base/error.hpp>

#include <new>

namespace infra::curl {
namespace {

[[noreturn]] void fail(const char* what, const char* why) {
    throw error(errc::unavailable, std::string("libcurl: ") + what + " failed: " + why);
}

} // namespace

void check(CURLcode code, const char* what) {
    if (code == CURLE_OUT_OF_MEMORY)
        throw std::bad_alloc();
    if (code != CURLE_OK)
        fail(what, curl_easy_strerror(code));
}

void check(CURLMcode code, const char* what) {
    if (code == CURLM_OUT_OF_MEMORY)
        throw std::bad_alloc();
    if (code != CURLM_OK)
        fail(what, curl_multi_strerror(code));
}

namespace {

CURLcode initialise() noexcept {
    infra::detail::keep_openssl();
    return curl_global_init(CURL_GLOBAL_DEFAULT);
}

} // namespace

void start_up() {
    static const CURLcode started = initialise();
    check(started, "curl_global_init");
}

easy make_easy() {
    easy made(curl_easy_init());
    if (!made)
        throw std::bad_alloc();
    return made;
}

multi make_multi() {
    multi made(curl_multi_init());
    if (!made)
        throw std::bad_alloc();
    return made;
}

void append(list& to, const std::string& line) {
    auto* longer = curl_slist_append(to.get(), line.c_str());
    if (!longer)
        throw std::bad_alloc();
    static_cast<void>(to.release());
    to.reset(longer);
}

} // namespace infra::curl
