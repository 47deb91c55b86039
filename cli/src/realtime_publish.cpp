#include "printable.hpp"
#include "realtime_shown.hpp"
#include "realtime_verbs.hpp"

#include <memory>

namespace infra::cli {
namespace {

struct publish_words {
    std::string channel;
    std::string type;
    std::string data;
    std::string key;
    std::string idempotency_key;
};

std::string text_of(const json::value& done, const std::string& channel) {
    if (done.at("duplicate").as_bool())
        return "was published already";
    std::string text = "published in " + printable(channel) + " to " + cell_of(done, "subscribers") + " subscribers";
    if (const auto offset = cell_of(done, "offset"); offset != "0")
        text += ", offset " + offset;
    return text;
}

exit_code publish(const publish_words& words, const realtime_session& with) {
    json::object body{{"channel", words.channel}, {"type", words.type}};
    if (!words.data.empty())
        body["data"] = message_data(words.data);
    if (!words.key.empty())
        body["key"] = words.key;
    if (!words.idempotency_key.empty())
        body["idempotency_key"] = words.idempotency_key;
    const auto done = with.post("/publish", body);
    with.to.print(text_of(done, words.channel), done);
    return exit_code::ok;
}

} // namespace

void add_realtime_publish(const realtime_group& to) {
    const auto words = std::make_shared<publish_words>();
    auto& app = to.add({.name = "publish",
                        .description = "Says something to all who listen to a channel, on every node.",
                        .examples = {R"(infra realtime publish room:1 said '{"text":"Hello!"}')",
                                     "infra realtime publish price:EUR now 1.08 --key EUR",
                                     "infra realtime publish news page - < page.json"}},
                       [words](const realtime_session& with) { return publish(*words, with); });
    app.add_option("channel", words->channel, "Where")->required();
    app.add_option("type", words->type, "The message's type")->required();
    app.add_option("data", words->data, "JSON; what is none is sent as text; - reads the standard input");
    app.add_option("--key", words->key, "Where slow clients keep the latest of each key");
    app.add_option("--idempotency-key", words->idempotency_key, "The same one is published once in five minutes");
}

} // namespace infra::cli
