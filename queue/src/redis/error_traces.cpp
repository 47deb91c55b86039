#include "error_traces.hpp"

#include "fields.hpp"

#include <algorithm>

namespace infra::queue::redis_backend {
namespace {

constexpr std::string_view trace_line = "\n    at ";
constexpr std::string_view our_line = "\n    at attempt ";
constexpr std::string_view before_time = ", ";

std::optional<job_error> read_our_trace(std::string_view trace) {
    const auto mark = trace.rfind(our_line);
    if (mark == std::string_view::npos)
        return std::nullopt;
    const auto line = trace.substr(mark + our_line.size());
    const auto attempt = leading_integer(line);
    const auto comma = line.find(before_time);
    const auto at =
        comma == std::string_view::npos ? std::nullopt : read_rfc3339(line.substr(comma + before_time.size()));
    if (!attempt || *attempt < 1 || !at)
        return std::nullopt;
    return job_error{.attempt = static_cast<int>(*attempt), .at = *at, .reason = std::string(trace.substr(0, mark))};
}

// One whose time nobody knows stays a text without a stack.
std::string to_trace(const job_error& e) {
    if (e.at == wall_time{})
        return e.reason;
    const auto at = format_rfc3339(e.at);
    auto trace = e.reason;
    trace.append(our_line).append(std::to_string(e.attempt)).append(before_time).append(at.data(), at.size());
    return trace;
}

} // namespace

std::vector<std::string> read_traces(std::string_view text) {
    constexpr json::limits roomy{.max_bytes = 16 * 1024 * 1024};
    const auto read = json::parse(text, roomy);
    const auto* all = read ? read->if_array() : nullptr;
    std::vector<std::string> traces;
    if (!all)
        return traces;
    for (const auto& each : *all)
        if (const auto* trace = each.if_string())
            traces.emplace_back(*trace);
    return traces;
}

std::vector<job_error> to_errors(const std::vector<std::string>& traces, int attempts_made) {
    std::vector<job_error> errors;
    auto attempt = attempts_made - static_cast<int>(traces.size());
    for (const auto& trace : traces) {
        ++attempt;
        auto ours = read_our_trace(trace);
        errors.push_back(ours ? *std::move(ours)
                              : job_error{.attempt = std::max(1, attempt),
                                          .reason = trace.substr(0, std::min(trace.find(trace_line), trace.size()))});
    }
    return errors;
}

std::string with_error(std::vector<std::string> traces, const job_error& e, std::size_t most) {
    traces.push_back(to_trace(e));
    if (traces.size() > most)
        traces.erase(traces.begin(), traces.end() - static_cast<std::ptrdiff_t>(most));
    json::array all;
    for (const auto& each : traces)
        all.emplace_back(each);
    return json::to_text(all);
}

} // namespace infra::queue::redis_backend
