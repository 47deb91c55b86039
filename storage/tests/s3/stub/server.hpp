#pragma once

/// S3 on a port of loopback, on threads of its own, that really checks what it is sent and misbehaves as it is told.
///
///     stub::server s3({.profile = stub::r2()});
///     auto bucket = make_s3_bucket({.bucket = s3.bucket(), .endpoint = s3.endpoint(), .keys = s3.keys()});
///     s3.faults().add(stub::slow_down(2, "put"));
///     …
///     EXPECT_EQ(s3.requests_of("put").size(), 3u);

#include "service.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace infra::storage::stub {

/// One request, in the order of their ends.
struct seen {
    std::string op{};
    std::string key{};
    std::string method{};
    std::string target{};
    fields headers{};
    std::uint64_t body = 0;
    int status = 0;             ///< 0: there was no answer
    std::size_t connection = 0; ///< counted from 1

    std::string header(std::string_view name) const { return value_of(headers, name).value_or(""); }
};

/// Threads: any member from any thread.
class server {
public:
    explicit server(options with = {});
    ~server();
    server(const server&) = delete;
    server& operator=(const server&) = delete;

    std::uint16_t port() const noexcept;
    std::string endpoint() const; ///< http://127.0.0.1:PORT
    const std::string& bucket() const noexcept;
    const credentials& keys() const noexcept;

    service& s3() noexcept;
    script& faults() noexcept;

    std::vector<seen> requests() const;
    std::vector<seen> requests_of(std::string_view op) const;
    std::size_t connections() const noexcept;  ///< accepted up to now
    std::size_t most_at_once() const noexcept; ///< requests
    std::size_t open_connections() const;

    /// RST on every connection.
    void drop_connections();

private:
    struct state;
    struct conversation;
    static awaitable<void> accept(state* s);

    std::unique_ptr<state> state_;
};

} // namespace infra::storage::stub
