#include "conditional.hpp"

#include "objects.hpp"

#include <infra/base/id.hpp>

#include <string>
#include <utility>

namespace infra::storage::s3 {
namespace {

[[noreturn]] void say_ignored(const std::string& key, bool done) {
    throw storage_error(errc::unsupported,
                        key + ": the store takes no notice of If-Match and If-None-Match" +
                            (done ? "; what was under the key has been replaced" : "") +
                            ". Do without conditions here, or use a store that honours them",
                        {.name = "unsupported", .uncertain = done});
}

void learn(learned& from, write of, const storage_error& e) {
    if (e.code() == errc::precondition)
        from.saw_condition(of, conditions::honoured);
    if (e.code() == errc::unsupported)
        from.saw_condition(of, conditions::ignored);
}

// Where it cannot be asked, it is taken to be there.
awaitable<bool> is_there(std::shared_ptr<store> at, std::string key, std::string etag, deadline limit) {
    try {
        co_return (co_await head(at, key, {}, limit)).etag == etag;
    } catch (const storage_error& e) {
        co_return e.code() != errc::not_found;
    }
}

// One that does not hold, now that the object is there: of its ETag, none that there ever was.
write_conditions failing(const write_conditions& w) {
    return {.if_absent = w.if_absent, .if_match = w.if_match.empty() ? std::string() : random_hex(16)};
}

// A store that honours conditions has been caught ignoring one only if nobody has removed the object before it came: it is looked
// whether it is there, and twice.
constexpr int times_caught = 2;

// The same again can do no harm: where conditions are honoured this one does not hold, and elsewhere the same is put once more.
// Asked until it is known of a store. What is there in the end.
awaitable<object_info> prove(std::shared_ptr<store> at, write of, std::string key, write_conditions w, object_info made,
                             conditional_write again, deadline limit) {
    for (int caught = 0; caught < times_caught; ++caught) {
        if (w.if_absent && !co_await is_there(at, key, made.etag, limit))
            co_return made; // another has removed it, and it stays so; another time
        try {
            const auto never = failing(w);
            made = co_await conditional(never, again(never));
        } catch (const storage_error& e) {
            learn(at->learned(), of, e); // or another time
            co_return made;
        }
    }
    at->learned().saw_condition(of, conditions::ignored);
    co_return made;
}

awaitable<object_info> learning(std::shared_ptr<store> at, write of, write_conditions w, awaitable<object_info> once) {
    try {
        co_return co_await conditional(w, std::move(once));
    } catch (const storage_error& e) {
        if (of == write::put || e.code() != errc::precondition) // which a copy's source may have, too
            learn(at->learned(), of, e);
        throw;
    }
}

} // namespace

void refuse_ignored(store& at, write of, const std::string& key, const write_conditions& w) {
    if (is_conditional(w) && at.learned().known_conditions(of) == conditions::ignored)
        say_ignored(key, false);
}

awaitable<object_info> honoured(std::shared_ptr<store> at, write of, std::string key, write_conditions w,
                                conditional_write once, deadline limit) {
    if (!is_conditional(w))
        co_return co_await once(w);
    refuse_ignored(*at, of, key, w);
    auto made = co_await learning(at, of, w, once(w));
    if (at->learned().known_conditions(of) == conditions::unknown)
        made = co_await prove(at, of, key, w, std::move(made), once, limit);
    if (at->learned().known_conditions(of) == conditions::ignored) // by another meanwhile, perhaps
        say_ignored(key, true);
    co_return made;
}

} // namespace infra::storage::s3
