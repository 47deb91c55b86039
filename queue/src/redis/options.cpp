#include <infra/queue/redis.hpp>

#include <infra/base/encoding.hpp>
#include <infra/base/error.hpp>

#include <algorithm>
#include <charconv>
#include <optional>
#include <stdexcept>
#include <string>

namespace infra::queue {
namespace {

constexpr std::size_t most_replicas = 100;

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

std::size_t replicas_in(std::string_view text) {
    std::size_t n = 0;
    const auto [end, problem] = std::from_chars(text.data(), text.data() + text.size(), n);
    if (problem != std::errc() || end != text.data() + text.size() || n > most_replicas)
        refuse("has a replicas= that is no number from 0 to 100");
    return n;
}

struct split_url {
    std::string plain{}; ///< as the client understands it
    std::optional<std::string> prefix{};
    std::size_t replicas = 0;
};

void put(split_url& into, std::string_view one, char before) {
    constexpr std::string_view prefix = "prefix=", replicas = "replicas=";
    if (one.starts_with(prefix))
        into.prefix = prefix_in(one.substr(prefix.size()));
    else if (one.starts_with(replicas))
        into.replicas = replicas_in(one.substr(replicas.size()));
    else
        into.plain.append(1, before).append(one);
}

split_url split(std::string_view url) {
    const auto question = std::min(url.find('?'), url.size());
    split_url out{.plain = std::string(url.substr(0, question))};
    for (auto query = url.substr(std::min(question + 1, url.size())); !query.empty();) {
        const auto one = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(query.size(), one.size() + 1));
        put(out, one, out.plain.size() > question ? '&' : '?');
    }
    return out;
}

} // namespace

redis_queue_options redis_queue_options_from(std::string_view url) {
    const auto parts = split(url);
    try {
        redis_queue_options made{.server = redis::options_from(parts.plain)};
        made.prefix = parts.prefix.value_or(made.prefix);
        made.replicas = parts.replicas;
        check(made);
        return made;
    } catch (const error& e) {
        const bool has_others = parts.plain.find('?') != std::string::npos;
        throw error(infra::errc::misconfigured,
                    e.what() + std::string(has_others ? "; a queue's own are prefix and replicas" : ""));
    } catch (const std::invalid_argument&) {
        refuse("has a prefix= that is longer than 100 bytes or has control characters");
    }
}

void check(const redis_queue_options& options) {
    using namespace std::chrono_literals;
    require(is_prefix(options.prefix), "prefix must have 1 to 100 bytes and no control characters");
    require(options.replicas <= most_replicas, "replicas must be at most 100");
    require(options.timeout > 0ms, "timeout must be more than 0");
    require(options.look_every >= 10ms && options.look_every <= 1min, "look_every must be from 10 ms to 1 minute");
    require(options.stalled_interval >= 100ms && options.stalled_interval <= 1h,
            "stalled_interval must be from 100 ms to 1 hour");
    require(options.show_workers <= 1000, "show_workers must be at most 1000");
    require(options.max_waiting >= 1, "max_waiting must be at least 1");
    require(options.max_waiting_bytes >= 1, "max_waiting_bytes must be at least 1");
}

} // namespace infra::queue
