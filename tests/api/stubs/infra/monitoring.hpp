#pragma once

/// Metrics and traces.
///
///     infra::monitoring::increment("http_requests_total", {{"method", "GET"}, {"status", 200}});
///     infra::monitoring::gauge("queue_depth", jobs.size());
///     infra::monitoring::observe("charge_seconds", 0.150, {{"provider", "x"}});
///     infra::monitoring::span work("charge", {.attributes = {{"order", 17}}});

#include <infra/base.hpp>

namespace infra::monitoring {

/// One label: text, integer or bool. Not floating point, and no pointer.
/// A view into one call, as `infra::field` is.
class label {
public:
    template <text_like T>
    label(std::string_view name INFRA_STUB_LIFETIMEBOUND, const T& value INFRA_STUB_LIFETIMEBOUND)
        : name_(name), value_(std::string_view(value)) {}
    template <std::integral T>
    label(std::string_view name INFRA_STUB_LIFETIMEBOUND, T value) : name_(name) {
        if constexpr (std::same_as<T, bool>) {
            value_ = value ? "true" : "false";
        } else {
            const auto end = std::to_chars(digits_.data(), digits_.data() + digits_.size(), value).ptr;
            value_ = std::string_view(digits_.data(), static_cast<std::size_t>(end - digits_.data()));
        }
    }
    label(const label&) = delete;
    label& operator=(const label&) = delete;

    std::string_view name() const { return name_; }
    std::string_view value() const { return value_; }

private:
    std::string_view name_;
    std::string_view value_;
    std::array<char, 24> digits_{};
};

using label_map = std::map<std::string, std::string>;

/// The labels of one call: a braced list, or a map made elsewhere.
class labels {
public:
    labels() = default;
    labels(std::initializer_list<label> list INFRA_STUB_LIFETIMEBOUND) : list_(list.begin(), list.size()) {}
    labels(const label_map& kept INFRA_STUB_LIFETIMEBOUND) : kept_(&kept) {}

