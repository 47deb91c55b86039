#include "signing_key.hpp"

#include <algorithm>
#include <array>
#include <string>

namespace infra::storage::sigv4 {
namespace {

digest derive(std::string_view secret, std::string_view day, std::string_view region, std::string_view service) {
    auto key = hmac_sha256("AWS4" + std::string(secret), day);
    for (const auto step : {region, service, std::string_view("aws4_request")})
        key = hmac_sha256(bytes_of(key), step);
    return key;
}

struct remembered {
    std::string secret, day, region, service;
    digest key{};
};

} // namespace

// Not inlined, so that no coroutine keeps the thread_local's address.
[[gnu::noinline]] digest signing_key(std::string_view secret, std::string_view day, std::string_view region,
                                     std::string_view service) {
    thread_local std::array<remembered, 8> known;
    thread_local std::size_t next = 0;
    const auto found = std::find_if(known.begin(), known.end(), [&](const remembered& k) {
        return k.secret == secret && k.day == day && k.region == region && k.service == service;
    });
    if (found != known.end() && !found->day.empty())
        return found->key;
    const auto key = derive(secret, day, region, service);
    known[next++ % known.size()] = {std::string(secret), std::string(day), std::string(region), std::string(service),
                                    key};
    return key;
}

} // namespace infra::storage::sigv4
