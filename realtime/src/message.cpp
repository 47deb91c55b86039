#include <infra/realtime/message.hpp>

#include <algorithm>
#include <array>
#include <utility>

namespace infra::realtime {
namespace {

// --- reading ---

constexpr std::size_t max_ref = 64;

std::string_view view_of_text(const json::value& text) noexcept {
    const auto& s = text.get_string();
    return {s.data(), s.size()};
}

/// Reads the members of one object, and keeps what was wrong with the first that is.
class members {
public:
    explicit members(json::object& of) noexcept : of_(of) {}

    json::value* find(std::string_view name) noexcept {
        const auto found = of_.find(boost::json::string_view(name));
        return found == of_.end() || found->value().is_null() ? nullptr : &found->value();
    }
    std::string text(std::string_view name) {
        auto* const there = find(name);
        if (!there)
            return {};
        if (!there->is_string())
            return fail(name, "must be a string");
        return std::string(view_of_text(*there));
    }
    json::value any(std::string_view name) {
        auto* const there = find(name);
        return there ? std::move(*there) : json::value();
    }
    std::string ref() {
        auto* const there = find("ref");
        if (!there)
            return {};
        if (!there->is_string() && !there->is_number())
            return fail("ref", "must be a string");
        auto ref = there->is_string() ? std::string(view_of_text(*there)) : json::to_text(*there);
        if (ref.size() > max_ref)
            return fail("ref", "must be at most 64 bytes long");
        return ref;
    }
    std::optional<position> since() {
        auto* const there = find("since");
        if (!there)
            return {};
        auto* const place = there->if_object();
        if (!place)
            return fail("since", "must be an object with \"epoch\" and \"offset\""), std::nullopt;
        auto* const epoch = place->if_contains("epoch");
        auto* const offset = place->if_contains("offset");
        if (!epoch || !epoch->is_string())
            return fail("since.epoch", "must be a string"), std::nullopt;
        const auto number = offset ? json::from_value<std::uint64_t>(*offset) : json::failure("", "missing");
        if (!number)
            return fail("since.offset", "must be a whole number from 0"), std::nullopt;
        return position{std::string(view_of_text(*epoch)), *number};
    }

    std::string fail(std::string_view member, std::string_view what) {
        if (why_.empty())
            why_.append("\"").append(member).append("\" ").append(what);
        return {};
    }
    const std::string& why() const noexcept { return why_; }

private:
    json::object& of_;
    std::string why_;
};

// --- writing ---

bool stands_for_itself(char c) noexcept {
    return static_cast<signed char>(c) >= ' ' && c != '"' && c != '\\'; // signed: what is beyond ASCII is negative
}

void append_string(std::string& out, std::string_view text) {
    if (std::ranges::all_of(text, stands_for_itself))
        out.append(1, '"').append(text).append(1, '"');
    else
        out += json::to_text(text);
}

void append_member(std::string& out, std::string_view begin, std::string_view text) {
    if (!text.empty())
        append_string(out.append(begin), text);
}

void append_data(std::string& out, std::string_view begin, const json::value& data) {
    if (!data.is_null())
        json::detail::append_text(out.append(begin), data);
}

std::string begun(const message& m) {
    std::string out;
    out.reserve(128 + m.type.size() + m.channel.size());
    append_string(out.append(R"({"type":)"), m.type);
    append_member(out, R"(,"channel":)", m.channel);
    return out;
}

} // namespace

std::variant<client_message, bad_message> parse_client_message(std::string_view text, std::size_t max_depth) {
    auto read = json::parse(text, {.max_bytes = text.size(), .max_depth = max_depth});
    if (!read)
        return bad_message{json::to_string(read.error())};
    auto* const object = read->if_object();
    if (!object)
        return bad_message{"a message is an object"};
    members from(*object);
    client_message said;
    said.ref = from.ref();
    said.what.type = from.text("type");
    if (said.what.type.empty())
        from.fail("type", "must be there, and not empty");
    said.what.channel = from.text("channel");
    said.token = from.text("token");
    said.since = from.since();
    said.what.data = from.any("data");
    said.info = from.any("info");
    if (!from.why().empty())
        return bad_message{from.why(), std::move(said.ref)};
    return said;
}

std::string to_text(const message& m) {
    auto out = begun(m);
    append_data(out, R"(,"data":)", m.data);
    return out += '}';
}

std::string to_text(const message& m, std::uint64_t offset) {
    auto out = begun(m);
    out.append(R"(,"offset":)").append(std::to_string(offset));
    append_data(out, R"(,"data":)", m.data);
    return out += '}';
}

std::string to_text(const message& m, std::string_view ref) {
    auto out = begun(m);
    append_member(out, R"(,"ref":)", ref);
    append_data(out, R"(,"data":)", m.data);
    return out += '}';
}

std::string to_text(const client_message& m) {
    auto out = begun(m.what);
    append_member(out, R"(,"ref":)", m.ref);
    append_member(out, R"(,"token":)", m.token);
    if (m.since) {
        append_string(out.append(R"(,"since":{"epoch":)"), m.since->epoch);
        out.append(R"(,"offset":)").append(std::to_string(m.since->offset)).append("}");
    }
    append_data(out, R"(,"data":)", m.what.data);
    append_data(out, R"(,"info":)", m.info);
    return out += '}';
}

bool is_reserved_type(std::string_view type) noexcept {
    static constexpr std::array<std::string_view, 15> reserved{
        "authenticated", "error",     "gap",     "history", "join",       "leave",        "members", "pong",
        "published",     "reconnect", "refresh", "reply",   "subscribed", "unsubscribed", "welcome"};
    return std::ranges::binary_search(reserved, type);
}

} // namespace infra::realtime
