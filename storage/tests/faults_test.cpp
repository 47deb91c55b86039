// Whatever goes wrong in whatever order, what a call says is true.

#include "tests/fake_storage.hpp"

#include <map>
#include <random>
#include <set>
#include <vector>

namespace infra::storage {
namespace {

using value = std::optional<std::string>; // nothing: there is no object

/// What may be under a key, as far as the calls have told.
class knowledge {
public:
    void is(value v) { may_be_ = {std::move(v)}; }
    void may_also_be(value v) { may_be_.insert(std::move(v)); }
    bool allows(const value& v) const { return may_be_.contains(v); }
    bool allows_an_object() const { return may_be_.size() > (may_be_.contains(std::nullopt) ? 1u : 0u); }
    const std::set<value>& all() const { return may_be_; }

private:
    std::set<value> may_be_{std::nullopt};
};

struct StorageFaults : fake_storage {
    std::mt19937 chance;
    std::map<std::string, knowledge> known;

    std::size_t lot(std::size_t below) { return std::uniform_int_distribution<std::size_t>(0, below - 1)(chance); }
    std::string some_key() { return std::string(1, static_cast<char>('a' + lot(3))); }

    void break_something() {
        static constexpr const char* ops[] = {"put", "get", "head", "remove", "copy"};
        const std::string op = ops[lot(std::size(ops))];
        switch (lot(9)) {
        case 0: return to->fail(op, down);
        case 1: return to->fail(op, lost);
        case 2: return to->fail(op, slow);
        case 3: return to->lose(op, lost);
        case 4: return to->hang(op);
        case 5: return to->hang_after(op);
        case 6: return to->cut(lot(60), down);
        case 7: return to->flip(lot(60));
        default: return to->fail(op, denied);
        }
    }

    void put(bool if_absent) {
        const auto key = some_key();
        const auto bytes = some_bytes(1 + lot(100), chance());
        auto& of = known[key];
        const auto e = refusal(files().put(key, bytes, {.if_absent = if_absent}));
        if (!e) {
            EXPECT_TRUE(!if_absent || of.allows(std::nullopt));
            of.is(bytes);
        } else if (e->uncertain()) {
            of.may_also_be(bytes);
        } else if (e->code() == errc::precondition) {
            EXPECT_TRUE(if_absent && of.allows_an_object());
        }
    }

    void read() {
        const auto key = some_key();
        value found;
        const auto e = refusal([](storage from, std::string k, value* into) -> awaitable<void> {
            const auto it = co_await from.get(k);
            *into = it.bytes;
        }(files(), key, &found));
        if (e && e->code() != errc::not_found)
            return;
        EXPECT_TRUE(known[key].allows(found)) << "under " << key;
        known[key].is(found);
    }

    void remove() {
        const auto key = some_key();
        const auto e = refusal(files().remove(key));
        if (!e)
            known[key].is(std::nullopt);
        else if (e->uncertain())
            known[key].may_also_be(std::nullopt);
    }

    void copy() {
        const auto from = some_key(), target = some_key();
        if (from == target)
            return;
        const auto e = refusal(files().copy(from, target));
        if (!e)
            known[target] = known[from];
        else if (e->uncertain())
            for (const auto& each : known[from].all())
                known[target].may_also_be(each);
    }

    void do_something() {
        switch (lot(5)) {
        case 0: return put(false);
        case 1: return put(true);
        case 2: return remove();
        case 3: return copy();
        default: return read();
        }
    }

    void expect_what_is_known() {
        for (const auto& [key, of] : known) {
            const auto kept = to->find(key);
            EXPECT_TRUE(of.allows(kept ? value(kept->bytes) : std::nullopt)) << "under " << key;
        }
        EXPECT_EQ(to->running(), 0);
        EXPECT_EQ(time.sleepers(), 0u);
    }
};

TEST_F(StorageFaults, LeaveWhatTheCallsSay) {
    options.attempts = 3;
    to->piece = 16;
    for (unsigned seed = 0; seed < 150 && !HasFailure(); ++seed) {
        SCOPED_TRACE("seed " + std::to_string(seed));
        chance.seed(seed);
        to = std::make_shared<fake_bucket>(time);
        to->piece = 16;
        options.bucket = to;
        known.clear();
        for (int step = 0; step < 25; ++step) {
            for (auto faults = lot(4); faults > 0; --faults)
                break_something();
            do_something();
        }
        expect_what_is_known();
    }
}

} // namespace
} // namespace infra::storage
