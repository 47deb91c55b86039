#include "copy.hpp"

#include "attributes.hpp"
#include "checks.hpp"
#include "parts/copy.hpp"
#include "put_mark.hpp"
#include "remove.hpp"

#include <utility>

namespace infra::storage {
namespace {

copy_request copy_request_of(const core& core, const std::string& from, const std::string& to,
                             const copy_options& options) {
    const auto can = core.to().traits();
    copy_request what{.from = core.full(from),
                      .to = core.full(to),
                      .write = checked({options.if_absent, options.if_match}, can),
                      .source_if_match = checked({.if_match = options.source_if_match}).if_match};
    if (options.attributes)
        what.attributes = checked(*options.attributes, can);
    if (what.from == what.to && !what.attributes)
        throw storage_error(infra::errc::invalid_input,
                            "copy " + from + ": onto itself nothing would change; give other attributes");
    return what;
}

awaitable<object_info> head_of_source(core_ptr core, copy_request what, deadline limit) {
    const asking<object_info> once = [core, what](attempt now) {
        return core->to().head(what.from, {.if_match = what.source_if_match}, now.limit);
    };
    co_return co_await core->calls.run<object_info>({.op = "copy", .key = what.from}, once, limit);
}

awaitable<object_info> copy_once(core_ptr core, copy_request what, attempt now) {
    std::exception_ptr thrown;
    try {
        co_return co_await core->to().copy(what, now.limit);
    } catch (const storage_error& e) {
        if (!is_conditional(what.write) || e.code() != errc::precondition)
            throw;
        thrown = std::current_exception();
    }
    co_return co_await made_by(core, what.to, what.attributes.value_or(object_attributes()), thrown, now.limit);
}

awaitable<object_info> copy_whole(core_ptr core, copy_request what, deadline limit) {
    const asking<object_info> once = [core, what](attempt now) { return copy_once(core, what, now); };
    co_return co_await core->calls.run<object_info>({.op = "copy", .key = what.to}, once, limit);
}

struct copied {
    object_info made;
    std::string source_etag;
};

// The source is asked first: a large one goes by parts, and one that is copied under a condition gets a mark beside its attributes.
awaitable<copied> copy_and_tell(core_ptr core, copy_request what, copy_options options) {
    const auto can = core->to().traits();
    const auto limit = core->limit_of(options.limit);
    const auto source = co_await head_of_source(core, what, limit);
    const bool is_marked = can.remote && is_conditional(what.write);
    const bool by_parts = source.size > can.max_single_copy;
    if ((is_marked || by_parts) && !what.attributes)
        what.attributes = attributes_of(source);
    if (is_marked)
        mark(*what.attributes);
    if (is_marked || by_parts)
        what.source_if_match = source.etag;
    auto made = by_parts ? co_await copy_by_parts(core, std::move(what), source.size, std::move(options))
                         : co_await copy_whole(core, std::move(what), limit);
    co_return copied{std::move(made), source.etag};
}

} // namespace

awaitable<object_info> copy_object(core_ptr core, std::string from, std::string to, copy_options options) {
    auto what = copy_request_of(*core, from, to, options);
    co_return (co_await copy_and_tell(core, std::move(what), std::move(options))).made;
}

// Only what was copied is removed, not what has been put under its key since.
awaitable<object_info> move_object(core_ptr core, std::string from, std::string to, copy_options options) {
    auto what = copy_request_of(*core, from, to, options);
    if (what.from == what.to)
        throw storage_error(infra::errc::invalid_input, "move " + from + ": onto itself it would be gone");
    const auto source = what.from;
    const auto limit = options.limit;
    auto done = co_await copy_and_tell(core, std::move(what), std::move(options));
    co_await remove_version(core, source, done.source_etag, core->limit_of(limit));
    co_return std::move(done.made);
}

} // namespace infra::storage
