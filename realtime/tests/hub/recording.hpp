#pragma once

#include <infra/realtime/hub.hpp>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

namespace infra::realtime::tests {

/// Connections of one loop that a test turns.
struct recording_group : connection_group {
    explicit recording_group(executor ex) : on(std::move(ex)) {}
    executor get_executor() const noexcept override { return on; }
    void flush() noexcept override { ++flushes; }

    executor on;
    std::size_t flushes = 0;
};

/// Keeps what it is sent.
struct recording : connection {
    explicit recording(std::shared_ptr<connection_group> of = nullptr) : in(std::move(of)) {}

    void send(const frame& f) override {
        ++sends;
        if (throws)
            throw std::runtime_error("the cable is cut");
        received.emplace_back(f.text());
        offsets.push_back(f.facts().offset);
        last = f;
    }
    void close(close_code code, std::string_view reason) override {
        closed = code;
        why = reason;
    }
    std::shared_ptr<connection_group> group() const noexcept override { return in; }

    std::shared_ptr<connection_group> in;
    bool throws = false;
    std::size_t sends = 0;
    std::vector<std::string> received{};
    std::vector<std::uint64_t> offsets{};
    frame last{};
    std::optional<close_code> closed{};
    std::string why{};
};

using strings = std::vector<std::string>;

} // namespace infra::realtime::tests
