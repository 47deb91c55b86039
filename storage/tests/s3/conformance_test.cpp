// The S3 bucket does what every bucket must, on our stub in each of its likenesses and on S3 as others wrote it.

#include "bucket_conformance.hpp"
#include "others.hpp"
#include "stub/server.hpp"
#include "test_authority.hpp"
#include "tls_relay.hpp"

#include <infra/http_client.hpp>
#include <infra/runtime/event_loop.hpp>
#include <infra/storage/s3.hpp>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/use_future.hpp>

#include <atomic>

namespace infra::storage {
namespace {

// The machine's, beside itself.
class shifted_clock final : public clock {
public:
    wall_time wall() const noexcept override { return real_clock().wall() + std::chrono::seconds(by_.load()); }
    steady_time steady() const noexcept override { return real_clock().steady(); }
    awaitable<void> sleep_until(steady_time when) override { return real_clock().sleep_until(when); }

    void shift(std::chrono::seconds by) { by_ += by.count(); }

private:
    std::atomic<std::int64_t> by_{0};
};

class outsider {
public:
    explicit outsider(http::client_tls_options tls = {}) : client_(loop_.get_executor(), {.tls = std::move(tls)}) {
        loop_.start();
    }

    outside_answer fetch(outside_request what) {
        http::client_request request{.method = what.method, .url = what.url, .body = std::move(what.body)};
        for (const auto& [name, value] : what.headers)
            if (name != "content-length" && name != "Content-Length") // the client says it by itself
                request.headers.append(name, value);
        auto sent = asio::co_spawn(loop_.get_executor(), client_.send(std::move(request)), asio::use_future);
        auto got = sent.get();
        return {got.status, std::move(got.headers), std::move(got.body)};
    }

private:
    event_loop loop_;
    http::client client_;
};

struct stub_place {
    explicit stub_place(stub::profile p) : s3({.profile = std::move(p), .time = &time}) {}

    std::shared_ptr<bucket> open() {
        return make_s3_bucket({.bucket = s3.bucket(), .endpoint = s3.endpoint(), .keys = s3.keys(), .time = &time});
    }

    shifted_clock time;
    stub::server s3;
    outsider others;
};

/// Under TLS, with a certificate that only who is told trusts.
struct secured_place {
    explicit secured_place(stub::profile p) : s3({.profile = std::move(p), .time = &time}) {}

    std::shared_ptr<bucket> open() {
        return make_s3_bucket({.bucket = s3.bucket(),
                               .endpoint = "https://127.0.0.1:" + std::to_string(secured.port()),
                               .keys = s3.keys(),
                               .tls = {.ca_file = authority.ca_file()},
                               .time = &time});
    }

