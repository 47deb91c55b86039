#pragma once

/// libcurl's handles as values that clean up after themselves.

#include <curl/curl.h>

#include <memory>
#include <string>

namespace infra::curl {

template <auto Free>
struct freed_by {
    template <class T>
    void operator()(T* held) const noexcept {
        Free(held);
    }
};

using easy = std::unique_ptr<CURL, freed_by<curl_easy_cleanup>>;
using multi = std::unique_ptr<CURLM, freed_by<curl_multi_cleanup>>;
using url = std::unique_ptr<CURLU, freed_by<curl_url_cleanup>>;
using text = std::unique_ptr<char, freed_by<curl_free>>;
using list = std::unique_ptr<curl_slist, freed_by<curl_slist_free_all>>;

/// Initialises libcurl once. Throws when it cannot be.
void start_up();

easy make_easy();
multi make_multi();

void append(list& to, const std::string& line);

/// Throws with libcurl's words for `code` unless all is well.
void check(CURLcode code, const char* what);
void check(CURLMcode code, const char* what);

template <class Value>
void set(CURL* handle, CURLoption option, Value value) {
    check(curl_easy_setopt(handle, option, value), "curl_easy_setopt");
}

template <class Value>
void set(CURLM* handle, CURLMoption option, Value value) {
    check(curl_multi_setopt(handle, option, value), "curl_multi_setopt");
}

} // namespace infra::curl
