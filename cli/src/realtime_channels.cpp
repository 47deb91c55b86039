#include "realtime_shown.hpp"
#include "realtime_verbs.hpp"
#include "table.hpp"

#include <memory>
#include <ostream>

namespace infra::cli {
namespace {

struct channels_words {
    std::string prefix;
    std::string after;
    std::size_t limit = 100;
};

std::string text_of(const json::value& page) {
    std::vector<table_row> rows;
    for (const auto& each : page.at("channels").as_array())
        rows.push_back({cell_of(each, "subscribers"), cell_of(each, "published"), cell_of(each, "dropped"),
                        cell_of(each, "history_messages"), cell_of(each, "offset"), cell_of(each, "name")});
    return table({"SUBSCRIBERS", "PUBLISHED", "DROPPED", "HISTORY", "OFFSET", "CHANNEL"}, rows);
}

exit_code channels(const channels_words& words, const realtime_session& with) {
    const auto page = with.get(with_query(
        "/channels", {{"prefix", words.prefix}, {"after", words.after}, {"limit", std::to_string(words.limit)}}));
    const bool none = page.at("channels").as_array().empty();
    if (with.to.json || !none)
        with.to.print(text_of(page), page);
    if (with.to.json)
        return exit_code::ok;
    if (none)
        with.to.err << "infra: no channel has subscribers or a history"
                    << (words.prefix.empty() ? "" : " and begins so") << '\n';
    tell_of_more(with.to.err, page);
    return exit_code::ok;
}

} // namespace

void add_realtime_channels(const realtime_group& to) {
    const auto words = std::make_shared<channels_words>();
    auto& app = to.add({.name = "channels",
                        .description = "Lists the channels of a node, with who listens and what was dropped.",
                        .examples = {"infra realtime channels", "infra realtime channels room: --json"}},
                       [words](const realtime_session& with) { return channels(*words, with); });
    app.add_option("prefix,--prefix", words->prefix, "Only what begins so");
    app.add_option("--after", words->after, "Only names behind this one");
    app.add_option("--limit", words->limit, "At most so many")->capture_default_str()->check(CLI::Range(1, 1'000));
}

} // namespace infra::cli
