#include "wire.hpp"

#include <boost/json/serialize.hpp>

#include <map>
#include <utility>

namespace infra::realtime::over_redis {
namespace {

constexpr std::size_t most_id_bytes = 64; // nodes remember them
constexpr json::limits bounds{.max_bytes = 16 * 1024 * 1024, .max_depth = 64};

const json::value* find(const json::object& in, std::string_view name) {
    const auto at = in.find(name);
    return at == in.end() ? nullptr : &at->value();
}

std::string text_in(const json::object& in, std::string_view name) {
    const auto* const found = find(in, name);
    return found && found->is_string() ? std::string(found->get_string()) : std::string();
}

std::int64_t number_in(const json::object& in, std::string_view name) {
    const auto* const found = find(in, name);
    const auto number = found ? json::from_value<std::int64_t>(*found) : json::result<std::int64_t>(0);
    return number ? *number : 0;
}

std::uint64_t count_in(const json::object& in, std::string_view name) {
    const auto number = number_in(in, name);
    return number > 0 ? static_cast<std::uint64_t>(number) : 0;
}

json::value value_in(const json::object& in, std::string_view name) {
    const auto* const found = find(in, name);
    return found ? *found : json::value();
}

std::optional<json::object> object_in(std::string_view text) {
    auto parsed = json::parse(text, bounds);
    if (!parsed || !parsed->is_object())
        return std::nullopt;
    return std::move(parsed->get_object());
}

std::optional<json::object> data_of(json::object& in) {
    const auto at = in.find("data");
    if (at == in.end() || !at->value().is_object())
        return std::nullopt;
    return std::move(at->value().get_object());
}

member member_in(const json::object& in) {
    return {.user = text_in(in, "user"),
            .info = value_in(in, "info"),
            .connections = count_in(in, "connections"),
            .since = from_unix_ms(number_in(in, "since"))};
}

} // namespace

std::string text_of(const envelope& e) {
    json::object out;
    out["type"] = e.what.type;
    if (!e.what.data.is_null())
        out["data"] = e.what.data;
    if (!e.key.empty())
        out["key"] = e.key;
    if (!e.except.empty())
        out["except"] = e.except;
    if (e.ttl)
        out["ttl"] = e.ttl->count();
    return boost::json::serialize(out);
}

std::string text_of_gap(std::uint64_t dropped, std::string_view node) {
    return boost::json::serialize(json::object{{"type", "gap"}, {"data", {{"dropped", dropped}}}, {"node", node}});
}

std::string text_of_share(const member& who, std::int64_t at) {
    return boost::json::serialize(json::object{{"user", who.user},
                                               {"info", who.info},
                                               {"connections", who.connections},
                                               {"since", to_unix_ms(who.since)},
                                               {"at", at}});
}

std::string text_of_joining(std::string_view share) { return R"({"type":"join","data":)" + std::string(share) + "}"; }

std::variant<item, joining, leaving, nonsense> read_channel(std::string_view text, std::string_view node,
                                                            std::optional<position> at) {
    auto said = object_in(text);
    auto type = said ? text_in(*said, "type") : std::string();
    if (type.empty())
        return nonsense{};
    const auto where = at ? *at : position{text_in(*said, "epoch"), count_in(*said, "offset")};
    if (type == "gap") {
        const auto data = data_of(*said);
        const bool is_own = !node.empty() && text_in(*said, "node") == node;
        return item{where, gap{data ? count_in(*data, "dropped") : 0, where, is_own}};
    }
    if (type == "join" || type == "leave") {
        const auto data = data_of(*said);
        if (!data || text_in(*data, "user").empty())
            return nonsense{};
        if (type == "join")
            return joining{member_in(*data)};
        return leaving{member_in(*data)};
    }
    if (is_reserved_type(type))
        return nonsense{};
    envelope e{.at = where, .key = text_in(*said, "key"), .except = text_in(*said, "except")};
    e.what.type = std::move(type);
    e.what.data = value_in(*said, "data");
    if (const auto ttl = number_in(*said, "ttl"); ttl > 0)
        e.ttl = std::chrono::milliseconds(ttl);
    return item{where, std::move(e)};
}

std::vector<member> join_shares(const std::vector<std::string>& shares) {
    struct sum {
        member who{};
        std::int64_t at = 0;
    };
    std::map<std::string, sum> users;
    for (const auto& text : shares) {
        const auto share = object_in(text);
        if (!share)
            continue;
        auto who = member_in(*share);
        const auto at = number_in(*share, "at");
        const auto [found, is_new] = users.try_emplace(who.user, sum{who, at});
        if (is_new)
            continue;
        auto& of = found->second;
        of.who.connections += who.connections;
        of.who.since = std::min(of.who.since, who.since);
        if (at > of.at) {
            of.who.info = std::move(who.info);
            of.at = at;
        }
    }
    std::vector<member> out;
    for (auto& [user, each] : users)
        out.push_back(std::move(each.who));
    return out;
}

std::string text_of(const disconnection& d) {
    json::object out{{"type", "disconnect"}, {"user", d.user}, {"code", static_cast<std::uint16_t>(d.code)}};
    if (!d.id.empty())
        out["id"] = d.id;
    return boost::json::serialize(out);
}

std::optional<disconnection> read_control(std::string_view text) {
    const auto said = object_in(text);
    if (!said || text_in(*said, "type") != "disconnect" || text_in(*said, "user").empty())
        return std::nullopt;
    const auto code = number_in(*said, "code");
    auto id = text_in(*said, "id");
    if (code < 1000 || code > 4999 || id.size() > most_id_bytes)
        return std::nullopt;
    return disconnection{text_in(*said, "user"), static_cast<close_code>(code), std::move(id)};
}

} // namespace infra::realtime::over_redis
