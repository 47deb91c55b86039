#include "words.hpp"

#include "../support.hpp"

#include <sstream>

namespace infra::queue::tests {
namespace {

// `name value`, where there is one.
class sentence {
public:
    template <class T>
    sentence& say(const char* name, const T& value) {
        if constexpr (requires { value.has_value(); }) {
            if constexpr (requires { *value + 1u; }) // also where it is 0
                value ? void(text_ << name << ' ' << *value << "; ") : void();
            else if (value)
                say(name, *value);
        } else if constexpr (std::is_same_v<T, wall_time>) {
            text_ << name << ' ' << words_of(value) << "; ";
        } else if constexpr (requires { value.count(); }) {
            text_ << name << ' ' << std::chrono::duration_cast<std::chrono::milliseconds>(value).count() << " ms; ";
        } else if constexpr (std::is_convertible_v<T, std::string_view>) {
            if (const std::string_view all(value); all.size() > 200) // a payload; the rest of it as a number
                text_ << name << ' ' << all.substr(0, 40) << "… (" << all.size() << " bytes, "
                      << std::hash<std::string_view>()(all) << "); ";
            else if (!all.empty())
                text_ << name << ' ' << all << "; ";
        } else {
            if (value != T{})
                text_ << name << ' ' << +value << "; ";
        }
        return *this;
    }
    std::string text() const { return text_.str(); }

private:
    std::ostringstream text_;
};

std::string words_of(const keep& kept) { return sentence().say("count", kept.count).say("age", kept.age).text() + "}"; }

std::string words_of(const deduplication& by) {
    return sentence()
        .say("id", by.id)
        .say("ttl", by.ttl)
        .say("extend", by.extend)
        .say("replace", by.replace)
        .say("keep_last", by.keep_last_if_active)
        .text();
}

// A reason that names another job.
std::string said(const std::string& text, const called& name) {
    constexpr std::string_view before = "child ", after = " failed";
    const auto colon = text.find(':');
    if (!text.starts_with(before) || !text.ends_with(after) || colon == text.npos)
        return text;
    return text.substr(0, colon + 1) + name(text.substr(colon + 1, text.size() - after.size() - colon - 1)) + " failed";
}

std::string words_of(const children_counts& n) {
    return sentence().say("pending", n.pending).say("completed", n.completed).say("failed", n.failed).text();
}

std::string words_of(const group_limits& of_each) {
    return sentence()
        .say("concurrency", of_each.concurrency)
        .say("rate", of_each.rate.max)
        .say("in", of_each.rate.duration)
        .text();
}

} // namespace

std::string words_of(wall_time t) {
    return std::to_string(std::chrono::duration_cast<std::chrono::milliseconds>(t - t0).count());
}

std::string words_of(const job_options& o) {
    return sentence()
        .say("attempts", o.attempts)
        .say("backoff", static_cast<int>(o.backoff.type))
        .say("of", o.backoff.delay)
        .say("timeout", o.timeout)
        .say("priority", o.priority)
        .say("lifo", o.lifo)
        .say("ttl", o.ttl)
        .say("keep_completed {", words_of(o.keep_completed))
        .say("keep_failed {", words_of(o.keep_failed))
        .text();
}

std::string words_of(const schedule& when) {
    return sentence().say("pattern", when.pattern).say("every", when.every).say("limit", when.limit).text();
}

std::string words_of(const job_info& job, const called& name) {
    sentence s;
    s.say("job", job.queue + "/" + name(job.id))
        .say("is", to_string(job.state))
        .say("name", job.name)
        .say("data", job.data)
        .say("result", job.result)
        .say("reason", said(job.failed_reason, name))
        .say("attempts", job.attempts_made)
        .say("stalls", job.stalls)
        .say("created", job.created_at)
        .say("run_at", job.run_at)
        .say("started", job.started_at)
        .say("finished", job.finished_at)
        .say("expires", job.expires_at)
        .say("options", words_of(job.options))
        .say("deduplication", job.deduplication_id)
        .say("progress", job.progress)
        .say("cancel_requested", job.cancel_requested)
        .say("worker", job.worker)
        .say("group", job.group)
        .say("parent", job.parent ? job.parent->queue + "/" + name(job.parent->id) : "")
        .say("children", words_of(job.children));
    for (const auto& each : job.errors)
        s.say("error", std::to_string(each.attempt) + " at " + words_of(each.at) + " " + said(each.reason, name));
    return s.text();
}

std::string words_of(const child_info& child, const called& name) {
    return sentence()
        .say("child", child.job.queue + "/" + name(child.job.id))
        .say("is", to_string(child.state))
        .say("result", child.result)
        .say("reason", said(child.failed_reason, name))
        .say("on_failure", to_string(child.on_failure))
        .text();
}

std::string words_of(const claimed_job& job, const called& name) {
    return sentence()
        .say("takes", job.held.job.queue + "/" + name(job.held.job.id))
        .say("name", job.name)
        .say("data", job.data)
        .say("options", words_of(job.options))
        .say("carrier", job.carrier)
        .say("attempts", job.attempts_made)
        .say("stalls", job.stalls)
        .say("waiting since", job.waiting_since)
        .text();
}

std::string words_of(const added_job& job, const called& name) {
    static constexpr std::string_view how[] = {"created", "existed", "deduplicated", "replaced", "left out"};
    return sentence().say("added", name(job.id)).say("how", how[static_cast<std::size_t>(job.how)]).text();
}

std::string words_of(const job_event& event, const called& name) {
    return sentence()
        .say("event", to_string(event.what))
        .say("of", event.queue)
        .say("job", event.id.empty() ? "" : name(event.id))
        .say("at", event.at)
        .say("data", said(event.data, name))
        .text();
}

std::string words_of(const schedule_info& s) {
    return sentence()
        .say("schedule", s.queue + "/" + s.id)
        .say("when", words_of(s.when))
        .say("name", s.name)
        .say("data", s.data)
        .say("options", words_of(s.options))
        .say("runs", s.runs)
        .say("next", s.next)
        .say("last", s.last)
        .say("defined_at", s.defined_at)
        .say("paused_since", s.paused_since)
        .say("pending", s.pending ? to_string(*s.pending) : "")
        .text();
}

std::string words_of(const queue_counts& c) {
    return sentence()
        .say("counts", c.queue)
        .say("waiting", c.waiting)
        .say("delayed", c.delayed)
        .say("active", c.active)
        .say("completed", c.completed)
        .say("failed", c.failed)
        .say("waiting_children", c.waiting_children)
        .say("groups", c.groups)
        .say("paused", c.paused ? "yes" : "")
        .text();
}

std::string words_of(const queue_settings& s) {
    return sentence()
        .say("settings", s.queue)
        .say("paused", s.paused)
        .say("concurrency", s.concurrency)
        .say("rate", s.rate.max)
        .say("in", s.rate.duration)
        .say("max_length", s.max_length)
        .say("each group", words_of(s.per_group))
        .text();
}

std::string words_of(const minute_counts& m) {
    return sentence().say("minute", m.minute).say("completed", m.completed).say("failed", m.failed).text();
}

std::string words_of(const log_line& line) { return sentence().say("line", line.text).say("at", line.at).text(); }

std::string words_of(const new_job& job) {
    return sentence()
        .say("job", job.queue + "/" + job.id)
        .say("name", job.name)
        .say("data", job.data)
        .say("options", words_of(job.options))
        .say("run_at", job.run_at)
        .say("expires", job.expires_at)
        .say("deduplicate", job.deduplicate ? words_of(*job.deduplicate) : "")
        .say("group", job.group)
        .say("child of", job.parent ? job.parent->parent.id + "#" + std::to_string(job.parent->place) : "")
        .say("on_failure", job.parent ? to_string(job.parent->on_failure) : "")
        .text();
}

std::string words_of(const job_filter& filter) {
    sentence s;
    s.say("queue", filter.queue).say("name", filter.name).say("data", filter.data_contains);
    s.say("reason", filter.reason_contains).say("created_before", filter.created_before);
    s.say("finished_before", filter.finished_before).say("group", filter.group);
    for (const auto each : filter.states)
        s.say("state", to_string(each));
    return s.text();
}

std::string first_difference(std::string_view subject, std::string_view model) {
    const auto line_of = [](std::string_view& rest) {
        const auto line = rest.substr(0, rest.find('\n'));
        rest.remove_prefix(std::min(rest.size(), line.size() + 1));
        return line;
    };
    while (!subject.empty() || !model.empty())
        if (const auto s = line_of(subject), m = line_of(model); s != m)
            return "\n  is:        " + std::string(s) + "\n  should be: " + std::string(m);
    return "\n  nowhere";
}

std::string words_of_bools(const std::vector<bool>& all, const called&) {
    std::string text;
    for (const bool each : all)
        text += each ? "yes " : "no ";
    return text;
}

} // namespace infra::queue::tests
