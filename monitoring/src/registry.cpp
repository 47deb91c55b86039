#include "registry.hpp"

#include <infra/base/telemetry.hpp>

#include <boost/describe/enum_to_string.hpp>

#include <algorithm>
#include <bit>
#include <chrono>
#include <cmath>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <thread>

namespace infra::monitoring::detail {
namespace {

double load(const cell& c) noexcept { return std::bit_cast<double>(c.load(std::memory_order_relaxed)); }

// Only the owner of a copy writes it, so nothing is lost between the load and the store.
void plus(cell& c, double amount) noexcept {
    c.store(std::bit_cast<std::uint64_t>(load(c) + amount), std::memory_order_relaxed);
}
void plus_one(cell& c) noexcept { c.store(c.load(std::memory_order_relaxed) + 1, std::memory_order_relaxed); }

// A histogram's copy: a version, a request, its answer, a sum and the buckets, then a sum and buckets as last handed out.
constexpr std::size_t version_at = 0, asked_at = 1, answered_at = 2, sum_at = 3, buckets_at = 4;

constexpr std::size_t values_in(std::size_t copy_size) noexcept { return (copy_size - sum_at) / 2; } // sum and buckets

// Sum and buckets that stand at `values`, in the order in which they are stored.
histogram_value read_values(std::span<const cell> values) {
    histogram_value read{.sum = load(values[0])};
    for (const auto& bucket : values.subspan(1))
        read.buckets.push_back(bucket.load(std::memory_order_relaxed));
    return read;
}

// Empty if the owner was inside record() meanwhile, when the version is odd or has moved on.
std::optional<histogram_value> read_if_quiet(std::span<const cell> copy) {
    const auto before = copy[version_at].load(std::memory_order_acquire);
    if (before % 2 != 0)
        return std::nullopt;
    auto read = read_values(copy.subspan(sum_at, values_in(copy.size())));
    std::atomic_thread_fence(std::memory_order_acquire);
    return copy[version_at].load(std::memory_order_relaxed) == before ? std::optional(std::move(read)) : std::nullopt;
}

// One thread's part of a histogram, sum and buckets of the same moment. An owner that is quiet is simply read. One that
// never is gets asked, and answers with a copy when it leaves record(): so one of the two always succeeds. The owner may
// have been interrupted inside, hence the yielding; if it does not come back for 100 ms, what is there is taken.
histogram_value read_copy(std::span<const cell> copy) {
    static std::mutex one_reader; // an answer stands until the next request
    const std::scoped_lock lock(one_reader);
    if (auto read = read_if_quiet(copy))
        return *std::move(read);
    const auto values = values_in(copy.size());
    auto& asked = const_cast<cell&>(copy[asked_at]);
    const auto request = asked.fetch_add(1, std::memory_order_acq_rel) + 1;
    const auto patience = std::chrono::steady_clock::now() + std::chrono::milliseconds(100);
    do {
        if (copy[answered_at].load(std::memory_order_acquire) == request)
            return read_values(copy.subspan(sum_at + values, values));
        if (auto read = read_if_quiet(copy))
            return *std::move(read);
        std::this_thread::yield();
    } while (std::chrono::steady_clock::now() < patience);
    return read_values(copy.subspan(sum_at, values));
}

[[gnu::noinline]] void answer(cell* own, std::size_t values, std::uint64_t request) noexcept {
    for (std::size_t i = 0; i < values; ++i)
        own[sum_at + values + i].store(own[sum_at + i].load(std::memory_order_relaxed), std::memory_order_relaxed);
    own[answered_at].store(request, std::memory_order_release);
}

void add_copy(histogram_value& to, std::span<const cell> copy) {
    const auto read = read_copy(copy);
    to.sum += read.sum;
    for (std::size_t i = 0; i < read.buckets.size(); ++i) {
        to.buckets[i] += read.buckets[i];
        to.count += read.buckets[i];
    }
}

histogram_value minus(histogram_value now, const histogram_value& before) {
    if (before.buckets.empty())
        return now;
    now.count -= before.count;
    now.sum = now.count == 0 ? 0 : now.sum - before.sum;
    for (std::size_t i = 0; i < now.buckets.size(); ++i)
        now.buckets[i] -= before.buckets[i];
    return now;
}

std::uint32_t cells_for(const family_info& f) noexcept {
    switch (f.type) {
    case metric_type::counter: return 1;
    case metric_type::gauge: return 0;
    case metric_type::histogram: return static_cast<std::uint32_t>(sum_at + 2 * (f.bounds.size() + 2));
    }
    return 0;
}

std::string_view name_of(metric_type t) noexcept { return boost::describe::enum_to_string(t, "metric"); }

const label_set& overflow_labels() {
    static constexpr infra::label overflow[] = {{"overflow", "true"}};
    static const label_set one{std::span(overflow)};
    return one;
}

bool are_buckets(std::span<const double> bounds) noexcept {
    return bounds.size() <= 200 && std::ranges::all_of(bounds, [](double b) { return std::isfinite(b); }) &&
           std::ranges::adjacent_find(bounds, std::greater_equal<>()) == bounds.end();
}

} // namespace

// --- what handles do ---

void add(const series& s, double amount) noexcept {
    if (!(amount >= 0) || !std::isfinite(amount))
        return;
    if (auto* own = s.cells->mine())
        plus(*own, amount);
}

void set(const series& s, double value) noexcept { s.level.store(value, std::memory_order_relaxed); }

void change(const series& s, double by) noexcept { s.level.fetch_add(by, std::memory_order_relaxed); }

void record(const series& s, double value) noexcept {
    if (std::isnan(value))
        return;
    auto* own = s.cells->mine();
    if (!own)
        return;
    const auto& bounds = s.of->bounds;
    const auto bucket = static_cast<std::size_t>(std::ranges::lower_bound(bounds, value) - bounds.begin());
    plus_one(own[version_at]);
    std::atomic_thread_fence(std::memory_order_release);
    plus(own[sum_at], value);
    plus_one(own[buckets_at + bucket]);
    own[version_at].store(own[version_at].load(std::memory_order_relaxed) + 1, std::memory_order_release);
    const auto request = own[asked_at].load(std::memory_order_acquire);
    if (request != own[answered_at].load(std::memory_order_relaxed))
        answer(own, bounds.size() + 2, request);
}

// --- series ---

series::series(std::shared_ptr<const family_info> f, const label_set& l)
    : of(std::move(f)), text(l.text()), labels(l.map()) {
    if (const auto count = cells_for(*of)) {
        auto range = cell_range::allocate(count);
        if (!range)
            throw std::length_error("all 8 million cells for metrics are taken");
        cells.emplace(std::move(*range));
    }
}

double series::total(const cell_reader& reader) const {
    double sum = 0;
    reader.for_each_copy(*cells, [&sum](std::span<const cell> copy) { sum += load(copy[0]); });
    return sum - total_before;
}

histogram_value series::distribution(const cell_reader& reader) const {
    histogram_value all{.bounds = of->bounds, .buckets = std::vector<std::uint64_t>(of->bounds.size() + 1)};
    reader.for_each_copy(*cells, [&all](std::span<const cell> copy) { add_copy(all, copy); });
    return minus(std::move(all), distribution_before);
}

// --- the registry ---

series_key::series_key(metric_type type, std::string_view name, const label_set& with) {
    const auto put = [this](std::string_view text) {
        bytes_.insert(bytes_.end(), text.begin(), text.end());
        bytes_.push_back('\xFF'); // in no name, and in no value that is UTF-8
    };
    bytes_.push_back(static_cast<char>('0' + static_cast<int>(type)));
    put(name);
    for (const auto& [label_name, value] : with.items()) {
        put(label_name);
        const auto size = value.size(); // a value may hold any byte, so its length tells where it ends
        put(std::string_view(reinterpret_cast<const char*>(&size), sizeof size));
        put(value);
    }
    text_ = {bytes_.data(), bytes_.size()};
}

std::size_t registry::key_hash::operator()(std::string_view s) const noexcept {
    return std::hash<std::string_view>()(s);
}

registry::registry(metrics_options options) : options_(options) {
    if (options_.max_series_per_metric == 0)
        throw std::invalid_argument("monitoring::metrics_options::max_series_per_metric must be at least 1");
    if (!options_.time)
        throw std::invalid_argument("monitoring::metrics_options::time must not be null");
}

found registry::find(metric_type type, std::string_view name, const label_set& with, std::span<const double> buckets) {
    found result;
    {
        const series_key key(type, name, with);
        const std::shared_lock lock(mutex_);
        if (const auto at = by_key_.find(key.view()); at != by_key_.end())
            return {.it = at->second, .problem = {}};
        // A label bomb: every call asks for a series that is not to be. It need not wait for the exclusive lock.
        if (const auto at = families_.find(name);
            at != families_.end() && at->second.full && at->second.info->type == type)
            return {.it = at->second.overflow, .problem = {}};
    }
    const std::unique_lock lock(mutex_);
    return make(type, name, with, buckets);
}

found registry::make(metric_type type, std::string_view name, const label_set& with, std::span<const double> buckets) {
    const series_key key(type, name, with);
    if (const auto at = by_key_.find(key.view()); at != by_key_.end()) // somebody was faster
        return {.it = at->second, .problem = {}};
    const auto refuse = [name](std::string sentence) {
        return found{.it = {}, .problem = complaint{std::string(name), std::move(sentence)}};
    };
    if (!is_metric_name(name))
        return refuse("is not a metric name: [a-zA-Z_:][a-zA-Z0-9_:]*, at most 200 bytes");
    if (const auto problem = with.problem(); !problem.empty())
        return refuse(std::string(problem));
    std::string problem;
    auto* const f = family_for(type, name, buckets, problem);
    if (!f)
        return refuse(std::move(problem));
    if (f->all.size() < options_.max_series_per_metric)
        return {.it = add_series(*f, with, std::string(key.view())), .problem = {}};
    const bool first = !std::exchange(f->full, true);
    auto overflow = overflow_of(*f);
    if (!first)
        return {.it = std::move(overflow), .problem = {}};
    return {.it = std::move(overflow),
            .problem =
                complaint{std::string(name), "has " + std::to_string(options_.max_series_per_metric) +
                                                 " series (metrics_options::max_series_per_metric); further label "
                                                 "sets are counted together under overflow=\"true\""}};
}

family* registry::family_for(metric_type type, std::string_view name, std::span<const double> buckets,
                             std::string& problem) {
    if (const auto at = families_.find(name); at != families_.end()) {
        if (at->second.info->type == type)
            return &at->second;
        problem = "is a " + std::string(name_of(at->second.info->type)) + " and cannot be used as a " +
                  std::string(name_of(type));
        return nullptr;
    }
    auto info = std::make_shared<family_info>(family_info{std::string(name), type, exposed_as(name, type), {}});
    const auto names = occupied_names(info->exposed.name, type);
    for (const auto& each : names)
        if (const auto at = occupied_.find(each); at != occupied_.end()) {
            problem = "would be exposed as " + info->exposed.name + ", which clashes with the metric " + at->second;
            return nullptr;
        }
    if (type == metric_type::histogram) {
        const auto bounds = buckets.empty() ? default_buckets(name) : buckets;
        if (!are_buckets(bounds)) {
            problem = "has buckets that are not finite, rising and at most 200";
            return nullptr;
        }
        info->bounds.assign(bounds.begin(), bounds.end());
    }
    for (const auto& each : names)
        occupied_.emplace(each, name);
    return &families_.emplace(name, family(std::move(info))).first->second;
}

registry::shared registry::add_series(family& f, const label_set& with, std::string key) {
    auto made = std::make_shared<series>(f.info, with);
    by_key_.emplace(std::move(key), made);
    return f.all.emplace(made->text, std::move(made)).first->second;
}

registry::shared registry::overflow_of(family& f) {
    if (!f.overflow) {
        const series_key key(f.info->type, f.info->name, overflow_labels());
        f.overflow = add_series(f, overflow_labels(), std::string(key.view()));
    }
    return f.overflow;
}

void registry::describe(std::string_view name, std::string_view help) {
    const std::unique_lock lock(mutex_);
    help_.insert_or_assign(std::string(name), std::string(help));
}

void registry::keep(std::shared_ptr<const series> s) {
    const std::unique_lock lock(mutex_);
    kept_.push_back(std::move(s));
}

void registry::clear() {
    const std::unique_lock no_reader(baselines_);
    const std::unique_lock lock(mutex_);
    const cell_reader reader;
    by_key_.clear(); // holds references, which would look like handles
    for (auto f = families_.begin(); f != families_.end();) {
        forget_idle(f->second);
        for (const auto& [text, held] : f->second.all)
            start_again(*held, reader);
        find_again(f->second);
        if (f->second.all.empty()) {
            std::erase_if(occupied_, [&](const auto& each) { return each.second == f->first; });
            f = families_.erase(f);
        } else {
            ++f;
        }
    }
}

void registry::forget_idle(family& f) {
    f.overflow.reset();
    f.full = false;
    std::erase_if(f.all, [](const auto& each) { return each.second.use_count() == 1; });
}

// Other threads may be counting, so their cells cannot be set to zero; what is there is subtracted from now on.
void registry::start_again(series& s, const cell_reader& reader) {
    s.level.store(0, std::memory_order_relaxed);
    if (s.of->type == metric_type::counter)
        s.total_before += s.total(reader);
    if (s.of->type == metric_type::histogram) {
        s.distribution_before = {};
        s.distribution_before = s.distribution(reader);
    }
}

void registry::find_again(family& f) {
    for (const auto& [text, held] : f.all) {
        std::vector<infra::label> views;
        for (const auto& [name, value] : held->labels)
            views.push_back({name, value});
        const label_set with{std::span<const infra::label>(views)};
        by_key_.emplace(series_key(f.info->type, f.info->name, with).view(), held);
        if (text == overflow_labels().text())
            f.overflow = held;
    }
}

// --- reading ---

std::optional<double> registry::value_of(metric_type type, std::string_view name, const label_set& with) const {
    const std::shared_lock stable(baselines_);
    const cell_reader reader;
    std::optional<double> value;
    use_existing(type, name, with, [&](const series& s) {
        value = type == metric_type::counter ? s.total(reader) : s.level.load(std::memory_order_relaxed);
    });
    return value;
}

std::optional<histogram_value> registry::distribution_of(std::string_view name, const label_set& with) const {
    const std::shared_lock stable(baselines_);
    const cell_reader reader;
    std::optional<histogram_value> value;
    use_existing(metric_type::histogram, name, with, [&](const series& s) { value = s.distribution(reader); });
    return value;
}

// Only the list is made under the lock that the first use of a series needs.
std::vector<registry::listed_family> registry::list() const {
    std::vector<listed_family> out;
    const std::shared_lock lock(mutex_);
    out.reserve(families_.size());
    for (const auto& [name, f] : families_) {
        const auto help = help_.find(name);
        auto& listed = out.emplace_back(f.info, help == help_.end() ? default_help(name) : help->second);
        listed.series.reserve(f.all.size());
        for (const auto& [text, each] : f.all)
            listed.series.push_back(each);
    }
    return out;
}

std::vector<metric_value> registry::values() const {
    const std::shared_lock stable(baselines_);
    const auto families = list();
    const cell_reader reader;
    const auto now = options_.time->wall();
    std::vector<metric_value> out;
    for (const auto& [info, help, all] : families)
        for (const auto& s : all) {
            double value = s->level.load(std::memory_order_relaxed);
            if (info->type == metric_type::counter)
                value = s->total(reader);
            if (info->type == metric_type::histogram) {
                const auto d = s->distribution(reader);
                value = d.count == 0 ? 0 : d.sum / static_cast<double>(d.count);
            }
            out.push_back({info->name, info->type, value, s->labels, now});
        }
    return out;
}

std::vector<family_snapshot> registry::snapshot() const {
    const std::shared_lock stable(baselines_);
    const auto families = list();
    const cell_reader reader;
    std::vector<family_snapshot> out;
    for (const auto& [info, help, all] : families) {
        auto& f = out.emplace_back(info->exposed, info->type, help);
        f.samples.reserve(all.size());
        for (const auto& s : all) {
            auto& written = f.samples.emplace_back(s->text);
            if (info->type == metric_type::histogram)
                written.distribution = s->distribution(reader);
            else
                written.value =
                    info->type == metric_type::counter ? s->total(reader) : s->level.load(std::memory_order_relaxed);
        }
    }
    return out;
}

// --- saying what went wrong ---

void registry::reject(std::string_view name, std::string_view sentence) noexcept {
    try {
        const label_set none{labels()};
        if (auto counter = find(metric_type::counter, "metrics_rejected_total", none).it)
            add(*counter, 1);
        {
            constexpr std::size_t most = 1000;
            const std::unique_lock lock(mutex_);
            if (complained_.size() >= most || !complained_.emplace(name).second)
                return;
        }
        report({std::string(name), std::string(sentence)});
    } catch (...) { // no memory to complain with
    }
}

void registry::reject_amount(std::string_view name) noexcept {
    reject(name,
           "was given a number it cannot take: a counter takes no negative or infinite amount, a histogram no NaN");
}

void registry::report(const complaint& c) {
    telemetry::log(level::warn, "monitoring", "a metric " + c.sentence, {{"metric", c.metric}});
}

} // namespace infra::monitoring::detail
