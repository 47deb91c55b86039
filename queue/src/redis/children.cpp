#include "naming.hpp"
#include "parent_link.hpp"
#include "scripts.hpp"

#include <algorithm>
#include <charconv>

namespace infra::queue::redis_backend {
namespace {

// As scripts/read_children.lua numbers them.
enum class child_kind { pending = 1, completed, failed, fatal };

/// Where a page begins: which kind, the server's cursor in it, how many of what that gives were given.
struct page_place {
    std::string words[3] = {"1", "0", "0"};
};

std::string to_text(const page_place& p) { return p.words[0] + '.' + p.words[1] + '.' + p.words[2]; }

bool is_number(std::string_view text) {
    return !text.empty() && text.size() <= 20 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

page_place read_place(std::string_view cursor) {
    page_place p;
    if (cursor.empty())
        return p;
    for (auto& word : p.words) {
        const auto dot = std::min(cursor.find('.'), cursor.size());
        word = cursor.substr(0, dot);
        cursor.remove_prefix(std::min(dot + 1, cursor.size()));
        if (!is_number(word))
            throw error(infra::errc::invalid_input, "this is no cursor of a page of children: ask for the first page");
    }
    return p;
}

job_key job_of(const std::string& key) {
    auto at = place_of(key);
    return at ? job_key{std::move(at->queue), std::move(at->id)} : job_key{{}, key};
}

/// What its parent kept of it, and what its own hash says, if that is there.
struct known_child {
    child_kind as = child_kind::pending;
    std::string key{};
    std::optional<std::string> text{};
    std::optional<std::string> link{};
    std::optional<std::string> reason{};
};

child_failure usual_failure(child_kind as) {
    switch (as) {
    case child_kind::failed: return child_failure::ignore;
    case child_kind::fatal: return child_failure::fail_parent;
    default: return child_failure::wait;
    }
}

child_failure policy_of(const known_child& child) {
    const auto link = child.link ? read_parent(*child.link) : json::result<parent_link>(json::failure("", "none"));
    return child.as == child_kind::fatal || !link ? usual_failure(child.as) : link->on_failure;
}

child_info to_info(known_child child, const std::optional<std::string>& why) {
    child_info info{.job = job_of(child.key), .on_failure = policy_of(child)};
    switch (child.as) {
    case child_kind::pending: info.failed_reason = child.reason.value_or(""); break;
    case child_kind::completed:
        info.state = child_state::completed;
        info.result = child.text.value_or("null") == "null" ? "" : std::move(*child.text);
        break;
    case child_kind::failed:
        info.state = child_state::failed;
        info.failed_reason = child.text.value_or("");
        break;
    case child_kind::fatal:
        info.state = child_state::failed;
        info.failed_reason = child.reason.value_or(why.value_or(""));
        break;
    }
    info.failed_reason = shown_reason(std::move(info.failed_reason));
    return info;
}

children_page read_page(redis::reply answer) {
    auto parts = std::move(answer).take_items();
    children_page page;
    if (!parts.at(0).is_null()) {
        page_place next;
        for (std::size_t i = 0; i < 3; ++i)
            next.words[i] = std::to_string(parts[0].items().at(i).as_integer());
        page.next = to_text(next);
    }
    const auto why = redis::to<std::optional<std::string>>(std::move(parts.at(2)));
    auto flat = std::move(parts.at(1)).take_items();
    for (std::size_t i = 0; i + 4 < flat.size(); i += 5)
        page.children.push_back(to_info({.as = static_cast<child_kind>(flat[i].as_integer()),
                                         .key = std::move(flat[i + 1]).take_text(),
                                         .text = redis::to<std::optional<std::string>>(std::move(flat[i + 2])),
                                         .link = redis::to<std::optional<std::string>>(std::move(flat[i + 3])),
                                         .reason = redis::to<std::optional<std::string>>(std::move(flat[i + 4]))},
                                        why));
    return page;
}

} // namespace

awaitable<children_page> children(shared_store s, children_request request) {
    const auto from = read_place(request.cursor);
    const auto parent = (co_await with_queues(s, {request.parent})).at(0);
    if (parent.queue.empty() || request.max == 0)
        co_return children_page();
    const auto most = std::to_string(std::min(request.max, most_in_a_call));
    auto page = scripts::read_children.call({s->keys(parent.queue).of_job(parent.id)},
                                            {most, from.words[0], from.words[1], from.words[2]});
    co_return read_page(co_await s->ask(std::move(page.again(redis::replay::read))));
}

} // namespace infra::queue::redis_backend
