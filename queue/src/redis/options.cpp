#include <infra/queue/redis.hpp>

#include <infra/base/encoding.hpp>
#include <infra/base/error.hpp>

#include <algorithm>
#include <optional>
#include <stdexcept>
#include <string>

namespace infra::queue {
namespace {

void require(bool holds, const char* sentence) {
    if (!holds)
        throw std::invalid_argument(std::string("queue::redis_queue_options::") + sentence);
}

bool is_prefix(std::string_view text) {
    const auto is_control = [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; };
    return !text.empty() && text.size() <= 100 && std::ranges::none_of(text, is_control);
}

[[noreturn]] void refuse(const char* why) {
    throw error(infra::errc::misconfigured, std::string("the queue's URL ") + why);
}

std::string prefix_in(std::string_view text) {
    auto plain = encoding::percent_decode(text);
    if (!plain || plain->empty())
        refuse("has a prefix= that is empty, or has a % without two hex digits");
    return std::move(*plain);
}

struct split_url {
    std::string plain{}; ///< as the client understands it
    std::optional<std::string> prefix{};
};

split_url split(std::string_view url) {
    constexpr std::string_view ours = "prefix=";
    const auto question = std::min(url.find('?'), url.size());
    split_url out{.plain = std::string(url.substr(0, question))};
    char before = '?';
    for (auto query = url.substr(std::min(question + 1, url.size())); !query.empty();) {
        const auto one = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(query.size(), one.size() + 1));
        if (one.starts_with(ours)) {
            out.prefix = prefix_in(one.substr(ours.size()));
            continue;
        }
        out.plain.append(1, before).append(one);
        before = '&';
    }
    return out;
}

} // namespace

redis_queue_options redis_queue_options_from(std::string_view url) {
    const auto parts = split(url);
    try {
        redis_queue_options made{.server = redis::options_from(parts.plain)};
        made.prefix = parts.prefix.value_or(made.prefix);
        check(made);
        return made;
    } catch (const error& e) {
        throw error(infra::errc::misconfigured, e.what());
    } catch (const std::invalid_argument&) {
        refuse("has a prefix= that is longer than 100 bytes or has control characters");
    }
}

void check(const redis_queue_options& options) {
    using namespace std::chrono_literals;
    require(is_prefix(options.prefix), "prefix must have 1 to 100 bytes and no control characters");
    require(options.timeout > 0ms, "timeout must be more than 0");
    require(options.look_every >= 10ms && options.look_every <= 1min, "look_every must be from 10 ms to 1 minute");
    require(options.stalled_interval >= 100ms && options.stalled_interval <= 1h,
            "stalled_interval must be from 100 ms to 1 hour");
    require(options.show_workers <= 1000, "show_workers must be at most 1000");
    require(options.max_waiting >= 1, "max_waiting must be at least 1");
    require(options.max_waiting_bytes >= 1, "max_waiting_bytes must be at least 1");
}

} // namespace infra::queue
