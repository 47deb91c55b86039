#include "answers.hpp"

#include <algorithm>
#include <numeric>
#include <ranges>
#include <string>
#include <utility>

namespace infra::realtime::detail {
namespace {

/// How many, from the front, fit.
template <class Texts>
std::ptrdiff_t fitting(const Texts& texts, std::size_t max_bytes) {
    std::size_t bytes = 0;
    std::ptrdiff_t many = 0;
    for (const std::string_view each : texts) {
        bytes += each.size();
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

void keep_what_fits(history_answer& told, bool since, std::size_t max_bytes) {
    auto& texts = told.texts;
    const auto all = texts.size();
    if (since)
        texts.erase(texts.begin() + fitting(texts, max_bytes), texts.end());
    else
        texts.erase(texts.begin(), texts.end() - fitting(std::views::reverse(texts), max_bytes));
    told.complete = told.complete && texts.size() == all;
}

// They are JSON already, and go between what stands before and behind them.
frame history_frame(const std::string& channel, std::string_view ref, const history_answer& told) {
    json::object data{{"complete", told.complete}};
    if (!told.now.epoch.empty()) {
        data["epoch"] = told.now.epoch;
        data["offset"] = told.now.offset;
    }
    auto text = to_text(message{"history", channel, std::move(data)}, ref);
    const auto size = [](std::size_t sum, std::string_view each) { return sum + each.size() + 1; };
    text.reserve(std::accumulate(told.texts.begin(), told.texts.end(), text.size() + 16, size));
    text.replace(text.size() - 2, 2, R"(,"messages":[)");
    for (std::string_view between; const auto each : told.texts) {
        text.append(between).append(each);
        between = ",";
    }
    text += "]}}";
    return {std::move(text), {.control = true}};
}

} // namespace infra::realtime::detail
