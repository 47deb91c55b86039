#include <infra/base/json.hpp>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

namespace infra::json {

namespace {

std::string_view kind_of(const value& v) noexcept {
    switch (v.kind()) {
    case boost::json::kind::null: return "null";
    case boost::json::kind::bool_: return "a boolean";
    case boost::json::kind::int64:
    case boost::json::kind::uint64:
    case boost::json::kind::double_: return "a number";
    case boost::json::kind::string: return "a string";
    case boost::json::kind::array: return "an array";
    case boost::json::kind::object: return "an object";
    }
    return "something else";
}

std::string_view view_of(boost::json::string_view text) noexcept { return {text.data(), text.size()}; }

/// RFC 6901 section 3.
std::string escaped_for_pointer(std::string_view member) {
    std::string step;
    for (const char c : member) {
        if (c == '~')
            step += "~0";
        else if (c == '/')
            step += "~1";
        else
            step += c;
    }
    return step;
}

std::string joined(std::span<const detail::enumerator> names) {
    std::string text;
    for (const auto& e : names)
        text.append(text.empty() ? "" : ", ").append(e.name);
    return text;
}

bool is_whole(double number) noexcept { return std::trunc(number) == number; }

constexpr double two_to_53 = 0x1p53;
constexpr double two_to_63 = 0x1p63;
constexpr const char* too_many_milliseconds = "the number of milliseconds is out of range";

} // namespace

std::string to_string(const failure& f) { return f.path.empty() ? f.problem : f.path + ": " + f.problem; }

invalid::invalid(failure why) : error(errc::invalid_input, to_string(why)), why_(std::move(why)) {}

void throw_exception_from_error(const failure& why, const boost::source_location&) { throw invalid(why); }

namespace detail {

// --- writing ---

value from_double(double number) noexcept { return std::isfinite(number) ? value(number) : value(nullptr); }

value from_name(std::span<const enumerator> names, std::int64_t number) {
    const auto found = std::find_if(names.begin(), names.end(), [=](const auto& e) { return e.value == number; });
    if (found == names.end())
        throw std::invalid_argument("json::to_value: the enum value " + std::to_string(number) +
                                    " is not one of those described for its type");
    return value(boost::json::string_view(found->name));
}

value from_ticks(std::int64_t ticks, std::int64_t num, std::int64_t den) noexcept {
    std::int64_t ms = 0;
    if (!__builtin_mul_overflow(ticks, num, &ms) && ms % den == 0)
        return value(ms / den);
    return value(static_cast<double>(ticks) * static_cast<double>(num) / static_cast<double>(den));
}

value from_field(const field_value& shown) {
    using kind = field_value::kind;
    const auto text = [](std::string_view t) { return value(boost::json::string_view(t)); };
    switch (shown.type()) {
    case kind::null: return nullptr;
    case kind::boolean: return shown.boolean();
    case kind::signed_integer: return shown.signed_integer();
    case kind::unsigned_integer: return shown.unsigned_integer();
    case kind::floating: return from_double(shown.floating());
    case kind::text: return text(shown.text());
    case kind::json: return shown.json();
    case kind::duration: return from_double(shown.milliseconds());
    case kind::time: {
        const auto time = format_rfc3339(shown.time());
        return text({time.data(), time.size()});
    }
    case kind::exception: return text(shown.exception().what());
    case kind::error_code: return text(shown.error_code().message());
    case kind::object: return shown.to_json();
    }
    return nullptr;
}

// --- reading ---

bool reader::fail(std::string problem) {
    first = failure({}, std::move(problem));
    return false;
}

bool reader::expected(std::string_view what, const value& got) {
    return fail("expected " + std::string(what) + ", got " + std::string(kind_of(got)));
}

bool reader::below(std::string_view member) {
    first.path.insert(0, "/" + escaped_for_pointer(member));
    return false;
}

bool reader::below(std::size_t index) { return below(std::to_string(index)); }

bool missing(std::string_view member, reader& r) {
    r.fail("is required, but missing");
    return r.below(member);
}

bool read_bool(const value& from, bool& to, reader& r) {
    if (!from.is_bool())
        return r.expected("a boolean", from);
    to = from.get_bool();
    return true;
}

bool read_string(const value& from, std::string& to, reader& r) {
    if (!from.is_string())
        return r.expected("a string", from);
    to = view_of(from.get_string());
    return true;
}

bool read_double(const value& from, double largest, double& to, reader& r) {
    if (!from.is_number())
        return r.expected("a number", from);
    to = from.is_double()  ? from.get_double()
         : from.is_int64() ? static_cast<double>(from.get_int64())
                           : static_cast<double>(from.get_uint64());
    // Text such as 1e999 may have become an infinity, which no bound of ours admits.
    return std::abs(to) <= largest || r.fail("the number is too large");
}

bool read_integer(const value& from, std::int64_t lowest, std::uint64_t highest, std::uint64_t& bits, reader& r) {
    if (!from.is_number())
        return r.expected("an integer", from);
    bool fits = false;
    if (from.is_double()) {
        const double number = from.get_double();
        if (!is_whole(number))
            return r.fail("expected an integer, got a number with a fraction");
        fits = number >= static_cast<double>(lowest) && number <= static_cast<double>(highest);
        // From here on the text may have said another integer, which the double was rounded from.
        if (fits && std::abs(number) >= two_to_53)
            return r.fail("expected an integer of this size to be written in digits alone");
        if (fits)
            bits = static_cast<std::uint64_t>(static_cast<std::int64_t>(number));
    } else if (from.is_int64()) {
        const auto number = from.get_int64();
        bits = static_cast<std::uint64_t>(number);
        fits = number < 0 ? number >= lowest : bits <= highest;
    } else {
        bits = from.get_uint64();
        fits = bits <= highest;
    }
    return fits || r.fail("expected an integer from " + std::to_string(lowest) + " to " + std::to_string(highest));
}

bool read_name(const value& from, std::span<const enumerator> names, std::int64_t& to, reader& r) {
    if (!from.is_string())
        return r.expected("a string", from);
    const auto name = view_of(from.get_string());
    const auto found = std::find_if(names.begin(), names.end(), [=](const auto& e) { return e.name == name; });
    if (found == names.end())
        return r.fail("expected one of: " + joined(names));
    to = found->value;
    return true;
}

namespace {

/// For a unit of a millisecond or more: whole milliseconds only, and of those its multiples.
bool read_coarse_ticks(const value& from, std::int64_t ms_per_tick, std::int64_t& to, reader& r) {
    using bounds = std::numeric_limits<std::int64_t>;
    std::uint64_t bits = 0;
    if (!read_integer(from, bounds::min(), static_cast<std::uint64_t>(bounds::max()), bits, r))
        return false;
    const auto ms = static_cast<std::int64_t>(bits);
    to = ms / ms_per_tick;
    return ms % ms_per_tick == 0 || r.fail("expected a multiple of " + std::to_string(ms_per_tick) + " milliseconds");
}

/// For a finer unit: the nearest tick.
bool read_fine_ticks(const value& from, double ticks_per_ms, std::int64_t& to, reader& r) {
    double ms = 0;
    if (!read_double(from, std::numeric_limits<double>::max(), ms, r))
        return false;
    const double ticks = ms * ticks_per_ms;
    if (!(std::abs(ticks) < two_to_63))
        return r.fail(too_many_milliseconds);
    to = std::llround(ticks);
    return true;
}

} // namespace

bool read_ticks(const value& from, std::int64_t num, std::int64_t den, std::int64_t lowest, std::int64_t highest,
                std::int64_t& to, reader& r) {
    if (!from.is_number())
        return r.expected("a number of milliseconds", from);
    const bool is_coarse = den == 1;
    const bool is_exact =
        !is_coarse && num == 1 && from.is_int64() && !__builtin_mul_overflow(from.get_int64(), den, &to);
    if (!is_exact && !(is_coarse ? read_coarse_ticks(from, num, to, r)
                                 : read_fine_ticks(from, static_cast<double>(den) / static_cast<double>(num), to, r)))
        return false;
    return (to >= lowest && to <= highest) || r.fail(too_many_milliseconds);
}

const object* read_object(const value& from, reader& r) {
    if (!from.is_object())
        r.expected("an object", from);
    return from.if_object();
}

const array* read_array(const value& from, reader& r) {
    if (!from.is_array())
        r.expected("an array", from);
    return from.if_array();
}

const array* read_array_of(std::size_t size, const value& from, reader& r) {
    const array* elements = read_array(from, r);
    if (!elements || elements->size() == size)
        return elements;
    r.fail("expected an array of " + std::to_string(size) + ", got one of " + std::to_string(elements->size()));
    return nullptr;
}

bool check_unknown(const object& from, std::span<const std::string_view> known, reader& r) {
    if (r.unknown == unknown_members::ignored)
        return true;
    for (const auto& member : from) {
        if (std::find(known.begin(), known.end(), view_of(member.key())) != known.end())
            continue;
        r.fail("is not a known member");
        return r.below(view_of(member.key()));
    }
    return true;
}

} // namespace detail

} // namespace infra::json
