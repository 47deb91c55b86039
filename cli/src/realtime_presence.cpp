#include "realtime_shown.hpp"
#include "realtime_verbs.hpp"
#include "table.hpp"

#include <memory>
#include <ostream>

namespace infra::cli {
namespace {

std::string members_text_of(const json::value& document) {
    std::vector<table_row> rows;
    for (const auto& each : document.at("members").as_array()) {
        const auto& info = each.at("info");
        rows.push_back({cell_of(each, "user"), cell_of(each, "since"), cell_of(each, "connections"),
                        info.is_null() ? "" : json::to_text(info)});
    }
    return table({"USER", "SINCE", "CONNECTIONS", "INFO"}, rows);
}

exit_code presence(const std::string& channel, const realtime_session& with) {
    const auto document = with.get(with_query("/presence", {{"channel", channel}}));
    const bool nobody = document.at("members").as_array().empty();
    if (with.to.json || !nobody)
        with.to.print(members_text_of(document), document);
    if (!with.to.json && nobody)
        with.to.err << "infra: nobody is present there\n";
    return exit_code::ok;
}

} // namespace

void add_realtime_presence(const realtime_group& to) {
    const auto channel = std::make_shared<std::string>();
    auto& app = to.add({.name = "presence",
                        .description = "Lists who is present on a channel, on all nodes, since when, and on how many "
                                       "connections.",
                        .examples = {"infra realtime presence room:1"}},
                       [channel](const realtime_session& with) { return presence(*channel, with); });
    app.add_option("channel", *channel, "Its name")->required();
}

} // namespace infra::cli
