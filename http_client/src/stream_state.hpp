#pragma once

/// What a client_stream is made of.

#include "errand.hpp"
#include "record.hpp"

#include <infra/base/clock.hpp>
#include <infra/http_client.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <utility>

namespace infra::http {

struct client_stream::state {
    state(std::string of, client_response first, std::shared_ptr<errand> way, std::unique_ptr<record> kept,
          std::chrono::milliseconds wait, clock& t)
        : name(std::move(of)),
          head(std::move(first)),
          rest(std::move(way)),
          of_it(std::move(kept)),
          patience(wait),
          time(t) {}

    ~state() { of_it->dropped(); }
    state(const state&) = delete;
    state& operator=(const state&) = delete;

    static awaitable<std::string> read(std::shared_ptr<state> self, deadline limit);
    static awaitable<std::string> read_all(std::shared_ptr<state> self, std::size_t most, deadline limit);

    [[noreturn]] void fail(const boost::system::system_error& e, bool late);

    const std::string name;
    const client_response head;
    const std::shared_ptr<errand> rest;
    const std::unique_ptr<record> of_it;
    const std::chrono::milliseconds patience;
    clock& time;
};

} // namespace infra::http
