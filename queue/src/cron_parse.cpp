#include "cron_parse.hpp"

#include "cron_calendar.hpp"
#include "retry_policy.hpp"

#include <algorithm>
#include <optional>
#include <span>
#include <vector>

namespace infra::queue {

using detail::cron_fields;

namespace {

constexpr std::size_t max_cron_bytes = 1024; // as cron-parser; every value of every field takes half of it

struct field_rule {
    const char* name;
    int min, max;
    std::span<const std::string_view> names; ///< of the values from `first_name` on
    int first_name;
    const char* allowed;
};

constexpr std::string_view month_names[] = {"JAN", "FEB", "MAR", "APR", "MAY", "JUN",
                                            "JUL", "AUG", "SEP", "OCT", "NOV", "DEC"};
constexpr std::string_view weekday_names[] = {"SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"};

constexpr field_rule second_rule{"second", 0, 59, {}, 0, "0 to 59, *, ranges such as 1-5, steps such as */15"};
constexpr field_rule minute_rule{"minute", 0, 59, {}, 0, "0 to 59, *, ranges such as 1-5, steps such as */15"};
constexpr field_rule hour_rule{"hour", 0, 23, {}, 0, "0 to 23, *, ranges such as 9-17, steps such as */6"};
constexpr field_rule day_rule{"day of month", 1, 31, {}, 0, "1 to 31, L, *, ranges such as 1-7, steps such as */2"};
constexpr field_rule month_rule{"month", 1, 12, month_names, 1, "1 to 12 or JAN to DEC, *, ranges, steps such as */3"};
constexpr field_rule weekday_rule{"day of week", 0, 7,
                                  weekday_names, 0, "0 to 7 or SUN to SAT, *, ranges, MON#2, 5L for the last Friday"};

constexpr std::pair<std::string_view, std::string_view> words[] = {
    {"@yearly", "0 0 1 1 *"},     {"@annually", "0 0 1 1 *"},   {"@monthly", "0 0 1 * *"},
    {"@weekly", "0 0 * * 0"},     {"@daily", "0 0 * * *"},      {"@midnight", "0 0 * * *"},
    {"@hourly", "0 * * * *"},     {"@minutely", "* * * * *"},   {"@weekdays", "0 0 * * 1-5"},
    {"@weekends", "0 0 * * 0,6"}, {"@secondly", "* * * * * *"},
};

// --- what is wrong ---

struct refusal {
    cron_failure why;
};

std::string quoted(std::string_view text) { return "'" + readable(text, 40) + "'"; }

[[noreturn]] void refuse_field(const field_rule& rule, const std::string& problem) {
    throw refusal{{rule.name, problem}};
}

[[noreturn]] void refuse_whole(const std::string& problem) { throw refusal{{"expression", problem}}; }

[[noreturn]] void not_allowed(const field_rule& rule, std::string_view what) {
    refuse_field(rule, quoted(what) + " is not allowed; allowed are " + rule.allowed);
}

// --- text ---

char upper(char c) { return c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : c; }

bool same_word(std::string_view a, std::string_view b) { return std::ranges::equal(a, b, {}, upper, upper); }

std::vector<std::string_view> split(std::string_view text, char at) {
    std::vector<std::string_view> parts;
    for (std::size_t end; (end = text.find(at)) != std::string_view::npos; text.remove_prefix(end + 1))
        parts.push_back(text.substr(0, end));
    parts.push_back(text);
    return parts;
}

std::vector<std::string_view> words_of(std::string_view text) {
    std::vector<std::string_view> found;
    constexpr std::string_view blanks = " \t";
    for (auto begin = text.find_first_not_of(blanks); begin != std::string_view::npos;) {
        const auto end = std::min(text.find_first_of(blanks, begin), text.size());
        found.push_back(text.substr(begin, end - begin));
        begin = text.find_first_not_of(blanks, end);
    }
    return found;
}

std::optional<int> number(std::string_view text) {
    if (text.empty() || text.size() > 2 || !std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; }))
        return std::nullopt;
    int n = 0;
    for (const char c : text)
        n = 10 * n + (c - '0');
    return n;
}

