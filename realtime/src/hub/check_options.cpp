#include "hub_state.hpp"

#include <stdexcept>
#include <string>
#include <utility>

namespace infra::realtime::detail {
namespace {

void expect(bool holds, const char* sentence) {
    if (!holds)
        throw std::invalid_argument(std::string("realtime::hub_options::") + sentence);
}

void check(const hub_limits& l) {
    const auto at_least_1 = [](auto value, const char* name) {
        if (!(value >= decltype(value)(1)))
            throw std::invalid_argument(std::string("realtime::hub_limits::") + name + " must be at least 1");
    };
    at_least_1(l.max_clients, "max_clients");
    at_least_1(l.max_clients_per_user, "max_clients_per_user");
    at_least_1(l.max_clients_per_address, "max_clients_per_address");
    at_least_1(l.max_channels_per_client, "max_channels_per_client");
    at_least_1(l.max_channel_name, "max_channel_name");
    at_least_1(l.max_message_bytes, "max_message_bytes");
    at_least_1(l.messages_per_second, "messages_per_second");
    at_least_1(l.message_burst, "message_burst");
    at_least_1(l.messages_per_second_per_user, "messages_per_second_per_user");
    at_least_1(l.max_pending_messages, "max_pending_messages");
    at_least_1(l.max_queue_bytes, "max_queue_bytes");
    at_least_1(l.auth_time.count(), "auth_time");
    at_least_1(l.handler_time.count(), "handler_time");
    at_least_1(l.max_pending_requests, "max_pending_requests");
    at_least_1(l.max_recovered, "max_recovered");
    at_least_1(l.max_idempotency_keys, "max_idempotency_keys");
    at_least_1(l.max_channels, "max_channels");
}

void check(const channel_rule& rule) {
    const auto star = rule.pattern.find('*');
    expect(!rule.pattern.empty() && (star == std::string::npos || star + 1 == rule.pattern.size()),
           "channels: a pattern is a channel's name, or ends in its only *");
    expect(rule.options.history.size <= 100'000, "channels: history.size must be at most 100 000");
    expect(rule.options.history.size == 0 || rule.options.history.age.count() > 0,
           "channels: history.age must be positive");
    expect(rule.options.history.size == 0 || rule.options.history.max_bytes > 0,
           "channels: history.max_bytes must be positive");
}

} // namespace

hub_options checked(hub_options given) {
    check(given.limits);
    for (const auto& each : given.channels)
        check(each);
    for (const auto& each : given.signing_keys)
        expect(each.size() >= 16, "signing_keys must have at least 16 bytes each");
    expect(given.presence.grace.count() >= 0, "presence: grace must not be negative");
    expect(given.presence.max_members > 0, "presence: max_members must be at least 1");
    expect(given.presence.max_info_bytes > 0, "presence: max_info_bytes must be at least 1");
    return given;
}

} // namespace infra::realtime::detail
