#include "request_table.hpp"

#include <charconv>
#include <vector>

namespace infra::realtime::detail {
namespace {

constexpr std::size_t max_name = 64;
constexpr std::size_t max_sentence = 1024;

std::string text_of(const json::value& from, std::string_view member, std::size_t longest) {
    const auto* const object = from.if_object();
    const auto* const found = object ? object->if_contains(boost::json::string_view(member)) : nullptr;
    const auto* const text = found ? found->if_string() : nullptr;
    return text ? std::string(text->data(), std::min(text->size(), longest)) : std::string();
}

/// What a client says went wrong, as far as it says so.
failure failure_of(const json::value& why) {
    auto name = text_of(why, "code", max_name);
    auto sentence = text_of(why, "message", max_sentence);
    return {name.empty() ? "error" : std::move(name), sentence.empty() ? "the client says no" : std::move(sentence)};
}

} // namespace

request_table::entry request_table::ask(client_id whom, const executor& on) {
    const promise<json::value> answer(on);
    const std::scoped_lock lock(mutex_);
    if (waiting_.size() >= max_)
        throw error(infra::errc::overloaded, std::to_string(max_) + " requests to clients wait for their answers; "
                                                                    "shorten their deadlines or ask fewer at a time");
    key k{std::move(whom), ++last_};
    waiting_.emplace(k, answer);
    return {*this, std::move(k), answer};
}

void request_table::answered(std::string_view client, std::string_view ref, json::value answer) {
    if (const auto asked = take(client, ref))
        asked->set_value(std::move(answer));
}

void request_table::failed(std::string_view client, std::string_view ref, const json::value& why) {
    if (const auto asked = take(client, ref))
        asked->set_exception(std::make_exception_ptr(failure_of(why)));
}

void request_table::client_gone(std::string_view client) noexcept {
    std::vector<promise<json::value>> open;
    {
        const std::scoped_lock lock(mutex_);
        if (waiting_.empty())
            return;
        auto first = waiting_.lower_bound(key{client, 0});
        while (first != waiting_.end() && first->first.first == client) {
            open.push_back(std::move(first->second));
            first = waiting_.erase(first);
        }
    }
    for (const auto& each : open)
        each.set_exception(std::make_exception_ptr(
            error(errc::no_reply, "the client " + std::string(client) + " has gone before it answered")));
}

std::size_t request_table::size() const {
    const std::scoped_lock lock(mutex_);
    return waiting_.size();
}

std::optional<promise<json::value>> request_table::take(std::string_view client, std::string_view ref) {
    std::uint64_t number = 0;
    const auto* const end = ref.data() + ref.size();
    const auto read = std::from_chars(ref.data(), end, number);
    if (read.ec != std::errc() || read.ptr != end)
        return std::nullopt;
    const std::scoped_lock lock(mutex_);
    const auto found = waiting_.find(key{client, number});
    if (found == waiting_.end())
        return std::nullopt;
    auto asked = std::move(found->second);
    waiting_.erase(found);
    return asked;
}

void request_table::forget(const key& k) noexcept {
    const std::scoped_lock lock(mutex_);
    waiting_.erase(k);
}

} // namespace infra::realtime::detail
