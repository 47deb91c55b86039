#include "kinds.hpp"

#include <infra/base/json.hpp>

namespace infra::queue::sqlite {
namespace {

/// job_options as JSON; milliseconds and seconds as numbers. What is absent is unset.
struct stored_options {
    int attempts = 1;
    int backoff = 0;
    std::int64_t backoff_delay = 0;
    std::optional<std::int64_t> backoff_max{};
    double backoff_jitter = 0;
    std::optional<std::int64_t> timeout{};
    std::optional<std::int64_t> ttl{};
    bool lifo = false;
    std::optional<std::uint64_t> keep_completed_count{};
    std::optional<std::int64_t> keep_completed_age{};
    std::optional<std::uint64_t> keep_failed_count{};
    std::optional<std::int64_t> keep_failed_age{};
};
BOOST_DESCRIBE_STRUCT(stored_options, (),
                      (attempts, backoff, backoff_delay, backoff_max, backoff_jitter, timeout, ttl, lifo,
                       keep_completed_count, keep_completed_age, keep_failed_count, keep_failed_age))

constexpr auto no_limit = std::chrono::milliseconds::max();

template <class Duration>
std::optional<std::int64_t> ticks(const std::optional<Duration>& d) {
    return d ? std::optional<std::int64_t>(d->count()) : std::nullopt;
}

template <class Duration>
std::optional<Duration> duration(const std::optional<std::int64_t>& ticks) {
    return ticks ? std::optional(Duration(*ticks)) : std::nullopt;
}

bool same(const job_options& a, job_options b) {
    b.priority = a.priority;
    return a == b;
}

job_options without_priority(job_options options) {
    options.priority = 0;
    return options;
}

} // namespace

std::string to_text(const job_options& o) {
    return json::to_text(stored_options{
        .attempts = o.attempts,
        .backoff = static_cast<int>(o.backoff.type),
        .backoff_delay = o.backoff.delay.count(),
        .backoff_max = o.backoff.max == no_limit ? std::nullopt : std::optional<std::int64_t>(o.backoff.max.count()),
        .backoff_jitter = o.backoff.jitter,
        .timeout = ticks(o.timeout),
        .ttl = ticks(o.ttl),
        .lifo = o.lifo,
        .keep_completed_count = o.keep_completed.count,
        .keep_completed_age = ticks(o.keep_completed.age),
        .keep_failed_count = o.keep_failed.count,
        .keep_failed_age = ticks(o.keep_failed.age)});
}

job_options read_options(std::string_view text, const database& db) {
    const auto read = json::parse<stored_options>(text);
    if (!read)
        throw error(errc::corrupt, "the queue's file " + db.file().string() +
                                       " holds a job whose options cannot be read: " + to_string(read.error()));
    using std::chrono::milliseconds, std::chrono::seconds;
    return {.attempts = read->attempts,
            .backoff = {.type = static_cast<backoff::kind>(read->backoff),
                        .delay = milliseconds(read->backoff_delay),
                        .max = duration<milliseconds>(read->backoff_max).value_or(no_limit),
                        .jitter = read->backoff_jitter},
            .timeout = duration<milliseconds>(read->timeout),
            .lifo = read->lifo,
            .ttl = duration<milliseconds>(read->ttl),
            .keep_completed = {.count = read->keep_completed_count, .age = duration<seconds>(read->keep_completed_age)},
            .keep_failed = {.count = read->keep_failed_count, .age = duration<seconds>(read->keep_failed_age)}};
}

const kind& kind_table::get(database& db, const std::string& name, const job_options& options) {
    if (last_ && last_->name == name && same(last_->options, options))
        return *last_;
    if (const auto* known = find(name, options))
        return *(last_ = known);
    if (const auto* stored = find_stored(db, name, options))
        return *(last_ = stored);
    unstored_ = {.name = name, .options = without_priority(options)};
    return unstored_;
}

const kind* kind_table::find(const std::string& name, const job_options& options) const {
    const auto [begin, end] = by_name_.equal_range(name);
    for (auto it = begin; it != end; ++it)
        if (same(it->second->options, options))
            return it->second.get();
    return nullptr;
}

const kind* kind_table::find_stored(database& db, const std::string& name, const job_options& options) {
    if (by_id_.size() >= most_kinds)
        return nullptr;
    const auto text = to_text(options);
    query(db, "INSERT INTO infra_kinds (name, options) SELECT ?1, ?2 WHERE (SELECT count(*) FROM infra_kinds) < ?3 "
              "ON CONFLICT DO NOTHING")
        .bind(name, text, most_kinds)
        .run();
    query q(db, "SELECT id FROM infra_kinds WHERE name = ?1 AND options = ?2");
    if (!q.bind(name, text).step())
        return nullptr;
    return &remember({.id = q.integer(0), .name = name, .options = without_priority(options)});
}

const kind& kind_table::read(database& db, const query& row, int number, int name, int options) {
    if (!row.is_null(number))
        return load(db, row.integer(number));
    unstored_ = {.name = row.text(name), .options = read_options(row.view(options), db)};
    return unstored_;
}

const kind& kind_table::load(database& db, std::int64_t id) {
    if (last_ && last_->id == id)
        return *last_;
    if (const auto found = by_id_.find(id); found != by_id_.end())
        return *(last_ = found->second.get());
    query q(db, "SELECT name, options FROM infra_kinds WHERE id = ?1");
    if (!q.bind(id).step())
        throw error(errc::corrupt,
                    "the queue's file " + db.file().string() + " holds a job of a kind it does not have");
    return *(last_ = &remember({.id = id, .name = q.text(0), .options = read_options(q.view(1), db)}));
}

const kind& kind_table::remember(kind made) {
    const auto kept = std::make_shared<const kind>(std::move(made));
    by_id_.emplace(kept->id, kept);
    by_name_.emplace(kept->name, kept);
    return *kept;
}

void kind_table::forget() noexcept {
    by_id_.clear();
    by_name_.clear();
    last_ = nullptr;
}

} // namespace infra::queue::sqlite
