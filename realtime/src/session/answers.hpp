#pragma once

#include "../hub/channel.hpp"

#include <infra/realtime/frame.hpp>
#include <infra/realtime/hub.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace infra::realtime::detail {

inline constexpr std::string_view no_channel_name =
    "\"channel\" must be a name: not empty, not too long, without control characters";

/// What a server says, as frames that are never dropped. Pure.

frame answer_frame(const message& m, std::string_view ref = {});
frame error_frame(std::string_view code, std::string_view sentence, std::string_view channel, std::string_view ref);

message welcome(const client_id& id, const std::string& user, std::chrono::milliseconds ping);

/// `subscribed`: where the channel is.
message subscribed(const channel_facts& about, const position& now, std::optional<bool> recovered);
subscribe_answer subscribed_answer(std::string ref = {});

message published(std::string channel, const publication& done);
message members(std::string channel, const std::vector<member>& who, const presence_stats& count);

/// `history`: of messages as they were sent.
struct history_answer {
    bool complete = false;
    position now{};
    std::vector<std::string_view> texts{};
};
/// At most about `max_bytes`: where all of it is too much, the newest ones without `since`, the first ones behind it, and `complete` is false.
void keep_what_fits(history_answer& told, bool since, std::size_t max_bytes);
frame history_frame(const std::string& channel, std::string_view ref, const history_answer& told);

} // namespace infra::realtime::detail
