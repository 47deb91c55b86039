#pragma once

// A Node program with BullMQ in one of its versions: peers/queue/interop.mjs, which says what is known to what it runs.

#include "child_process.hpp"

#include <infra/base/json.hpp>

#include <string_view>

namespace infra::queue::interop {

class node {
public:
    node(int major, std::uint16_t port);

    /// Empty, or why there is none.
    static std::string missing();

    /// What this body of an async function returns. Throws std::runtime_error with what it throws.
    json::value run(std::string_view body, json::value given = nullptr) {
        return result(begin(body, std::move(given)));
    }

    /// Does not wait for it; result() does.
    int begin(std::string_view body, json::value given = nullptr);
    json::value result(int number);

    child_process& process() noexcept { return process_; }

private:
    child_process process_;
    int last_ = 0;
    json::object early_; // answers that nobody has asked for yet
};

} // namespace infra::queue::interop
