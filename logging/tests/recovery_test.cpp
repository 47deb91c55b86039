#include "src/recovery.hpp"

#include "ring_file_support.hpp"

#include <cstdlib>
#include <deque>
#include <limits>
#include <random>

namespace infra::logging::detail {
namespace {

/// A file whose process wrote it and is gone.
struct left_file {
    temporary_path at;

    template <class Write>
    explicit left_file(Write write, std::size_t rings = 1, std::size_t bytes = 4096, std::uint64_t next_number = 100) {
        ring_file file(at.path);
        file.start(bytes, next_number, {.tick = 0, .wall = 0, .nanoseconds = 1'000'000});
        std::vector<std::unique_ptr<ring>> made;
        for (std::size_t i = 0; i < rings; ++i)
            made.push_back(std::make_unique<ring>(bytes, *file.add_ring()));
        write(file, made);
    }
};

using rings = std::vector<std::unique_ptr<ring>>;

/// What it is made into, by outputs of memory.
struct recovered {
    std::vector<std::shared_ptr<memory_sink>> sinks;
    recovered_lines result;

    explicit recovered(const left_file& from, const std::vector<std::string>& written = {""}) {
        pipeline_options options;
        options.time = &still();
        for (const auto& each : written) {
            sinks.push_back(std::make_shared<memory_sink>());
            sinks.back()->write(each);
            options.outputs.push_back({.to = sinks.back(), .as = format::json});
        }
        delivery to(options);
        const ring_file file(from.at.path);
        result = recover(file, to);
    }
    std::string text(std::size_t of = 0) const { return sinks[of]->text(); }
};

std::string line_of(std::string_view message, std::uint64_t number, unsigned ms = 0) {
    return "{\"timestamp\":\"1970-01-01T00:00:00." + std::string(ms < 10 ? "00" : "0") + std::to_string(ms) +
           "Z\",\"level\":\"info\",\"message\":\"" + std::string(message) +
           "\",\"log_sequence\":" + std::to_string(number) + "}\n";
}

TEST(LogRecovery, NumbersWhatWasNotReadByItsTime) {
    const left_file file(
        [](ring_file&, const rings& r) {
            put(*r[0], "second", {.time = 2});
            put(*r[0], "fourth", {.time = 4});
            put(*r[1], "first", {.time = 1});
            put(*r[1], "third", {.time = 3});
        },
        2);
    const recovered found(file);
    EXPECT_EQ(found.text(), line_of("first", 100, 1) + line_of("second", 101, 2) + line_of("third", 102, 3) +
                                line_of("fourth", 103, 4));
    EXPECT_EQ(found.result.count, 4U);
    EXPECT_EQ(found.result.next_number, 104U);
}

TEST(LogRecovery, PassesOverWhatWasHandedOver) {
    const left_file file([](ring_file& f, const rings& r) {
        put(*r[0], "written", {.number = 100});
        f.number_is_taken();
        f.handed_over();
        put(*r[0], "not written");
    });
    EXPECT_EQ(recovered(file).text(), line_of("not written", 101));
}

TEST(LogRecovery, WritesOnlyWhatAnOutputLacks) {
    const left_file file([](ring_file& f, const rings& r) {
        for (const std::uint64_t number : {100U, 101U, 102U}) {
            put(*r[0], "line", {.number = number});
            f.number_is_taken();
        }
        put(*r[0], "line");
    });
    const std::string all = line_of("line", 100) + line_of("line", 101) + line_of("line", 102) + line_of("line", 103);
    const recovered found(file, {"", line_of("line", 100), line_of("line", 100) + line_of("line", 101),
                                 line_of("line", 99) + line_of("line", 500)});
    EXPECT_EQ(found.text(0), all);
    EXPECT_EQ(found.text(1), all);
    EXPECT_EQ(found.text(2), all);
    EXPECT_EQ(found.text(3), line_of("line", 99) + line_of("line", 500) + all);
    EXPECT_EQ(found.result.count, 4U);
}

// The number is in the record a moment before it is taken from the head.
TEST(LogRecovery, GivesNoNumberTwice) {
    const left_file file([](ring_file&, const rings& r) {
        put(*r[0], "numbered", {.number = 100});
        put(*r[0], "not yet");
    });
    const recovered found(file);
    EXPECT_EQ(found.text(), line_of("numbered", 100) + line_of("not yet", 101));
    EXPECT_EQ(found.result.next_number, 102U);
}

TEST(LogRecovery, FindsNothingMoreTheSecondTime) {
    const left_file file([](ring_file& f, const rings& r) {
        put(*r[0], "doubtful", {.number = 100});
        f.number_is_taken();
        put(*r[0], "unwritten");
    });
    EXPECT_EQ(recovered(file).result.count, 2U);
    const recovered again(file);
    EXPECT_EQ(again.result.count, 0U);
    EXPECT_EQ(again.text(), "");
    EXPECT_EQ(again.result.next_number, 102U);
}

TEST(LogRecovery, WritesALoggersLinesAsThatProcessWould) {
    logger_core core;
    core.module = "web";
    core.fields.add("region", "\"eu\"");
    core.fields.add("try", "1");
    core.as_text = logger_text(core.module, core.fields);
    const left_file file([&](ring_file&, const rings& r) {
        put(*r[0], "hello",
            {.logger = &core, .fields = {{"try", 2}, {"took", 1.5}, {"list", "[1,2]", true}, {"text", "a\"b"}}});
    });
    EXPECT_EQ(recovered(file).text(),
              "{\"timestamp\":\"1970-01-01T00:00:00.000Z\",\"level\":\"info\",\"module\":\"web\",\"message\":\"hello\","
              "\"log_sequence\":100,\"region\":\"eu\",\"try\":2,\"took\":1.5,\"list\":[1,2],\"text\":\"a\\\"b\"}\n");
}

TEST(LogRecovery, HandsRecordsToOutputsThatWantThem) {
    const auto here = std::source_location::current();
    std::deque<logger_core> cores(3);
    const left_file file([&](ring_file& f, const rings& r) {
        for (std::uint64_t i = 0; i < 3; ++i) {
            cores[i].module = "module " + std::to_string(i);
            cores[i].fields.add("zone", "\"a zone with a name of its own: " + std::to_string(i) + "\"");
            cores[i].as_text = logger_text(cores[i].module, cores[i].fields);
            put(*r[0], "line",
                {.number = i == 0 ? 100U : 0U, .logger = &cores[i], .fields = {{"\xff", i}}, .where = here});
        }
        f.number_is_taken();
    });
    pipeline_options options;
    const auto sink = std::make_shared<memory_record_sink>();
    options.outputs.push_back({.records = sink});
    delivery to(options);
    const ring_file opened(file.at.path);
    EXPECT_EQ(recover(opened, to).count, 3U);
    const auto records = sink->records();
    ASSERT_EQ(records.size(), 3U);
    for (std::uint64_t i = 0; i < 3; ++i) {
        EXPECT_EQ(records[i].sequence, 100 + i);
        EXPECT_EQ(records[i].module, "module " + std::to_string(i));
        EXPECT_EQ(records[i].fields,
                  (json::object{{"zone", "a zone with a name of its own: " + std::to_string(i)}, {"\uFFFD", i}}));
        EXPECT_EQ(records[i].file, "recovery_test.cpp");
        EXPECT_EQ(records[i].line, here.line());
    }
}

TEST(LogRecovery, KnowsWhereALineWasWritten) {
    const auto here = std::source_location::current();
    const left_file file([&](ring_file&, const rings& r) {
        put(*r[0], "a", {.where = here});
        put(*r[0], "b", {.fields = {{"source", "mine"}}, .where = here});
    });
    const auto text = recovered(file).text();
    EXPECT_NE(text.find("\"source\":\"recovery_test.cpp:" + std::to_string(here.line()) + "\"}"), std::string::npos);
    EXPECT_NE(text.find("\"source\":\"mine\"}"), std::string::npos);
}

TEST(LogRecovery, FollowsARingPastItsEnd) {
    const left_file file([](ring_file&, const rings& r) {
        for (int i = 0; i < 100; ++i) {
            put(*r[0], std::string(static_cast<std::size_t>(i * 7 % 300), 'x'));
            auto at = r[0]->begin();
            const auto* const found = r[0]->next(at, r[0]->end());
            if (i < 97)
                r[0]->release(at + ring::size_of(found));
        }
    });
    EXPECT_EQ(recovered(file).result.count, 3U);
}

TEST(LogRecovery, SaysThatARingIsTornAndKeepsWhatCameBefore) {
    const left_file file(
        [](ring_file&, const rings& r) {
            put(*r[0], "whole");
            const auto end = r[0]->end();
            put(*r[0], "torn");
            auto at = end;
            const std::uint32_t nonsense = 12;
            std::memcpy(r[0]->next(at, r[0]->end()), &nonsense, sizeof nonsense);
            put(*r[1], "in another ring");
        },
        2);
    const recovered found(file);
    EXPECT_EQ(found.result.torn_rings, 1U);
    EXPECT_EQ(found.text(), line_of("whole", 100) + line_of("in another ring", 101));
}

// After a power cut a file may hold anything.
TEST(LogRecovery, WritesValidLinesWhateverTheFileHolds) {
    logger_core core;
    core.fields.add("region", "\"eu\"");
    core.as_text = logger_text(core.module, core.fields);
    const int rounds = std::getenv("INFRA_TEST_LONG") ? 20'000 : 300;
    std::mt19937_64 random(7);
    for (int i = 0; i < rounds; ++i) {
        const left_file file(
            [&](ring_file&, const rings& r) {
                for (std::uint64_t n = 0; n < 8; ++n)
                    put(*r[n % 2], "line",
                        {.number = n < 4 ? 100 + n : 0,
                         .logger = &core,
                         .fields = {{"n", n}, {"json", "{\"a\":1}", true}}});
            },
            2);
        const auto size = std::filesystem::file_size(file.at.path);
        for (int damages = 1 + i % 4; damages > 0; --damages) {
            const bool in_the_head = random() % 4 == 0;
            const auto at = in_the_head
                                ? random() % sizeof(ring_file_head)
                                : 4096 + random() % 2 * 8192 + (random() % 2 ? random() % 128 : 4096 + random() % 800);
            ASSERT_LT(at, size);
            overwrite(file.at.path, at, static_cast<std::uint8_t>(random()));
        }
        try {
            const ring_file opened(file.at.path);
            if (std::filesystem::remove(opened.unread_path()))
                continue;
        } catch (const infra::error&) { // of another kind now
            continue;
        }
        const recovered found(file);
        for (const auto& each : found.sinks[0]->lines())
            EXPECT_TRUE(json::parse(each)) << each;
    }
}

TEST(LogRecovery, FindsTheNumberOfALine) {
    EXPECT_EQ(number_in(""), 0U);
    EXPECT_EQ(number_in(R"({"timestamp":"t","message":"m","log_sequence":7,"a":1})"), 7U);
    EXPECT_EQ(number_in(R"({"timestamp":"t","message":",\"log_sequence\":5","log_sequence":7})"), 7U);
    EXPECT_EQ(number_in(R"({"timestamp":"t","message":"m"})"), 0U);
    EXPECT_EQ(number_in(R"({"timestamp":"t","message":"m","log_sequence":"7"})"), 0U);
    EXPECT_EQ(without_time("short"), "");
}

// --- what a reviewer would try ---

TEST(LogRecovery, KeepsAllWhenItIsKilledInTheMiddle) {
    const left_file file([](ring_file&, const rings& r) {
        put(*r[0], "numbered", {.number = 100}); // which was not yet taken from the head
        put(*r[0], "not yet");
    });
    {
        const ring_file first(file.at.path);
        ASSERT_TRUE(is_readable(first.left()));
        const auto left = look_into(first.left());
        left.head->next_number.store(left.next_number);
        left.head->handed_over.store(left.doubtful.back().number); // and killed here
    }
    EXPECT_EQ(recovered(file).text(), line_of("not yet", 101));
}

TEST(LogRecovery, TakesTheLinesOfAnotherRingForNoneOfItsOwn) {
    const left_file file([](ring_file& f, const rings& r) {
        for (const std::uint64_t number : {100U, 101U}) {
            put(*r[0], "mine", {.number = number});
            f.number_is_taken();
        }
    });
    const auto others = line_of("another's", 100) + line_of("another's", 101) + line_of("another's", 102);
    EXPECT_EQ(recovered(file, {others}).text(), others + line_of("mine", 100) + line_of("mine", 101));
}

TEST(LogRecovery, LooksPastWhatOthersWroteSince) {
    const left_file file([](ring_file& f, const rings& r) {
        for (const std::uint64_t number : {100U, 101U}) {
            put(*r[0], "mine", {.number = number});
            f.number_is_taken();
        }
    });
    std::string written = line_of("mine", 100);
    for (int i = 0; i < 20'000; ++i)
        written += "{\"timestamp\":\"2026-01-01T00:00:00.000Z\",\"message\":\"a child's line\"}\n";
    EXPECT_EQ(recovered(file, {written}).text(), written + line_of("mine", 101));
}

TEST(LogRecovery, KnowsALineThatIsNestedDeeply) {
    std::string deep;
    for (int i = 0; i < 200; ++i)
        deep.insert(0, "[").append("]");
    const left_file file([&](ring_file& f, const rings& r) {
        put(*r[0], "deep", {.number = 100, .fields = {{"value", deep, true}}});
        f.number_is_taken();
    });
    const recovered first(file);
    EXPECT_NE(first.text().find(deep), std::string::npos);
    const left_file again([&](ring_file& f, const rings& r) {
        put(*r[0], "deep", {.number = 100, .fields = {{"value", deep, true}}});
        f.number_is_taken();
    });
    EXPECT_EQ(recovered(again, {first.text()}).text(), first.text());
}

TEST(LogRecovery, CountsWhatAnOutputOfItsLevelLacked) {
    const left_file file([](ring_file& f, const rings& r) {
        put(*r[0], "arrived", {.number = 100});
        f.number_is_taken();
    });
    pipeline_options options;
    const auto all = std::make_shared<memory_sink>(), errors = std::make_shared<memory_sink>();
    all->write(line_of("arrived", 100));
    options.outputs = {{.to = all, .as = format::json}, {.to = errors, .as = format::json, .from = level::error}};
    delivery to(options);
    const ring_file opened(file.at.path);
    EXPECT_EQ(recover(opened, to).count, 0U);
}

class full_sink final : public sink {
public:
    outcome write(std::string_view) noexcept override {
        return {0, make_error_code(boost::system::errc::no_space_on_device)};
    }
};

TEST(LogRecovery, KeepsWhatIsRefused) {
    const left_file file([](ring_file& f, const rings& r) {
        put(*r[0], "doubtful", {.number = 100});
        f.number_is_taken();
        put(*r[0], "unwritten");
    });
    for (int i = 0; i < 2; ++i) {
        pipeline_options options;
        options.outputs = {{.to = std::make_shared<full_sink>(), .as = format::json}};
        delivery to(options);
        const ring_file opened(file.at.path);
        EXPECT_TRUE(recover(opened, to).refused);
    }
    EXPECT_EQ(recovered(file).text(), line_of("doubtful", 100) + line_of("unwritten", 101));
}

TEST(LogRecovery, TellsTimesByWhateverRateThereIs) {
    for (const double rate : {0.0, 1e300, -1e300, std::numeric_limits<double>::quiet_NaN()}) {
        const left_file file([&](ring_file& f, const rings& r) {
            f.set_rate({.tick = 0, .wall = 0, .nanoseconds = rate});
            put(*r[0], "line", {.time = 5});
        });
        EXPECT_EQ(recovered(file).result.count, 1U);
    }
}

} // namespace
} // namespace infra::logging::detail
