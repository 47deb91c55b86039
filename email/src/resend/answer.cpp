#include "answer.hpp"

#include <infra/base/json.hpp>
#include <infra/http_client/client_errc.hpp>

#include <algorithm>
#include <array>
#include <optional>

namespace infra::email::resend {
namespace {

constexpr json::limits readable{.max_bytes = std::size_t{1} << 20, .max_depth = 16};

/// What a failure of the API says of itself.
struct complaint {
    std::string name = "application_error"; // as the API's own clients call what is no JSON
    std::string message{};
    bool of_the_api = false; // and not a page of something in between
};

std::string_view text_of(const json::object& from, std::string_view key) {
    const auto* const value = from.if_contains(key);
    return value && value->is_string() ? std::string_view(value->get_string()) : std::string_view();
}

// A word for programs, which must not carry anything else.
bool is_name(std::string_view word) noexcept {
    return !word.empty() && word.size() <= 64 && std::ranges::all_of(word, [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_';
    });
}

std::optional<json::object> object_of(const std::string& body) {
    auto read = json::parse(body, readable);
    if (!read || !read->is_object())
        return std::nullopt;
    return std::move(read->get_object());
}

complaint complaint_of(const answer& a, mails_of_request mails) {
    const auto read = object_of(a.body);
    if (!read)
        return {};
    complaint made{.message = shown(text_of(*read, "message"), mails), .of_the_api = true};
    if (const auto name = text_of(*read, "name"); is_name(name))
        made.name = name;
    return made;
}

// --- The table --------------------------------------------------------------------------------------------------

/// What kind of failure an answer is, and what is to be done about it.
struct verdict {
    boost::system::error_code code;
    std::string_view sentence;
    bool retryable = false;
    bool uncertain = false;
};

constexpr std::string_view not_taken = "Resend does not take the mail";

verdict judge_conflict(std::string_view name) {
    if (name == "concurrent_idempotent_requests")
        return {infra::errc::unavailable, "Resend is still at work on the same mail", true, true};
    if (name == "invalid_idempotent_request")
        return {errc::key_reused,
                "the idempotency key was used for another mail within 24 hours; that one may have been sent", false,
                true};
    return {errc::refused, not_taken};
}

verdict judge_limit(std::string_view name) {
    if (name.find("quota") != std::string_view::npos)
        return {errc::quota_exceeded, "Resend takes no more mail of this account for now; its quota is used up"};
    return {infra::errc::overloaded, "Resend's rate limit was passed", true};
}

verdict judge_4xx(int status, const complaint& c) {
    if (status == 401 || c.name.ends_with("_api_key"))
        return {errc::unauthorized, "Resend does not take the key; check RESEND_API_KEY"};
    if (status == 413)
        return {errc::too_large, "the mail is larger than Resend takes"};
    if (status == 429)
        return judge_limit(c.name);
    if (!c.of_the_api)
        return {infra::errc::unavailable,
                "what refuses the mail is not Resend's API; check RESEND_BASE_URL and proxies"};
    return status == 409 ? judge_conflict(c.name) : verdict{errc::refused, not_taken};
}

verdict judge(int status, const complaint& c) {
    if (status >= 400 && status < 500 && status != 408)
        return judge_4xx(status, c);
    if (status >= 300 && status < 400)
        return {infra::errc::misconfigured, "what answers leads elsewhere; check RESEND_BASE_URL"};
    return {infra::errc::unavailable, "Resend is out of order", true, true};
}

std::string sentence_of(const verdict& v, int status, const complaint& c) {
    auto text = std::string(v.sentence) + " (" + std::to_string(status) + " " + c.name + ")";
    if (!c.message.empty())
        text.append(": ").append(c.message);
    return text;
}

// --- What was accepted ------------------------------------------------------------------------------------------

send_error unreadable(int status, bool retryable, std::string_view what) {
    return {infra::errc::unavailable,
            "Resend answered " + std::to_string(status) + " " + std::string(what) + "; the mail may have been accepted",
            {.name = "application_error", .status = status, .retryable = retryable, .uncertain = true}};
}

delivery delivery_of(const answer& a) {
    const auto read = object_of(a.body);
    const auto id = read ? text_of(*read, "id") : std::string_view();
    if (id.empty())
        return {.failure = unreadable(a.status, true, "without the id of a mail")};
    return {.id = std::string(id)};
}

const json::array* array_in(const json::object& from, std::string_view key) {
    const auto* const value = from.if_contains(key);
    return value ? value->if_array() : nullptr;
}

send_error refusal_of(const answer& a, const json::object& said, const mail* of) {
    const complaint why{.name = "validation_error", .message = shown(text_of(said, "message"), {&of, 1})};
    return {errc::refused,
            std::string(not_taken) + (why.message.empty() ? "" : ": " + why.message),
            {.name = why.name, .status = a.status}};
}

/// What is said against single mails of a batch; false for a place that the batch does not have, or a second time.
bool take_refusals(const answer& a, const json::array& said, mails_of_request mails, std::vector<delivery>& to) {
    for (const auto& each : said) {
        const auto* const object = each.if_object();
        const auto* const place = object ? object->if_contains("index") : nullptr;
        const auto* const index = place ? place->if_int64() : nullptr;
        if (!index || *index < 0 || std::cmp_greater_equal(*index, mails.size()))
            return false;
        const auto i = static_cast<std::size_t>(*index);
        if (to[i].failure)
            return false;
        to[i].failure = refusal_of(a, *object, mails[i]);
    }
    return true;
}

/// The ids of those that are left, in their order. False if they are not as many.
bool take_ids(const json::array& said, std::vector<delivery>& to) {
    std::size_t next = 0;
    for (auto& each : to) {
        if (each.failure)
            continue;
        const auto* const object = next < said.size() ? said[next++].if_object() : nullptr;
        each.id = object ? text_of(*object, "id") : std::string_view();
        if (each.id.empty())
            return false;
    }
    return next == said.size();
}

// Where it cannot be told which id is whose, nothing is certain but what was refused by its place. The API gives the same
// answer again, and part of a batch tried again would be another batch, which sends twice: so no more attempts.
std::vector<delivery> deliveries_of_batch(const answer& a, mails_of_request mails) {
    const auto read = object_of(a.body);
    const auto* const ids = read ? array_in(*read, "data") : nullptr;
    if (!ids)
        return all_failed(unreadable(a.status, true, "without the ids of a batch"), mails.size());
    std::vector<delivery> done(mails.size());
    const auto* const refusals = array_in(*read, "errors");
    const bool places_are_clear = !refusals || take_refusals(a, *refusals, mails, done);
    if (places_are_clear && take_ids(*ids, done))
        return done;
    const auto doubt = unreadable(a.status, false, "with ids that do not fit the batch");
    if (!places_are_clear)
        return all_failed(doubt, mails.size());
    for (auto& each : done)
        if (!each.failure)
            each = {.failure = doubt};
    return done;
}

} // namespace

std::vector<delivery> deliveries_of(const answer& a, mails_of_request mails) {
    if (a.status < 200 || a.status > 299)
        return all_failed(failure_of(a, mails), mails.size());
    if (mails.size() == 1)
        return {delivery_of(a)};
    return deliveries_of_batch(a, mails);
}

std::vector<delivery> all_failed(const send_error& why, std::size_t count) {
    return std::vector<delivery>(count, delivery{.failure = why});
}

send_error failure_of(const answer& a, mails_of_request mails) {
    const auto why = complaint_of(a, mails);
    const auto v = judge(a.status, why);
    return {v.code,
            sentence_of(v, a.status, why),
            {.name = why.name,
             .status = a.status,
             .retryable = v.retryable,
             .uncertain = v.uncertain,
             .retry_after = a.retry_after}};
}

send_error failure_of(const error& e) {
    const auto* const sent = dynamic_cast<const http::client_error*>(&e);
    boost::system::error_code code = infra::errc::unavailable;
    if (e.code() == infra::errc::timed_out || e.code() == infra::errc::overloaded)
        code = e.code();
    if (e.code() == infra::errc::invalid_input)
        code = infra::errc::misconfigured;
    return {code,
            std::string("Resend: ") + e.what(),
            {.name = std::string(http::failure_name(e.code())),
             .retryable = http::is_retryable(e.code()),
             .uncertain = sent && sent->may_have_arrived()}};
}

} // namespace infra::email::resend
