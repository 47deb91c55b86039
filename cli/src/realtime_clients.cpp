#include "realtime_shown.hpp"
#include "realtime_verbs.hpp"
#include "table.hpp"

#include <memory>
#include <ostream>

namespace infra::cli {
namespace {

struct clients_words {
    std::string user;
    std::string channel;
    std::string after;
    std::size_t limit = 100;
};

std::string channels_of(const json::value& client) {
    std::string text;
    for (const auto& each : client.at("channels").as_array())
        text.append(text.empty() ? "" : " ").append(each.as_string());
    return text;
}

std::string text_of(const json::value& page) {
    std::vector<table_row> rows;
    for (const auto& each : page.at("clients").as_array())
        rows.push_back({cell_of(each, "id"), cell_of(each, "user"), cell_of(each, "remote_address"),
                        cell_of(each, "transport"), cell_of(each, "since"), cell_of(each, "queued_bytes"),
                        cell_of(each, "dropped"), channels_of(each)});
    return table({"CLIENT", "USER", "ADDRESS", "TRANSPORT", "SINCE", "QUEUED", "DROPPED", "CHANNELS"}, rows);
}

exit_code clients(const clients_words& words, const realtime_session& with) {
    const auto page = with.get(with_query("/clients", {{"user", words.user},
                                                       {"channel", words.channel},
                                                       {"after", words.after},
                                                       {"limit", std::to_string(words.limit)}}));
    const bool none = page.at("clients").as_array().empty();
    if (with.to.json || !none)
        with.to.print(text_of(page), page);
    if (with.to.json)
        return exit_code::ok;
    if (none)
        with.to.err << "infra: no such client is there\n";
    tell_of_more(with.to.err, page);
    return exit_code::ok;
}

} // namespace

void add_realtime_clients(const realtime_group& to) {
    const auto words = std::make_shared<clients_words>();
    auto& app =
        to.add({.name = "clients",
                .description = "Lists the clients of a node: who, from where, on which channels, and how far behind.",
                .examples = {"infra realtime clients --user anna", "infra realtime clients --channel room:1"}},
               [words](const realtime_session& with) { return clients(*words, with); });
    app.add_option("--user", words->user, "Only those of this user");
    app.add_option("--channel", words->channel, "Only those on this channel");
    app.add_option("--after", words->after, "Only ids behind this one");
    app.add_option("--limit", words->limit, "At most so many")->capture_default_str()->check(CLI::Range(1, 1'000));
}

} // namespace infra::cli