// --- one field ---

int value(const field_rule& rule, std::string_view text) {
    for (std::size_t i = 0; i < rule.names.size(); ++i)
        if (same_word(text, rule.names[i]))
            return rule.first_name + static_cast<int>(i);
    const auto n = number(text);
    if (!n || *n < rule.min || *n > rule.max)
        not_allowed(rule, text);
    return *n;
}

struct range {
    int first, last;
};

bool is_any(std::string_view text) { return text == "*" || text == "?"; }

// `stepped` because 5/15 means from 5 to the end.
range range_of(const field_rule& rule, std::string_view text, bool stepped) {
    if (is_any(text))
        return {rule.min, rule.max};
    const auto ends = split(text, '-');
    if (ends.size() > 2)
        not_allowed(rule, text);
    const int first = value(rule, ends[0]);
    if (ends.size() == 1)
        return {first, stepped ? rule.max : first};
    const int last = value(rule, ends[1]);
    if (last < first)
        refuse_field(rule, quoted(text) + " runs backwards; write two ranges, one up to " + std::to_string(rule.max) +
                               " and one from " + std::to_string(rule.min));
    return {first, last};
}

int step_of(const field_rule& rule, std::string_view item, std::string_view text) {
    const auto step = number(text);
    if (step && *step > rule.max - rule.min)
        refuse_field(rule, "the step of " + quoted(item) + " is longer than the field; use `every` for such intervals");
    if (!step || *step == 0)
        refuse_field(rule, quoted(item) + " has no step; allowed are 1 to " + std::to_string(rule.max - rule.min));
    return *step;
}

std::uint64_t bits_of(const field_rule& rule, std::string_view item) {
    const auto parts = split(item, '/');
    if (parts.size() > 2)
        not_allowed(rule, item);
    const auto [first, last] = range_of(rule, parts[0], parts.size() == 2);
    const int step = parts.size() == 2 ? step_of(rule, item, parts[1]) : 1;
    std::uint64_t bits = 0;
    for (int n = first; n <= last; n += step)
        bits |= std::uint64_t{1} << (&rule == &weekday_rule ? n % 7 : n);
    return bits;
}

void add(const field_rule& rule, std::uint64_t& to, std::uint64_t bits, std::string_view item) {
    if (to & bits)
        refuse_field(rule, quoted(item) + " is there twice");
    to |= bits;
}

std::vector<std::string_view> items_of(const field_rule& rule, std::string_view text) {
    auto items = split(text, ',');
    if (std::ranges::find(items, std::string_view()) != items.end())
        refuse_field(rule, quoted(text) + " has an empty place in its list");
    return items;
}

std::uint64_t simple_field(const field_rule& rule, std::string_view text) {
    std::uint64_t bits = 0;
    for (const auto item : items_of(rule, text))
        add(rule, bits, bits_of(rule, item), item);
    return bits;
}

// --- the fields with signs of their own ---

void read_days(cron_fields& f, std::string_view text) {
    f.any_day = is_any(text);
    for (const auto item : items_of(day_rule, text)) {
        if (!same_word(item, "L")) {
            add(day_rule, f.days, bits_of(day_rule, item), item);
            continue;
        }
        if (f.last_day)
            refuse_field(day_rule, quoted(item) + " is there twice");
        f.last_day = true;
    }
}

void read_nth_weekday(cron_fields& f, std::string_view text, std::size_t sign) {
    const auto nth = number(text.substr(sign + 1));
    if (!nth || *nth < 1 || *nth > 5)
        refuse_field(weekday_rule, quoted(text) + " must end with # and 1 to 5, alone in its field");
    f.weekdays = std::uint64_t{1} << value(weekday_rule, text.substr(0, sign)) % 7;
    f.nth_weekday = static_cast<unsigned>(*nth);
}

