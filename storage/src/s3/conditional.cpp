#include "conditional.hpp"

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

// The same again can do no harm: where conditions are honoured this one no longer holds, and elsewhere the same is put once more.
// Asked until it is known of a store.
awaitable<void> prove(std::shared_ptr<store> at, write of, write_conditions w, object_info made,
                      awaitable<object_info> again) {
    if (made.etag == w.if_match) // the same bytes; it would hold again
        co_return;
    try {
        co_await conditional(w, std::move(again));
        at->learned().saw_condition(of, conditions::ignored);
    } catch (const storage_error& e) {
        learn(at->learned(), of, e); // or another time
    }
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
                                awaitable<object_info> once, awaitable<object_info> again) {
    if (!is_conditional(w))
        co_return co_await std::move(once);
    refuse_ignored(*at, of, key, w);
    auto made = co_await learning(at, of, w, std::move(once));
    if (at->learned().known_conditions(of) == conditions::unknown)
        co_await prove(at, of, w, made, std::move(again));
    if (at->learned().known_conditions(of) == conditions::ignored) // by another meanwhile, perhaps
        say_ignored(key, true);
    co_return made;
}

} // namespace infra::storage::s3
