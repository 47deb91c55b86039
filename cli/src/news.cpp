#include "dashboard_client.hpp"
#include "json_members.hpp"
#include "overview_shown.hpp"
#include "printable.hpp"
#include "server_events.hpp"
#include "until_interrupted.hpp"
#include "verbs.hpp"

#include <boost/asio/this_coro.hpp>

#include <algorithm>
#include <memory>
#include <ostream>

namespace infra::cli {
namespace {

constexpr std::chrono::seconds longest_silence{60}; // the service says something every 15 s

struct news_words {
    service_place place;
    std::size_t limit = 20;
    std::size_t count = 0;
    bool follow = false;
};

/// Prints news once each, until there are enough.
class news_printer {
public:
    news_printer(const output& to, std::size_t count) : to_(to), count_(count) {}

    bool print(const json::value& news) {
        const auto id = integer_of(news, "id");
        if (id <= last_)
            return wants_more();
        last_ = id;
        to_.print(to_.json ? "" : news_line_of(news, to_.colours), news_document_of(news));
        ++printed_;
        return wants_more();
    }
    /// What is not to be printed.
    void skip(const json::value& news) { last_ = std::max(last_, integer_of(news, "id")); }
    bool wants_more() const { return count_ == 0 || printed_ < count_; }
    bool is_read() const { return static_cast<bool>(to_.out.flush()); }
    void say(std::string_view sentence) const { to_.err << "infra: " << printable(sentence) << std::endl; }

private:
    const output& to_;
    const std::size_t count_;
    std::size_t printed_ = 0;
    std::int64_t last_ = 0;
};

// The first event has what was there before, of which no more is sent than somebody looks at.
bool print_news_in(server_events& events, news_printer& to, bool& first) {
    while (const auto each = events.next()) {
        const auto said = json::parse(each->data, {.max_bytes = max_answer_bytes, .max_depth = 40});
        if (!said)
            continue;
        if (each->name == "problem")
            to.say(cell_of(*said, "message"));
        if (const auto skipped = integer_of(*said, "skipped"); skipped > 0 && !first)
            to.say(std::to_string(skipped) + " were skipped: more came than is sent at once");
        first = false;
        for (const auto& one : items_of(*said, "items"))
            if (!to.print(one))
                return false;
    }
    return to.wants_more();
}

awaitable<void> follow(const dashboard_client& service, news_printer& to) {
    auto stream = co_await service.watch("feed");
    server_events events;
    bool first = true;
    while (print_news_in(events, to, first) && to.is_read()) {
        const auto piece = co_await stream.read(deadline::after(longest_silence));
        if (piece.empty())
            throw error(errc::closed, "the service has ended the stream of its news");
        events.add(piece);
    }
}

awaitable<exit_code> show_news(news_words words, service_access at, const output& to) {
    const dashboard_client service(co_await asio::this_coro::executor, std::move(at));
    const auto page = co_await service.get("/overview");
    const auto& all = items_of(page, "feed");
    news_printer lines(to, words.count);
    for (std::size_t i = 0; i < all.size() && lines.wants_more(); ++i)
        if (i + words.limit < all.size())
            lines.skip(all[i]);
        else
            lines.print(all[i]);
    if (words.follow && lines.wants_more())
        co_await follow(service, lines);
    else if (all.empty() && !to.json)
        lines.say("nothing has happened yet");
    co_return exit_code::ok;
}

exit_code print_news(const news_words& words, const output& to) {
    return told_how_it_ends(to, [&] {
        try {
            return until_interrupted(show_news(words, access_to(words.place), to));
        } catch (const error& e) {
            if (words.follow && e.code() == errc::cancelled)
                return exit_code::ok; // Ctrl-C is how it ends
            throw;
        }
    });
}

} // namespace

void add_news(frame& f) {
    const auto words = std::make_shared<news_words>();
    auto& app = f.add(
        {.name = "news",
         .description =
             "Prints what happened of late in a running service, and with --follow what comes: jobs and mails that "
             "failed, warnings and errors, checks that changed, what operators did. Under --json a document a line. "
             "It asks the service's dashboard, with INFRA_ADMIN_TOKEN.",
         .examples = {"infra news", "infra news --follow -n 0", "infra news --json | jq 'select(.kind == \"job\")'"}},
        [words](const output& to) { return print_news(*words, to); });
    app.add_option("-n,--limit", words->limit, "At most so many of those that are there")
        ->capture_default_str()
        ->check(CLI::Range(0, 100));
    app.add_flag("-f,--follow", words->follow, "Go on with what comes, until Ctrl-C");
    app.add_option("--count", words->count, "End after so many lines");
    add_place(app, words->place);
}

} // namespace infra::cli