bool is_last_weekday(std::string_view item) {
    return item.size() > 1 && upper(item.back()) == 'L' && item.find_first_of("*?-/") == std::string_view::npos;
}

std::uint64_t last_weekday(std::string_view item) {
    const auto day = item.substr(0, item.size() - 1);
    if (day.size() == 2) // cron-parser reads the first digit alone
        not_allowed(weekday_rule, item);
    return std::uint64_t{1} << value(weekday_rule, day) % 7;
}

void read_weekdays(cron_fields& f, std::string_view text) {
    if (const auto sign = text.find('#'); sign != std::string_view::npos)
        return read_nth_weekday(f, text, sign);
    f.any_weekday = is_any(text);
    for (const auto item : items_of(weekday_rule, text)) {
        if (is_last_weekday(item))
            add(weekday_rule, f.last_weekdays, last_weekday(item), item);
        else
            add(weekday_rule, f.weekdays, bits_of(weekday_rule, item), item);
    }
}

// --- the whole ---

std::string fields_of_word(std::string_view word) {
    for (const auto& [known, fields] : words)
        if (same_word(word, known))
            return std::string(fields);
    if (same_word(word, "@every"))
        refuse_whole("'@every' is no time of a calendar; use `every`");
    refuse_whole(quoted(word) + " is not known; known are @yearly, @annually, @monthly, @weekly, @daily, @midnight, "
                                "@hourly, @minutely, @secondly, @weekdays and @weekends");
}

std::string joined(const std::vector<std::string_view>& fields) {
    std::string text;
    for (const auto each : fields)
        text.append(text.empty() ? "" : " ").append(each);
    return text;
}

std::string tidy(std::string_view text) {
    if (text.size() > max_cron_bytes)
        refuse_whole("it has " + std::to_string(text.size()) + " bytes; allowed are " + std::to_string(max_cron_bytes));
    const auto fields = words_of(text);
    if (!fields.empty() && fields[0].front() == '@') {
        if (fields.size() > 1 && !same_word(fields[0], "@every"))
            refuse_whole(quoted(fields[0]) + " stands alone");
        return fields_of_word(fields[0]);
    }
    if (fields.size() != 5 && fields.size() != 6)
        refuse_whole(
            quoted(text) + " has " + std::to_string(fields.size()) +
            " fields; expected 5 (minute, hour, day of month, month, day of week), or 6 with the second first");
    return joined(fields);
}

// A leap year has every date there is, but not every fifth weekday of February: that comes in another.
void refuse_what_never_comes(const cron_fields& f, std::string_view days) {
    constexpr std::chrono::year leap{2024};
    if (f.nth_weekday > 0)
        return;
    for (unsigned month = 1; month <= 12; ++month)
        if (f.months >> month & 1 && days_in(f, leap / static_cast<int>(month)) != 0)
            return;
    refuse_field(day_rule, quoted(days) + " is in none of the months that are named");
}

parsed_cron read(std::string_view given) {
    parsed_cron out{.text = tidy(given), .fields = {}};
    const auto fields = words_of(out.text);
    const auto* at = fields.data();
    auto& f = out.fields;
    f.seconds = simple_field(second_rule, fields.size() == 6 ? *at++ : "0");
    f.minutes = simple_field(minute_rule, at[0]);
    f.hours = simple_field(hour_rule, at[1]);
    read_days(f, at[2]);
    f.months = simple_field(month_rule, at[3]);
    read_weekdays(f, at[4]);
    refuse_what_never_comes(f, at[2]);
    std::ranges::transform(out.text, out.text.begin(), upper); // cron-parser does not read `l`
    return out;
}

} // namespace

boost::system::result<parsed_cron, cron_failure> read_cron(std::string_view text) {
    try {
        return read(text);
    } catch (const refusal& r) {
        return r.why;
    }
}

} // namespace infra::queue
