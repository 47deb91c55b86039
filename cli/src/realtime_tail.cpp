#include "line_splitter.hpp"
#include "printable.hpp"
#include "realtime_shown.hpp"
#include "realtime_verbs.hpp"
#include "until_interrupted.hpp"

#include <boost/asio/this_coro.hpp>

#include <memory>
#include <ostream>

namespace infra::cli {
namespace {

constexpr std::chrono::seconds silence{60}; // the service says something every 15 s

struct tail_words {
    std::vector<std::string> channels;
    std::size_t history = 0;
    std::size_t count = 0;
};

std::string path_of(const tail_words& words) {
    std::vector<std::pair<std::string_view, std::string>> names{
        {"history", words.history ? std::to_string(words.history) : ""}};
    for (const auto& each : words.channels)
        names.emplace_back("channel", each);
    return with_query("/tail", names);
}

std::string text_of(const json::value& said) {
    const auto offset = cell_of(said, "offset");
    std::string text = printable(cell_of(said, "channel")) + (offset.empty() ? "" : "#" + offset) + "  " +
                       printable(cell_of(said, "type"));
    if (const auto* data = said.as_object().if_contains("data"))
        text.append("  ").append(printable(json::to_text(*data)));
    return text;
}

// False when there were enough, or nobody reads them.
bool print(line_splitter& lines, std::size_t& left, const output& to) {
    while (const auto line = lines.next()) {
        const auto said = line->empty() ? std::nullopt : std::optional(document_of(200, *line));
        if (!said)
            continue;
        to.print(text_of(*said), *said);
        if (left > 0 && --left == 0)
            return false;
    }
    return static_cast<bool>(to.out.flush());
}

awaitable<exit_code> listen(http::client_request what, std::size_t count, const output& to) {
    const http::client client(co_await asio::this_coro::executor);
    what.max_response_body = std::nullopt;
    auto answer = co_await client.open(std::move(what));
    if (answer.head().status != 200)
        document_of(answer.head().status, co_await answer.read_all(64 * 1024));
    line_splitter lines;
    for (;;) {
        const auto piece = co_await answer.read(deadline::after(silence));
        if (piece.empty())
            throw refused(exit_code::unreachable, "the service has ended the tail");
        lines.add(piece);
        if (!print(lines, count, to))
            co_return exit_code::ok;
    }
}

exit_code tail(const tail_words& words, const realtime_session& with) {
    try {
        return until_interrupted(listen(with.request(path_of(words)), words.count, with.to));
    } catch (const error& e) {
        if (e.code() == errc::cancelled)
            return exit_code::ok; // Ctrl-C is how it ends
        throw;
    }
}

} // namespace

void add_realtime_tail(const realtime_group& to) {
    const auto words = std::make_shared<tail_words>();
    auto& app =
        to.add({.name = "tail",
                .description = "Prints what is said in channels, a message a line, until Ctrl-C.",
                .examples = {"infra realtime tail room:1 room:2", "infra realtime tail signups --history 10 --json"}},
               [words](const realtime_session& with) { return tail(*words, with); });
    app.add_option("channels", words->channels, "Which, at most 20")->required();
    app.add_option("--history", words->history, "Begin with the newest so many of each")->check(CLI::Range(0, 1'000));
    app.add_option("--count", words->count, "End after so many messages");
}

} // namespace infra::cli
