#include "learned.hpp"

#include "text.hpp"

#include <infra/base/http_date.hpp>

#include <algorithm>

namespace infra::storage::s3 {
namespace {

using namespace std::chrono_literals;

constexpr telemetry::instrument fallbacks{
    .kind = telemetry::instrument_kind::counter,
    .name = "storage_s3_fallbacks_total",
    .help = "What an S3 store turned out not to do, and is done in another way from then on."};

void count(std::string_view what) { telemetry::series(fallbacks, {{"what", what}}).add(); }

bool is_any(std::string_view code, std::initializer_list<std::string_view> of) {
    return std::ranges::find(of, code) != of.end();
}

bool tells_of_region(const answer& a, const complaint& c) {
    return a.status == 301 || a.status == 307 || (a.status == 400 && c.code.empty()) ||
           is_any(c.code, {"AuthorizationHeaderMalformed", "PermanentRedirect", "TemporaryRedirect",
                           "AuthorizationQueryParametersError", "IllegalLocationConstraintException"});
}

// Of a HEAD that was refused there is only the date.
bool tells_of_clock(const answer& a, const complaint& c) {
    return is_any(c.code, {"RequestTimeTooSkewed", "RequestExpired"}) ||
           (c.code.empty() && (a.status == 403 || a.status == 400));
}

bool refuses_sums(const answer& a, const complaint& c, const manner& how) {
    const auto says = [&](std::string_view word) { return mentions(a.body, word); };
    if (!how.tells_sums || is_any(c.code, {"BadDigest", "XAmzContentChecksumMismatch", "InvalidDigest"}))
        return false;
    if (how.conditional && (says("If-None-Match") || says("If-Match")))
        return false;
    return a.status == 501 || (a.status == 400 && (says("checksum") || c.code == "MalformedXML"));
}

bool refuses_list(const answer& a, const manner& how) {
    return how.lists && (a.status == 501 || (a.status == 400 && mentions(a.body, "list-type")));
}

} // namespace

lesson lesson_of(const answer& a, const complaint& c, const manner& how) {
    if (!c.region.empty() && c.region != how.region && tells_of_region(a, c))
        return lesson::region;
    if (tells_of_clock(a, c) && offset_in(a, c, how.at))
        return lesson::clock;
    if (is_any(c.code, {"ExpiredToken", "TokenRefreshRequired"}))
        return lesson::keys;
    if (refuses_sums(a, c, how))
        return lesson::sums;
    if (refuses_list(a, how))
        return lesson::list;
    if (how.removes_many && (a.status == 501 || a.status == 405))
        return lesson::removes;
    return lesson::none;
}

std::optional<std::chrono::nanoseconds> offset_in(const answer& a, const complaint& c, wall_time at) {
    auto there = parse_time(c.server_time);
    if (!there)
        there = parse_http_date(a.headers.get("date").value_or(""));
    if (!there)
        return std::nullopt;
    const auto offset = saturating_sub(*there, at);
    return offset > 5min || offset < -5min ? std::optional(offset) : std::nullopt;
}

sum_plan plan_of(checksums wanted, sums known) noexcept {
    switch (wanted) {
    case checksums::none: return {};
    case checksums::by_header: return {.header = true};
    case checksums::by_md5: return {.metadata = true, .md5 = true};
    case checksums::automatic: break;
    }
    // The first put says it in both ways, since a store that takes no notice of the header says so only by its answer.
    return {.header = known != sums::not_kept, .metadata = known != sums::kept, .md5 = known != sums::kept};
}

// What AWS does is known, and need not be tried.
learned::learned(const s3_options& o) : region_(o.region) {
    if (!o.endpoint.empty())
        return;
    sums_ = sums::kept;
    whole_sums_ = true;
    puts_ = conditions::honoured;
}

std::string learned::region() const {
    const std::scoped_lock lock(mutex_);
    return region_;
}

std::chrono::nanoseconds learned::offset() const {
    const std::scoped_lock lock(mutex_);
    return offset_;
}

bool learned::take(lesson what, const answer& a, const complaint& c, const manner& how) {
    switch (what) {
    case lesson::none: return false;
    case lesson::region: return take_region(c.region);
    case lesson::clock: return take_offset(how.offset + offset_in(a, c, how.at).value_or(0ns));
    case lesson::keys: return true;
    case lesson::sums:
        if (sums_.exchange(sums::not_kept) != sums::not_kept)
            count("checksum_header");
        return true;
    case lesson::list: return fall_back(lists_v1_, "list_v2");
    case lesson::removes: return fall_back(removes_singly_, "remove_many");
    }
    return false;
}

bool learned::take_region(const std::string& told) {
    const std::scoped_lock lock(mutex_);
    region_ = told;
    return true;
}

bool learned::take_offset(std::chrono::nanoseconds told) {
    const std::scoped_lock lock(mutex_);
    offset_ = told;
    return true;
}

bool learned::fall_back(std::atomic<bool>& flag, std::string_view what) {
    if (!flag.exchange(true))
        count(what);
    return true;
}

void learned::saw_sum(bool kept) {
    auto before = sums::unknown;
    if (sums_.compare_exchange_strong(before, kept ? sums::kept : sums::not_kept) && !kept)
        count("checksum_header");
}

void learned::saw_condition(write of, conditions what) {
    auto before = conditions::unknown;
    auto& known = of == write::put ? puts_ : copies_;
    if (known.compare_exchange_strong(before, what) && what == conditions::ignored)
        count(of == write::put ? "conditional_put" : "conditional_copy");
}

std::vector<std::string> learned::quirks() const {
    std::vector<std::string> found;
    const auto note = [&found](bool there, const char* words) {
        if (there)
            found.emplace_back(words);
    };
    note(sums_ == sums::not_kept, "keeps no checksums");
    note(puts_ == conditions::ignored, "ignores conditions of puts");
    note(copies_ == conditions::ignored, "ignores conditions of copies");
    note(lists_v1_, "lists by version 1");
    note(removes_singly_, "removes one by one");
    return found;
}

} // namespace infra::storage::s3
