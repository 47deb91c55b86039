#include "printable.hpp"
#include "realtime_shown.hpp"
#include "realtime_verbs.hpp"

#include <memory>
#include <stdexcept>

namespace infra::cli {
namespace {

struct kick_words {
    std::string client;
    std::string user;
    int code = 4505;
};

exit_code kick(const kick_words& words, const realtime_session& with) {
    if (words.client.empty() == words.user.empty())
        throw std::invalid_argument("say whom: the id of a client, or --user NAME");
    json::object body{{"code", words.code}};
    body[words.client.empty() ? "user" : "client"] = words.client.empty() ? words.user : words.client;
    const auto done = with.post("/disconnect", body);
    const bool none = done.at("disconnected").to_number<int>() == 0;
    // A user may have been on another node, of which this one does not know.
    if (none && !words.client.empty())
        return with.to.fail(exit_code::not_found, "there is no client '" + printable(words.client) + "' on this node");
    with.to.print("disconnected " + cell_of(done, "disconnected") + " on this node", done);
    return exit_code::ok;
}

} // namespace

void add_realtime_kick(const realtime_group& to) {
    const auto words = std::make_shared<kick_words>();
    auto& app =
        to.add({.name = "kick",
                .description = "Closes the connection of a client, or all of a user's, on every node. No such client "
                               "exits with 3.",
                .examples = {"infra realtime kick 01a2b3", "infra realtime kick --user anna",
                             "infra realtime kick 01a2b3 --code 4000     # it comes back by itself"}},
               [words](const realtime_session& with) { return kick(*words, with); });
    app.add_option("client", words->client, "Its id, as `clients` lists it");
    app.add_option("--user", words->user, "All of this one");
    app.add_option("--code", words->code, "The close code; from 4500 on clients stay away")
        ->capture_default_str()
        ->check(CLI::Range(1000, 4999));
}

} // namespace infra::cli
