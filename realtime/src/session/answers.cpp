#include "answers.hpp"

#include <algorithm>
#include <utility>

namespace infra::realtime::detail {
namespace {

json::value written(const std::string& channel, const envelope& e) {
    json::object m{{"type", e.what.type}, {"channel", channel}};
    if (e.at.offset > 0)
        m["offset"] = e.at.offset;
    if (!e.what.data.is_null())
        m["data"] = e.what.data;
    return m;
}

/// How many of `texts`, from the front, fit.
template <class Sizes>
std::size_t fitting(const Sizes& sizes, std::size_t max_bytes) {
    std::size_t bytes = 0, many = 0;
    for (const auto size : sizes) {
        bytes += size;
        if (bytes > max_bytes && many > 0)
            break;
        ++many;
    }
    return many;
}

} // namespace

frame answer_frame(const message& m, std::string_view ref) { return {to_text(m, ref), {.control = true}}; }

frame error_frame(std::string_view code, std::string_view sentence, std::string_view channel, std::string_view ref) {
    return answer_frame({"error", std::string(channel), {{"code", code}, {"message", sentence}}}, ref);
}

message welcome(const client_id& id, const std::string& user, std::chrono::milliseconds ping) {
    json::object data{{"client", id}};
    if (!user.empty())
        data["user"] = user;
    data["ping"] = ping.count();
    data["version"] = 1;
    return {.type = "welcome", .data = std::move(data)};
}

message subscribed(const channel_facts& about, const position& now, std::optional<bool> recovered) {
    json::object data;
    if (!now.epoch.empty()) {
        data["epoch"] = now.epoch;
        data["offset"] = now.offset;
    }
    if (recovered)
        data["recovered"] = *recovered;
    return {"subscribed", about.name, std::move(data)};
}

subscribe_answer subscribed_answer(std::string ref) {
    return [ref = std::move(ref)](const position& now, std::optional<bool> recovered, const channel_facts& about) {
        return answer_frame(subscribed(about, now, recovered), ref);
    };
}

message published(std::string channel, const publication& done) {
    json::object data;
    if (done.at.offset > 0)
        data["offset"] = done.at.offset;
    return {"published", std::move(channel), std::move(data)};
}

message members(std::string channel, const std::vector<member>& who, const presence_stats& count) {
    json::array all;
    for (const auto& each : who)
        all.push_back({{"user", each.user}, {"info", each.info}, {"connections", each.connections}});
    json::object data{{"members", std::move(all)}, {"users", count.users}, {"connections", count.connections}};
    return {"members", std::move(channel), std::move(data)};
}

message history_of(std::string channel, const missed& all, bool since, std::size_t max_bytes) {
    std::vector<std::size_t> sizes;
    for (const auto& each : all.messages)
        sizes.push_back(64 + channel.size() + to_text(each.what).size());
    if (!since)
        std::ranges::reverse(sizes);
    const auto many = fitting(sizes, max_bytes);
    const auto first = since ? all.messages.begin() : all.messages.end() - static_cast<std::ptrdiff_t>(many);
    json::array messages;
    std::for_each_n(first, many, [&](const envelope& e) { messages.push_back(written(channel, e)); });
    json::object data{{"complete", all.complete && many == sizes.size()}};
    if (!all.now.epoch.empty()) {
        data["epoch"] = all.now.epoch;
        data["offset"] = all.now.offset;
    }
    data["messages"] = std::move(messages);
    return {"history", std::move(channel), std::move(data)};
}

} // namespace infra::realtime::detail
