#include "preparation.hpp"

#include "attachments.hpp"
#include "template/template_text.hpp"

#include <infra/runtime/blocking_pool.hpp>

#include <algorithm>
#include <cstddef>
#include <functional>
#include <iterator>
#include <span>
#include <string>
#include <utility>

namespace infra::email {
namespace {

// Of a few microseconds each, where a thread's turn takes some tens.
constexpr std::size_t max_per_job = 32;

using work = std::function<prepared()>;

std::function<rendered_email()> template_of(const mailer_setup& with, message& m) {
    return [cache = with.templates, directory = with.options.templates, name = m.template_name,
            locale = std::move(m.locale), data = std::move(m.data), strict = with.options.strict] {
        return render_template(*cache->get(directory, name, locale), data, {.strict = strict});
    };
}

// cmark-gfm's time can grow with the square of the length, and a body may hold what users wrote.
void check_length(std::string_view body, std::size_t limit) {
    if (body.size() > limit)
        throw error(errc::too_large, "the body has " + std::to_string(body.size()) + " bytes of Markdown, over the " +
                                         std::to_string(limit) +
                                         " of mailer_options::max_body_bytes; shorten it or attach it as a file");
}

std::function<rendered_email()> body_of(const mailer_setup& with, message& m) {
    return [subject = m.subject.empty() ? std::string(no_subject) : m.subject, body = std::move(m.body),
            limit = with.options.max_body_bytes] {
        check_length(body, limit);
        return render_body(subject, body);
    };
}

std::function<rendered_email()> words_of(const mailer_setup& with, message& m) {
    if (!m.template_name.empty())
        return template_of(with, m);
    if (!m.body.empty())
        return body_of(with, m);
    return [words = m.content ? std::move(*m.content) : rendered_email()]() mutable { return std::move(words); };
}

bool has_files(const message& m) noexcept {
    return std::ranges::any_of(m.attachments, [](const attachment& each) { return !each.file.empty(); });
}

bool needs_the_pool(const message& m) noexcept { return !m.template_name.empty() || !m.body.empty() || has_files(m); }

work work_of(const mailer_setup& with, message& m) {
    return [words = words_of(with, m), attachments = std::move(m.attachments),
            max_bytes = with.options.max_bytes]() mutable {
        read_files(attachments, max_bytes);
        return prepared{.words = words(), .attachments = std::move(attachments)};
    };
}

prepared done_or_failed(const work& make) {
    try {
        return make();
    } catch (const error& e) {
        return {.failure = send_error(e.code(), e.what())};
    }
}

std::vector<prepared> done(const std::vector<work>& all) {
    std::vector<prepared> made(all.size());
    std::ranges::transform(all, made.begin(), done_or_failed);
    return made;
}

} // namespace

awaitable<std::vector<prepared>> prepare(const mailer_setup& with, std::vector<message*> messages) {
    std::vector<prepared> all;
    for (std::size_t first = 0; first < messages.size(); first += max_per_job) {
        const std::span some(messages.begin() + static_cast<std::ptrdiff_t>(first),
                             std::min(max_per_job, messages.size() - first));
        const bool is_slow = std::ranges::any_of(some, [](const message* each) { return needs_the_pool(*each); });
        std::vector<work> job;
        for (auto* const each : some)
            job.push_back(work_of(with, *each));
        std::vector<prepared> made;
        if (is_slow)
            made = co_await with.pool().run([job = std::move(job)] { return done(job); });
        else
            made = done(job);
        std::ranges::move(made, std::back_inserter(all));
    }
    co_return all;
}

} // namespace infra::email