    shifted_clock time;
    const testing::test_authority authority;
    stub::server s3;
    testing::tls_relay secured{s3.port(), authority.issue()};
    outsider others{{.ca_file = authority.ca_file()}};
};

template <class Place = stub_place>
std::function<bucket_subject()> on_the_stub(stub::profile p) {
    return [p] {
        const auto place = std::make_shared<Place>(p);
        auto* const at = place.get();
        return bucket_subject{.object = at->open(),
                              .another = [at] { return at->open(); },
                              .fetch = [at](outside_request what) { return at->others.fetch(std::move(what)); },
                              .advance = [at](std::chrono::seconds by) { at->time.shift(by); },
                              .surroundings = place};
    };
}

// One process of it for all tests in this one: its start takes longer than they do.
template <class Store>
bucket_subject on_the_only() {
    if (auto why = Store::missing(); !why.empty())
        return {.why_not = std::move(why)};
    static Store store;
    static outsider others;
    const auto open = [] {
        return make_s3_bucket({.bucket = others::bucket, .endpoint = store.endpoint(), .keys = Store::keys()});
    };
    return {
        .object = open(), .another = open, .fetch = [](outside_request what) { return others.fetch(std::move(what)); }};
}

// --- What they fall short of, by the names of tests -------------------------------------------------------------------

using gaps = std::map<std::string, std::string, std::less<>>;

gaps because(const std::string& why, const std::vector<std::string>& tests) {
    gaps out;
    for (const auto& each : tests)
        out.emplace(each, why);
    return out;
}

gaps joined(std::initializer_list<gaps> all) {
    gaps out;
    for (auto each : all)
        out.merge(each);
    return out;
}

const std::vector<std::string> of_conditions{"CreatesOnlyWhatIsNotThere",       "LetsOneOfManyCreate",
                                             "ReplacesOnlyWhatIsAsExpected",    "LosesNoUpdateOfManyThatCompareAndSwap",
                                             "RemovesOnlyWhatIsAsExpected",     "CopiesOnlyWhereTheTargetIsAsExpected",
                                             "PutsMayCreateOnlyWhatIsNotThere", "CreateOnlyWhatIsNotThere"};
const std::vector<std::string> of_forms{"FormsPutOneObject", "FormsAreGoodForTheirKeyAlone",
                                        "FormsTakeAnyNameBelowAPrefix"};

gaps of_checksums(const std::string& store) {
    return because(
        store + " knows no checksums, and that of an upload is known only when its attributes have been said",
        {"PutsAreHeldToTheChecksumThatWasPinned", "GiveTheWholesChecksumBack", "HaveASha256OfTheWholeOrOfItsParts"});
}

gaps of_r2() { return joined({of_checksums("r2"), because("r2 takes no forms", of_forms)}); }

gaps of_composite() {
    return because("composite keeps of an upload the checksum of its parts' checksums", {"GiveTheWholesChecksumBack"});
}

gaps of_bare() {
    return joined({of_checksums("bare"), because("bare takes no forms", of_forms),
                   because("bare refuses conditions", of_conditions)});
}

gaps of_old() { return joined({of_checksums("old"), because("old takes no notice of conditions", of_conditions)}); }

gaps of_s3rver() {
    return joined(
        {of_checksums("s3rver"), because("s3rver takes no notice of conditions", of_conditions),
         because("s3rver takes no notice of conditions",
                 {"CopiesOnlyWhereTheSourceIsAsExpected", "ReadsUnderConditions", "RefusePartsFromWhatIsNotThere"}),
         because("s3rver names files as keys, with 255 bytes between two '/' at most",
                 {"KeepsEveryKey", "ListsKeysInTheOrderOfTheirBytes", "TakesTheLongestKeys"}),
         because("s3rver takes '&amp;' in a key to copy for '&'", {"CopiesAndRemovesEveryKey"}),
         because("s3rver cuts behind the delimiter's first character", {"FoldsAtAnyDelimiter"}),
         because(
             "s3rver answers 500 to a list that has more pages",
             {"GivesTheSameInPagesOfAnySize", "CountsPrefixesIntoAPage", "ListsWhatStaysThoughOthersGoBetweenPages"}),
         because("s3rver takes bytes=-n for the first n, and fails on ranges of nothing",
                 {"ReadsRanges", "RefusesRangesThatBeginBehindTheEnd"}),
         because("s3rver keeps what has come of a body that is cut",
                 {"LeaveObjectsWholeOrAbsentWhenCancelledAtAnyMoment",
                  "LeaveObjectsWholeOrAbsentWhenTheLoopEndsAtAnyMoment"}),
         because("s3rver removes emptied folders under the feet of who puts into them", {"AreReachedByManyThreads"}),
         because("s3rver serves what is not signed", {"UrlsAreRefusedWithoutTheirSignature"}),
         because("s3rver checks no policies", of_forms),
         because("s3rver lists neither parts nor uploads",
                 {"PartsMakeAnObject", "MakeAnObjectOfParts", "TellWhichPartsAreThere",
                  "RefuseAPartThatIsNotWhatItsChecksumSays", "LeaveNothingWhenAborted", "OfOneKeyDoNotKnowEachOther",
                  "AreListedByPrefix", "AreUnknownUntilTheyBegin", "AreOverOnceCompleted"}),
         because("s3rver compares neither ETags nor sizes of parts",
                 {"ReplaceAPartThatComesAgain", "RefuseASmallPartThatIsNotTheLast"}),
         because("s3rver ends with the process on a part that did not arrive", {"RefusePartsThatDidNotArrive"})});
}

gaps of_swift() {
    return joined(
        {of_checksums("Swift"), because("Swift refuses conditions on writes (501)", of_conditions),
         because("Swift takes no forms", of_forms),
         because("Swift answers 400, not 403, to what is not signed", {"UrlsAreRefusedWithoutTheirSignature"}),
         because("Swift takes parts of an upload that has been completed", {"AreOverOnceCompleted"})});
}

// --- The stores -------------------------------------------------------------------------------------------------------

INFRA_BUCKET_CONFORMANCE(
    Stub,
    ::testing::Values(bucket_case{.name = "aws", .make = on_the_stub(stub::aws())},
                      bucket_case{.name = "composite", .make = on_the_stub(stub::composite()), .gaps = of_composite()},
                      bucket_case{.name = "r2", .make = on_the_stub(stub::r2()), .gaps = of_r2()},
                      bucket_case{.name = "bare", .make = on_the_stub(stub::bare()), .gaps = of_bare()},
                      bucket_case{.name = "old", .make = on_the_stub(stub::old()), .gaps = of_old()},
                      bucket_case{.name = "aws_over_tls", .make = on_the_stub<secured_place>(stub::aws())},
                      bucket_case{
                          .name = "r2_over_tls", .make = on_the_stub<secured_place>(stub::r2()), .gaps = of_r2()}));
INFRA_BUCKET_CONFORMANCE(S3rver, ::testing::Values(bucket_case{
                                     .name = "s3rver", .make = on_the_only<others::s3rver>, .gaps = of_s3rver()}));
INFRA_BUCKET_CONFORMANCE(Swift, ::testing::Values(bucket_case{
                                    .name = "swift", .make = on_the_only<others::swift>, .gaps = of_swift()}));

} // namespace
} // namespace infra::storage
