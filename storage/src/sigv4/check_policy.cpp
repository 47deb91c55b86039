#include "credential_scope.hpp"
#include "names.hpp"
#include "post_policy.hpp"
#include "sha256.hpp"

#include <infra/base/encoding.hpp>
#include <infra/base/json.hpp>

#include <algorithm>
#include <charconv>

namespace infra::storage::sigv4 {
namespace {

form_refusal denied(std::string sentence) { return {403, "AccessDenied", std::move(sentence)}; }

// What a policy need not name.
bool is_free(std::string_view name) noexcept {
    for (const std::string_view free : {"file", "policy", "x-amz-signature", "signature", "awsaccesskeyid"})
        if (same_name(name, free))
            return true;
    return same_name(name.substr(0, 9), "x-ignore-");
}

bool begins_with(std::string_view field, std::string_view text, std::string_view beginning) {
    if (field != "content-type")
        return text.starts_with(beginning);
    while (true) { // a list of types: each of them
        const auto comma = text.find(',');
        auto item = text.substr(0, comma);
        item.remove_prefix(std::min(item.find_first_not_of(' '), item.size()));
        if (!item.starts_with(beginning))
            return false;
        if (comma == text.npos)
            return true;
        text.remove_prefix(comma + 1);
    }
}

std::optional<wall_time> parse_expiration(std::string_view text) {
    if (text.size() < 20 || text.back() != 'Z' || text[4] != '-' || text[7] != '-' || text[13] != ':' ||
        text[16] != ':' || (text.size() > 20 && text[19] != '.'))
        return std::nullopt;
    std::string compact;
    for (const char c : text.substr(0, 19)) // a fraction of a second is nothing to whoever chose it
        if (c != '-' && c != ':')
            compact += c;
    return parse_timestamp(compact + "Z");
}

std::optional<std::uint64_t> parse_size(const json::value& from) {
    if (from.is_int64() && from.get_int64() >= 0)
        return static_cast<std::uint64_t>(from.get_int64());
    if (from.is_uint64())
        return from.get_uint64();
    if (!from.is_string())
        return std::nullopt;
    const std::string_view text = from.get_string();
    std::uint64_t value = 0;
    const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
    return failed == std::errc{} && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

bool has_twice(const fields& form) {
    return std::any_of(form.begin(), form.end(), [&](const auto& one) {
        return std::count_if(form.begin(), form.end(),
                             [&](const auto& other) { return same_name(one.first, other.first); }) > 1;
    });
}

} // namespace

struct form_conditions::reading {
    form_conditions made;

    bool add_exact(const json::object& pairs) {
        for (const auto& pair : pairs) {
            if (!pair.value().is_string())
                return false;
            made.conditions_.push_back({lower(pair.key()), true, std::string(pair.value().get_string())});
        }
        return !pairs.empty();
    }

    bool add_range(const json::array& condition) {
        const auto min = parse_size(condition[1]), max = parse_size(condition[2]);
        if (!min || !max)
            return false;
        made.min_size_ = std::max(made.min_size_, *min);
        made.max_size_ = std::min(made.max_size_, *max);
        return true;
    }

    bool add_list(const json::array& condition) {
        if (condition.size() != 3 || !condition[0].is_string())
            return false;
        const auto kind = lower(std::string_view(condition[0].get_string()));
        if (kind == "content-length-range")
            return add_range(condition);
        if ((kind != "eq" && kind != "starts-with") || !condition[1].is_string() || !condition[2].is_string() ||
            !condition[1].get_string().starts_with('$'))
            return false;
        made.conditions_.push_back({lower(std::string_view(condition[1].get_string()).substr(1)), kind == "eq",
                                    std::string(condition[2].get_string())});
        return true;
    }

    bool add(const json::value& condition) {
        if (const auto* const pairs = condition.if_object())
            return add_exact(*pairs);
        const auto* const list = condition.if_array();
        return list && add_list(*list);
    }
};

std::optional<form_conditions> form_conditions::read(std::string_view document) {
    const auto parsed = json::parse<json::value>(document, {.max_bytes = 64 * 1024, .max_depth = 4});
    const auto* const whole = parsed ? parsed->if_object() : nullptr;
    const auto* const expiration = whole ? whole->if_contains("expiration") : nullptr;
    const auto* const conditions = whole ? whole->if_contains("conditions") : nullptr;
    if (!expiration || !expiration->is_string() || !conditions || !conditions->is_array())
        return std::nullopt;
    const auto until = parse_expiration(expiration->get_string());
    reading in;
    const auto& list = conditions->get_array();
    if (!until || !std::all_of(list.begin(), list.end(), [&](const json::value& each) { return in.add(each); }))
        return std::nullopt;
    in.made.expires_ = *until;
    return std::move(in.made);
}

std::optional<form_refusal> form_conditions::check_fields(const fields& form, wall_time now) const {
    if (now > expires_)
        return denied("Invalid according to Policy: Policy expired.");
    if (has_twice(form))
        return form_refusal{400, "InvalidArgument", "A field of the form is there twice."};
    for (const auto& each : conditions_) {
        const auto value = field_of(form, each.field).value_or("");
        if (each.exactly ? value != each.value : !begins_with(each.field, value, each.value))
            return denied("Invalid according to Policy: Policy Condition failed: [\"" +
                          std::string(each.exactly ? "eq" : "starts-with") + "\", \"$" + each.field + "\", …]");
    }
    for (const auto& [name, value] : form) {
        const auto about = [&](const condition& each) { return same_name(name, each.field); };
        if (!is_free(name) && std::none_of(conditions_.begin(), conditions_.end(), about))
            return denied("Invalid according to Policy: Extra input fields: " + lower(name));
    }
    return std::nullopt;
}

std::optional<form_refusal> form_conditions::check_size(std::uint64_t size) const {
    if (size > max_size_)
        return form_refusal{400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed size"};
    if (size < min_size_)
        return form_refusal{400, "EntityTooSmall", "Your proposed upload is smaller than the minimum allowed size"};
    return std::nullopt;
}

std::optional<form_refusal> check_policy(std::string_view document, const fields& form, std::uint64_t size,
                                         wall_time now) {
    const auto conditions = form_conditions::read(document);
    if (!conditions)
        return form_refusal{400, "InvalidPolicyDocument", "The policy is not one."};
    if (auto refused = conditions->check_fields(form, now))
        return refused;
    return conditions->check_size(size);
}

verdict check_form(const fields& form, const std::function<std::optional<std::string>(std::string_view)>& secret_of,
                   const scope& in) {
    const auto policy = field_of(form, "policy"), credential = field_of(form, "x-amz-credential"),
               date = field_of(form, "x-amz-date"), signature = field_of(form, "x-amz-signature");
    if (!policy || !signature)
        return verdict::unsigned_request;
    const auto by = credential ? parse_credential(*credential) : std::nullopt;
    const auto when = date ? parse_timestamp(*date) : std::nullopt;
    if (!by || !when || by->day != date->substr(0, 8) || field_of(form, "x-amz-algorithm") != algorithm)
        return verdict::malformed;
    const auto secret = secret_of(by->key_id);
    if (!secret)
        return verdict::unknown_key;
    if (by->region != in.region || by->service != in.service)
        return verdict::wrong_scope;
    const credentials keys{.access_key_id{}, .secret_access_key = *secret};
    const auto expected = sign_policy(*policy, keys, {in.region, *when, in.service});
    return are_equal(expected, *signature) ? verdict::good : verdict::mismatch;
}

} // namespace infra::storage::sigv4
