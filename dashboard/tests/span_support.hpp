#pragma once

// Spans for tests of what is kept of traces.

#include "src/traces/trace_store.hpp"

namespace infra::dashboard {

struct ended_span {
    std::uint64_t trace = 1;
    std::uint64_t id = 1;
    std::uint64_t parent = 0; ///< 0: none
    std::string name = "GET /";
    std::int64_t start = 0; ///< milliseconds
    std::int64_t end = 10;
    bool failed = false;
    bool remote = false;
    json::object attributes{};
    monitoring::span_kind kind = monitoring::span_kind::internal;
};

inline span_ptr made(const ended_span& of) {
    const auto begin = from_unix_ms(1'767'225'600'000);
    auto out = std::make_shared<monitoring::span_record>();
    out->context = {{0, of.trace}, {of.id}, 1};
    out->parent = {of.parent};
    out->parent_remote = of.remote;
    out->name = of.name;
    out->kind = of.kind;
    out->start = begin + std::chrono::milliseconds(of.start);
    out->end = begin + std::chrono::milliseconds(of.end);
    out->attributes = of.attributes;
    if (of.failed)
        out->status = monitoring::span_status::error;
    return out;
}

} // namespace infra::dashboard
