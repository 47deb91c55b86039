#include "src/verify/fetch.hpp"

#include <infra/storage/error.hpp>
#include <infra/storage/memory.hpp>
#include <infra/storage/verify.hpp>
#include <infra/testing/test_loop.hpp>

#include <gtest/gtest.h>

#include <map>

namespace infra::storage {
namespace {

/// A bucket in memory that does some things wrongly.
class odd_bucket final : public bucket {
public:
    bool ignores_conditions = false;
    bool loses_metadata = false;
    bool has_old_lists = false;
    bool ignores_ranges = false;
    bool has_no_copies = false;
    bool is_away = false;

    std::string_view name() const noexcept override { return "odd"; }
    std::string description() const override { return "odd:"; }
    bucket_traits traits() const noexcept override { return kept->traits(); }

    awaitable<object_info> put(put_request what, put_body body, deadline limit) override {
        if (is_away)
            throw storage_error(errc::denied, "put: the credentials may not write here");
        if (ignores_conditions)
            what.write = {};
        if (loses_metadata)
            what.attributes.metadata.clear();
        return kept->put(std::move(what), std::move(body), limit);
    }
    awaitable<opened> get(get_request what, deadline limit) override {
        if (ignores_ranges)
            what.range.reset();
        return kept->get(std::move(what), limit);
    }
    awaitable<object_info> head(std::string key, read_conditions read, deadline limit) override {
        return kept->head(std::move(key), std::move(read), limit);
    }
    awaitable<void> remove(std::string key, std::string if_match, deadline limit) override {
        return kept->remove(std::move(key), std::move(if_match), limit);
    }
    awaitable<std::vector<remove_outcome>> remove_many(std::vector<std::string> keys, deadline limit) override {
        return kept->remove_many(std::move(keys), limit);
    }
    awaitable<object_info> copy(copy_request what, deadline limit) override {
        if (has_no_copies)
            throw storage_error(errc::unsupported, "copy: this store has no copies; get and put instead");
        return kept->copy(std::move(what), limit);
    }
    awaitable<list_page> list(list_options what, deadline limit) override {
        if (has_old_lists)
            co_return list_page{};
        co_return co_await kept->list(std::move(what), limit);
    }
    awaitable<upload_id> begin_upload(put_request what, deadline limit) override {
        return kept->begin_upload(std::move(what), limit);
    }
    awaitable<part> put_part(upload_id upload, int number, shared_bytes bytes, std::optional<checksum> sum,
                             deadline limit) override {
        return kept->put_part(std::move(upload), number, std::move(bytes), sum, limit);
    }
    awaitable<part> copy_part(upload_id upload, int number, part_source from, deadline limit) override {
        return kept->copy_part(std::move(upload), number, std::move(from), limit);
    }
    awaitable<std::vector<part>> list_parts(upload_id upload, deadline limit) override {
        return kept->list_parts(std::move(upload), limit);
    }
    awaitable<object_info> complete_upload(upload_id upload, std::vector<part> parts, put_request what,
                                           deadline limit) override {
        return kept->complete_upload(std::move(upload), std::move(parts), std::move(what), limit);
    }
    awaitable<void> abort_upload(upload_id upload, deadline limit) override {
        return kept->abort_upload(std::move(upload), limit);
    }
    awaitable<uploads_page> list_uploads(std::string prefix, std::string token, deadline limit) override {
        return kept->list_uploads(std::move(prefix), std::move(token), limit);
    }
    awaitable<signed_request> sign(std::string key, std::chrono::seconds expires, signed_url_options how) override {
        return kept->sign(std::move(key), expires, std::move(how));
    }
    awaitable<signed_form> sign_form(post_policy policy, std::chrono::seconds expires) override {
        return kept->sign_form(std::move(policy), expires);
    }
    awaitable<std::string> sign_part(upload_id upload, int number, std::chrono::seconds expires) override {
        return kept->sign_part(std::move(upload), number, expires);
    }
    awaitable<void> ping(deadline) override { co_return; }
    awaitable<std::size_t> sweep_leavings(std::chrono::milliseconds, deadline) override { co_return 0; }

    const std::shared_ptr<bucket> kept = make_memory_bucket();
};

class StorageVerify : public ::testing::Test {
protected:
    verify_report verified(verify_options options = {}) {
        const auto report = loop.get(verify(files(), std::move(options)));
        for (const auto& each : report.checks)
            outcomes[each.name] = each;
        return report;
    }
    storage files() const { return storage({.bucket = odd, .attempts = 1}); }

    std::string note(std::string_view name) const { return outcomes.find(name)->second.note; }
    outcome of(std::string_view name) const { return outcomes.find(name)->second.outcome; }

    /// No object and no upload is left.
    bool is_clean() {
        return loop.get(odd->kept->list({}, deadline::never())).objects.empty() &&
               loop.get(odd->kept->list_uploads({}, {}, deadline::never())).uploads.empty();
    }