    label_map to_map() const {
        label_map made = kept_ ? *kept_ : label_map{};
        for (const auto& each : list_)
            made.insert_or_assign(std::string(each.name()), std::string(each.value()));
        return made;
    }

private:
    std::span<const label> list_{};
    const label_map* kept_ = nullptr;
};

enum class metric_type { counter, gauge, histogram };
BOOST_DESCRIBE_ENUM(metric_type, counter, gauge, histogram)

struct metric_value {
    std::string name{};
    metric_type type = metric_type::counter;
    double value = 0;
    label_map labels{};
    std::chrono::system_clock::time_point timestamp{};
};

struct exposition {
    std::string content_type{};
    std::string body{};
};

namespace detail {
using series_key = std::pair<std::string, label_map>;
inline std::map<series_key, metric_value>& series() {
    static std::map<series_key, metric_value> all;
    return all;
}
inline metric_value& find(std::string name, metric_type type, label_map with) {
    auto& found = series()[{name, with}];
    found.name = std::move(name);
    found.type = type;
    found.labels = std::move(with);
    return found;
}
} // namespace detail

// A number is a template parameter, so that `increment(name, {})` cannot mean "by zero", and so that
// `gauge(name, jobs.size())` converts here and not with a warning at the caller's.

template <number_like N>
void increment(std::string_view name, N by, labels with = {}) {
    detail::find(std::string(name), metric_type::counter, with.to_map()).value += static_cast<double>(by);
}
inline void increment(std::string_view name, labels with = {}) { increment(name, 1, with); }

template <number_like N>
void gauge(std::string_view name, N value, labels with = {}) {
    detail::find(std::string(name), metric_type::gauge, with.to_map()).value = static_cast<double>(value);
}

template <number_like N>
void observe(std::string_view name, N value, labels with = {}) {
    detail::find(std::string(name), metric_type::histogram, with.to_map()).value += static_cast<double>(value);
}

inline std::vector<metric_value> get_all_metrics() {
    std::vector<metric_value> all;
    for (const auto& [key, value] : detail::series())
        all.push_back(value);
    return all;
}

/// The text of /metrics in the form `accept` (the request's header) prefers.
inline exposition expose(std::string_view accept = {}) {
    exposition made{.content_type = accept.find("openmetrics") != accept.npos
                                        ? "application/openmetrics-text; version=1.0.0"
                                        : "text/plain; version=0.0.4"};
    for (const auto& each : get_all_metrics())
        made.body += each.name + " " + std::to_string(each.value) + "\n";
    return made;
}

// ---------------------------------------------------------------- bound handles: the series is found once

/// A class cannot share the name of the function `gauge`, so the handles are called after what they hold.
class counter_series {
public:
    explicit counter_series(std::string name, label_map with = {}) : name_(std::move(name)), with_(std::move(with)) {}
    template <number_like N = int>
    void increment(N by = 1) const {
        monitoring::increment(name_, by, with_);
    }

private:
    std::string name_;
    label_map with_;
};
class gauge_series {
public:
    explicit gauge_series(std::string name, label_map with = {}) : name_(std::move(name)), with_(std::move(with)) {}
    template <number_like N>
    void set(N value) const {
        monitoring::gauge(name_, value, with_);
    }

private:
    std::string name_;
    label_map with_;
};
struct histogram_options {
    std::vector<double> buckets{}; ///< upper bounds, rising; empty: the defaults for seconds
    std::string help{};
};
class histogram_series {
public:
    explicit histogram_series(std::string name, label_map with = {}, histogram_options = {})
        : name_(std::move(name)), with_(std::move(with)) {}
    template <number_like N>
    void observe(N value) const {
        monitoring::observe(name_, value, with_);
    }

private:
    std::string name_;
    label_map with_;
};

[[nodiscard]] inline counter_series bind_counter(std::string name, labels with = {}) {
    return counter_series(std::move(name), with.to_map());
}
[[nodiscard]] inline gauge_series bind_gauge(std::string name, labels with = {}) {
    return gauge_series(std::move(name), with.to_map());
}
[[nodiscard]] inline histogram_series bind_histogram(std::string name, labels with = {},
                                                     histogram_options options = {}) {
    return histogram_series(std::move(name), with.to_map(), std::move(options));
}

// ---------------------------------------------------------------- traces

enum class span_kind { internal, server, client, producer, consumer };

/// W3C's spelling: 32 and 16 hexadecimal digits.
using trace_id = std::string;
using span_id = std::string;

struct span_context {
    monitoring::trace_id trace_id{};
    monitoring::span_id span_id{};
    std::optional<monitoring::span_id> parent_span_id{};
    std::string name{};
    std::chrono::system_clock::time_point start_time{};
    std::optional<std::chrono::system_clock::time_point> end_time{};
    json::object attributes{};
};

struct span_options {
    span_kind kind = span_kind::internal;
    std::string traceparent{}; ///< set: the parent is elsewhere
    json::object attributes{};
};

namespace detail {
inline std::vector<span_context>& open() {
    static std::vector<span_context> all;
    return all;
}
} // namespace detail

inline std::optional<span_context> get_active_span() {
    if (detail::open().empty())
        return std::nullopt;
    return detail::open().back();
}
/// Starts a span below the active one and makes it active.
[[nodiscard]] inline span_context start_span(std::string name, span_options options = {}) {
    static std::uint64_t last = 0;
    const auto parent = get_active_span();
    span_context made{.trace_id = parent ? parent->trace_id : "0af7651916cd43dd8448eb211c80319c",
                      .span_id = "b7ad6b716920333" + std::to_string(++last % 10),
                      .parent_span_id = parent ? std::optional(parent->span_id) : std::nullopt,
                      .name = std::move(name),
                      .start_time = std::chrono::system_clock::now(),
                      .attributes = std::move(options.attributes)};
    detail::open().push_back(made);
    return made;
}
/// False if there is no such open span (it has ended already).
inline bool end_span(std::string_view id) {
    return std::erase_if(detail::open(), [&](const auto& each) { return each.span_id == id; }) != 0;
}
inline bool set_span_attributes(std::string_view id, infra::fields attributes) {
    for (auto& each : detail::open())
        if (each.span_id == id) {
            attributes.append_to(each.attributes);
            return true;
        }
    return false;
}

/// A span that ends with its scope.
class span {
public:
    [[nodiscard]] explicit span(std::string name, span_options options = {})
        : id_(start_span(std::move(name), std::move(options)).span_id) {}
    ~span() { end_span(id_); }
    span(const span&) = delete;
    span& operator=(const span&) = delete;

    const span_id& id() const { return id_; }
    void set(infra::fields attributes) { set_span_attributes(id_, attributes); }
    void fail(const std::exception& why) { set({{"error", why}}); }

private:
    span_id id_;
};

} // namespace infra::monitoring
