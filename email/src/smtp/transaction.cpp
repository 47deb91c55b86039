#include "transaction.hpp"

#include <algorithm>
#include <utility>

namespace infra::email::smtp {
namespace {

constexpr int closing = 421; // the server's word that it speaks no more, at any step

// A mail that was begun and went no further is taken back when the next one begins.
std::vector<std::string> commands_for(const connection& over, const consignment& what) {
    auto commands = introductions(what.to, what.content->size(), over.offers());
    if (over.left == connection::condition::dirty)
        commands.insert(commands.begin(), "RSET\r\n");
    return commands;
}

std::string joined(const std::vector<std::string>& commands) {
    std::string all;
    for (const auto& each : commands)
        all.append(each);
    return all;
}

/// What came of several commands.
struct hearing {
    std::vector<reply> answers{};
    bool in_step = true; ///< all that was said has been answered
};

// One answer for each, in order, up to a 421 or, once one of them is a refusal, the end of the connection. With PIPELINING
// (RFC 2920) all are said in one go.
awaitable<hearing> ask(std::shared_ptr<connection> over, std::vector<std::string> commands) {
    const bool at_once = over->offers().pipelining;
    hearing got;
    try {
        if (at_once)
            co_await over->write(joined(commands));
        for (const auto& each : commands) {
            if (!at_once)
                co_await over->write(each);
            got.answers.push_back(co_await over->read());
            if (got.answers.back().code == closing)
                break;
        }
    } catch (const lost&) {
        if (std::ranges::all_of(got.answers, &reply::positive))
            throw;
    }
    got.in_step = got.answers.size() == commands.size() && got.answers.back().code != closing;
    co_return got;
}

// After a refusal: whatever the server still holds of the mail is to be taken back.
[[noreturn]] void refuse(connection& over, bool usable, send_error why) {
    over.left = usable ? connection::condition::dirty : connection::condition::broken;
    throw send_error(std::move(why));
}

awaitable<void> introduce(std::shared_ptr<connection> over, std::shared_ptr<consignment> what, bool reused) {
    const bool resets = over->left == connection::condition::dirty;
    auto commands = commands_for(*over, *what);
    over->left = connection::condition::broken; // unless all goes well
    what->at = step::sender;
    hearing got;
    bool gone = false;
    try {
        got = co_await ask(over, std::move(commands));
    } catch (const lost&) {
        if (!reused)
            throw;
        gone = true;
    }
    auto& answers = got.answers;
    if (gone || (reused && answers.front().code == closing))
        throw stale();
    const bool taken_back = !resets || answers.front().positive();
    if (resets && taken_back)
        answers.erase(answers.begin());
    if (answers.size() > 1)
        what->at = step::recipients;
    if (auto failure = refused_introduction(answers, what->to, what->about))
        refuse(*over, got.in_step && taken_back, std::move(*failure));
}

awaitable<void> send_content(std::shared_ptr<connection> over, std::shared_ptr<consignment> what) {
    what->at = step::content;
    co_await over->write("DATA\r\n");
    const auto go_ahead = co_await over->read();
    if (go_ahead.code != 354)
        refuse(*over, go_ahead.code >= 400 && go_ahead.code != closing,
               refusal(step::content, go_ahead, "the mail", what->about));
    over->expect_silence(); // or an answer that came too early would pass for the one to the mail
    if (co_await over->write_content(what->content))
        what->at = step::acceptance;
}

awaitable<void> await_acceptance(std::shared_ptr<connection> over, std::shared_ptr<consignment> what) {
    const auto answer = co_await over->read();
    if (answer.code < 400 && (!answer.positive() || what->at != step::acceptance))
        throw malformed();
    const bool whole = what->at == step::acceptance; // else what was not sent would be taken for commands
    if (answer.code >= 400)
        refuse(*over, whole && answer.code != closing, refusal(what->at, answer, "the mail", what->about));
    over->left = connection::condition::clean;
}

} // namespace

awaitable<void> hand_over(std::shared_ptr<connection> over, std::shared_ptr<consignment> what, bool reused) {
    try {
        if (const auto limit = over->offers().max_size; limit > 0 && what->content->size() > limit)
            throw over_size(what->content->size(), limit, what->about);
        co_await introduce(over, what, reused);
        co_await send_content(over, what);
        co_await await_acceptance(over, what);
    } catch (const lost&) {
        throw interrupted(what->at, interruption::lost, what->about);
    } catch (const malformed&) {
        throw interrupted(what->at, interruption::malformed, what->about);
    }
}

} // namespace infra::email::smtp