    std::shared_ptr<odd_bucket> odd = std::make_shared<odd_bucket>();
    std::map<std::string, check_result, std::less<>> outcomes;
    testing::test_loop loop;
};

TEST_F(StorageVerify, FindsNothingWrongWithAGoodStoreAndLeavesNothing) {
    const auto report = verified({.signed_urls = false});
    EXPECT_TRUE(report.usable());
    EXPECT_EQ(report.store, "odd:");
    for (const auto& each : report.checks) {
        const bool by_url = each.name.starts_with("signed");
        EXPECT_EQ(each.outcome, by_url ? outcome::skipped : outcome::works) << each.name << ": " << each.note;
        if (!by_url)
            EXPECT_GT(each.took.count(), 0) << each.name;
    }
    EXPECT_TRUE(is_clean());
}

TEST_F(StorageVerify, CallsConditionsThatAreIgnoredWrong) {
    odd->ignores_conditions = true;
    EXPECT_FALSE(verified().usable());
    EXPECT_EQ(of("conditional create"), outcome::wrong) << note("conditional create");
    EXPECT_EQ(of("conditional replace"), outcome::wrong) << note("conditional replace");
    EXPECT_EQ(of("put"), outcome::works);
    EXPECT_TRUE(is_clean());
}

TEST_F(StorageVerify, SaysWhichAttributesAreLost) {
    odd->loses_metadata = true;
    EXPECT_TRUE(verified().usable());
    EXPECT_EQ(of("attributes"), outcome::missing);
    EXPECT_NE(note("attributes").find("metadata"), std::string::npos) << note("attributes");
}

TEST_F(StorageVerify, CallsListsWrongThatDoNotHoldWhatIsThere) {
    odd->has_old_lists = true;
    EXPECT_FALSE(verified().usable());
    EXPECT_EQ(of("list"), outcome::wrong);
    EXPECT_EQ(of("list by pages"), outcome::skipped);
    EXPECT_EQ(note("list by pages"), "it needs `list`");
    EXPECT_TRUE(is_clean());
}

TEST_F(StorageVerify, DoesNotTakeTheWholeForARange) {
    odd->ignores_ranges = true;
    EXPECT_FALSE(verified().usable() && of("range") == outcome::works);
    EXPECT_NE(of("range"), outcome::works) << note("range");
}

TEST_F(StorageVerify, TellsWhatIsMissing) {
    odd->has_no_copies = true;
    EXPECT_TRUE(verified().usable());
    EXPECT_EQ(of("copy"), outcome::missing);
    EXPECT_NE(note("copy").find("no copies"), std::string::npos) << note("copy");
}

TEST_F(StorageVerify, TellsWhyNothingCanBePutAndSkipsTheRest) {
    odd->is_away = true;
    EXPECT_FALSE(verified().usable());
    EXPECT_EQ(of("put"), outcome::failed);
    EXPECT_NE(note("put").find("may not write"), std::string::npos) << note("put");
    for (const char* each : {"get", "head", "range", "list", "copy", "remove", "upload by parts", "signed get"})
        EXPECT_EQ(of(each), outcome::skipped) << each;
}

TEST_F(StorageVerify, FollowsSignedUrls) {
    std::vector<std::string> asked;
    register_fetcher([&asked](fetch_request what, deadline) -> awaitable<fetch_answer> {
        asked.push_back(std::string(http::to_string(what.method)));
        return [](bool has_query) -> awaitable<fetch_answer> {
            co_return fetch_answer{.status = has_query ? 500 : 403,
                                   .body = "<Error><Code>InternalError</Code></Error>"};
        }(what.url.find('?') != std::string::npos);
    });
    EXPECT_TRUE(verified().usable()) << "objects can be used without them";
    register_fetcher({});
    EXPECT_FALSE(asked.empty());
    EXPECT_EQ(of("signed get"), outcome::failed);
    EXPECT_EQ(note("signed get"), "the answer is 500 InternalError");
    EXPECT_TRUE(is_clean());
}

TEST_F(StorageVerify, RemovesItsProbesWhenItIsCancelledAtAnyMoment) {
    bool in_time = true;
    for (int step = 1; in_time; step += 5) {
        SCOPED_TRACE(step);
        asio::cancellation_signal cancel;
        const auto done = loop.spawn(verify(files(), {.signed_urls = false}), cancel.slot());
        for (int i = 0; i < step && !done->done(); ++i) {
            loop.io.restart();
            loop.io.run_one_for(std::chrono::seconds(10));
        }
        in_time = !done->done();
        cancel.emit(asio::cancellation_type::terminal);
        loop.until([&] { return done->done(); });
        EXPECT_TRUE(in_time || !done->failure) << done->what();
        EXPECT_TRUE(is_clean());
    }
}

TEST_F(StorageVerify, RefusesATimeThatIsNone) {
    EXPECT_THROW(verified({.timeout = std::chrono::milliseconds(0)}), std::invalid_argument);
}

TEST(StorageOutcome, HasAWordForEach) {
    EXPECT_EQ(to_string(outcome::works), "works");
    EXPECT_EQ(to_string(outcome::skipped), "skipped");
}

} // namespace
} // namespace infra::storage
